//! The innermost loop: squared distances of a few rows to the rows of one panel, all sums in registers.

use acm_core::Scalar;
use acm_core::micro::{BLOCK_ROWS, Pair, Register, Sums, accumulate, zeros};
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};

/// Squares that are added up one after the other in `f32`, which loses more digits the longer a sum is: silhouettes are
/// differences of mean distances, and show what distances themselves do not.
pub const CHAIN: usize = 64;

/// `sum_k (rows[r]_k - panel_k)^2` for the rows of a block and the rows of a panel.
#[inline(always)]
pub fn squared_distances<S: Simd, T: Scalar>(rows: [&[T]; BLOCK_ROWS], panel: &[Pair<S, T>]) -> Sums<S, T> {
    accumulate::<S, T>(
        zeros::<S, T>(),
        rows,
        panel,
        #[inline(always)]
        |value, [low, high], sums| {
            let (low, high) = (low.sub(value), high.sub(value));
            [low.mul_add(low, sums[0]), high.mul_add(high, sums[1])]
        },
    )
}

/// The same of rows longer than a chain: the sum of the chains' sums.
#[inline(always)]
pub fn squared_distances_of_long<S: Simd, T: Scalar>(rows: [&[T]; BLOCK_ROWS], panel: &[Pair<S, T>]) -> Sums<S, T> {
    let mut sums = zeros::<S, T>();
    for (k, chain) in panel.chunks(CHAIN).enumerate() {
        let further = squared_distances::<S, T>(std::array::from_fn(|r| &rows[r][k * CHAIN..]), chain);
        for (sums, [low, high]) in sums.iter_mut().zip(further) {
            *sums = [sums[0].add(low), sums[1].add(high)];
        }
    }
    sums
}

/// The same of a panel that fills only its first registers: the second sums take every other coordinate, so that as
/// many of them as ever hide each other's latency. The distances to the rows that are not there are infinite.
#[inline(always)]
pub fn squared_distances_to_few<S: Simd, T: Scalar>(rows: [&[T]; BLOCK_ROWS], panel: &[Pair<S, T>]) -> Sums<S, T> {
    let mut sums = zeros::<S, T>();
    let (pairs, last) = panel.as_chunks::<2>();
    // Equal lengths known to the compiler: no bounds checks below.
    let values = rows.map(|row| &row.as_chunks::<2>().0[..pairs.len()]);
    for (k, [[even, _], [odd, _]]) in pairs.iter().enumerate() {
        for (sums, values) in sums.iter_mut().zip(values) {
            let [first, second] = values[k];
            let even = even.sub(Register::<S, T>::splat(first));
            let odd = odd.sub(Register::<S, T>::splat(second));
            *sums = [even.mul_add(even, sums[0]), odd.mul_add(odd, sums[1])];
        }
    }
    if let [[last, _]] = last {
        for (sums, row) in sums.iter_mut().zip(rows) {
            let difference = last.sub(Register::<S, T>::splat(row[panel.len() - 1]));
            *sums = [difference.mul_add(difference, sums[0]), sums[1]];
        }
    }
    // No `map`: the compiler calls it, and what it is given, as functions.
    for sums in &mut sums {
        *sums = [sums[0].add(sums[1]), Register::<S, T>::splat(T::INFINITY)];
    }
    sums
}

/// The rows of `x` from `first` on; past `end` the last one again, whose distances the caller ignores.
#[inline(always)]
pub fn block_of<T>(x: Rows<'_, T>, first: usize, end: usize) -> [&[T]; BLOCK_ROWS] {
    std::array::from_fn(|r| x.row((first + r).min(end - 1)))
}
