//! The innermost loop: products of a few columns with one panel of columns, all sums in registers.

use acm_core::Scalar;
use acm_core::micro::cross_products;
use acm_core::simd::{self, MAX_LANES, Simd, Vector};

/// Columns of a block on the left, and registers of a panel's row on the right. Many sums hide the latency of the
/// multiply-add, and let each value that is loaded serve many of them. With 16 registers more than 8 sums would be
/// less: the compiler then keeps one of them in memory.
const fn shape<S: Simd>() -> (usize, usize) {
    if S::REGISTERS >= 32 { (8, 3) } else { (4, 2) }
}

/// How many columns a panel holds; a multiple of those of a block.
pub const fn panel_columns<S: Simd, T: Scalar>() -> usize {
    shape::<S>().1 * <T::Vector<S> as Vector<T>>::LANES
}

/// Adds `sum_k left[k, i] * right[k, j]` to `sums[i, j]`, which has rows of `side`.
///
/// Both sides are packed: panels of [`panel_columns`] columns one after the other, each of them row by row, `depth`
/// rows. Blocks beyond the `live` columns of either side are left out, and with `upper` those below the diagonal.
#[inline(always)]
pub fn add_products<S: Simd, T: Scalar, A: Scalar>(
    [left, right]: [&[T]; 2],
    depth: usize,
    live: [usize; 2],
    upper: bool,
    side: usize,
    sums: &mut [A],
) {
    let (width, block) = (panel_columns::<S, T>(), shape::<S>().0);
    for (q, right) in right.chunks_exact(depth * width).enumerate() {
        let columns = live[1].saturating_sub(q * width).min(width);
        let rows = if upper { live[0].min((q + 1) * width) } else { live[0] };
        for row in (0..if columns == 0 { 0 } else { rows }).step_by(block) {
            let left = &left[row / width * width * depth..][..width * depth];
            let sums = &mut sums[row * side + q * width..];
            add_block::<S, T, A>([left, right], row % width, columns, side, sums);
        }
    }
}

/// Adds the products of the block at `first` with `columns` of a panel.
#[inline(always)]
fn add_block<S: Simd, T: Scalar, A: Scalar>(
    panels: [&[T]; 2],
    first: usize,
    columns: usize,
    side: usize,
    sums: &mut [A],
) {
    match (shape::<S>(), columns.div_ceil(<T::Vector<S> as Vector<T>>::LANES)) {
        ((8, _), 1) => add_block_of::<S, T, A, 8, 1>(panels, first, side, sums),
        ((8, _), 2) => add_block_of::<S, T, A, 8, 2>(panels, first, side, sums),
        ((8, _), _) => add_block_of::<S, T, A, 8, 3>(panels, first, side, sums),
        (_, 1) => add_block_of::<S, T, A, 4, 1>(panels, first, side, sums),
        _ => add_block_of::<S, T, A, 4, 2>(panels, first, side, sums),
    }
}

#[inline(always)]
fn add_block_of<S: Simd, T: Scalar, A: Scalar, const BLOCK: usize, const ACROSS: usize>(
    [left, right]: [&[T]; 2],
    first: usize,
    side: usize,
    sums: &mut [A],
) {
    let (width, lanes) = (panel_columns::<S, T>(), <T::Vector<S> as Vector<T>>::LANES);
    for r in 0..BLOCK {
        simd::prefetch_ends(&sums[r * side..][..ACROSS * lanes]);
    }
    let block = cross_products::<S, T, BLOCK, ACROSS>([left, right], [width; 2], [first, 0]);
    let mut values = [T::ZERO; MAX_LANES];
    for (r, block) in block.into_iter().enumerate() {
        for (c, block) in block.into_iter().enumerate() {
            block.store(&mut values);
            let sums = &mut sums[r * side + c * lanes..][..lanes];
            sums.iter_mut().zip(&values).for_each(|(sum, value)| *sum += A::from_f64(value.to_f64()));
        }
    }
}
