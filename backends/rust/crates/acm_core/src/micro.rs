//! Micro-kernels: the innermost loops of matrix products and of computations of that shape, all sums in registers.
//!
//! As in BLIS (Van Zee and van de Geijn 2015): a block of the result is held in registers while the common dimension
//! goes by, so that each value loaded serves several multiply-adds, and there are sums enough to hide their latency.
//!
//! ```text
//! accumulate, left side by row, right side packed:       cross_products, both sides by the common dimension:
//!     for k in the panel's depth:                            for k in the depth:
//!         for row r of the block:                                for row r of the block:
//!             sums[r] = step(rows[r][k], panel[k], sums[r])          sums[r] += left[k][i + r] * right[k][j..]
//! ```
//!
//! [`pack`](crate::pack) lays out the right side of the first, whose rows lie in memory as the caller has them.

use crate::Scalar;
use crate::simd::{MAX_LANES, Simd, Vector};

/// Rows of a block: with two registers a row the sums take 12 of the 16 registers of AVX2.
pub const BLOCK_ROWS: usize = 6;

/// A register of `T` on `S`.
pub type Register<S, T> = <T as Scalar>::Vector<S>;

/// A row of a panel, two registers wide, so that one broadcast serves two multiply-adds.
pub type Pair<S, T> = [Register<S, T>; 2];

/// Sums of a block: for each of its rows as many as a row of the panel has columns.
pub type Sums<S, T> = [Pair<S, T>; BLOCK_ROWS];

/// Sums of nothing.
#[inline(always)]
pub fn zeros<S: Simd, T: Scalar>() -> Sums<S, T> {
    [[Register::<S, T>::splat(T::ZERO); 2]; BLOCK_ROWS]
}

/// Takes `sums[r]` to `step(rows[r][k], panel[k], sums[r])` for each `k` in turn. `step` should be `#[inline(always)]`;
/// it gets both registers of a row of the panel, for their instructions to take turns.
#[inline(always)]
pub fn accumulate<S: Simd, T: Scalar>(
    mut sums: Sums<S, T>,
    mut rows: [&[T]; BLOCK_ROWS],
    panel: &[Pair<S, T>],
    step: impl Fn(Register<S, T>, Pair<S, T>, Pair<S, T>) -> Pair<S, T>,
) -> Sums<S, T> {
    // Equal lengths known to the compiler: no bounds checks below. No `map`: the compiler calls it, and what it is
    // given.
    for row in &mut rows {
        *row = &row[..panel.len()];
    }
    for k in 0..panel.len() {
        for (sums, row) in sums.iter_mut().zip(rows) {
            *sums = step(Register::<S, T>::splat(row[k]), panel[k], *sums);
        }
    }
    sums
}

/// `sums[r] + sum_k rows[r]_k * panel_k` for the rows of a block and the columns of a panel.
#[inline(always)]
pub fn multiply_add<S: Simd, T: Scalar>(
    sums: Sums<S, T>,
    rows: [&[T]; BLOCK_ROWS],
    panel: &[Pair<S, T>],
) -> Sums<S, T> {
    accumulate::<S, T>(
        sums,
        rows,
        panel,
        #[inline(always)]
        |value, [low, high], sums| [value.mul_add(low, sums[0]), value.mul_add(high, sums[1])],
    )
}

/// `sum_k left[k, i + r] * right[k, j + c]` for `ROWS` columns of `left` from `i` on, and as many of `right` from `j`
/// on as `ACROSS` registers hold. Both sides lie row by row, `strides` apart.
#[inline(always)]
pub fn cross_products<S: Simd, T: Scalar, const ROWS: usize, const ACROSS: usize>(
    [left, right]: [&[T]; 2],
    strides: [usize; 2],
    [i, j]: [usize; 2],
) -> [[Register<S, T>; ACROSS]; ROWS] {
    let lanes = Register::<S, T>::LANES;
    let mut sums = [[Register::<S, T>::splat(T::ZERO); ACROSS]; ROWS];
    for (left, right) in left.chunks_exact(strides[0]).zip(right.chunks_exact(strides[1])) {
        let (left, right) = (&left[i..i + ROWS], &right[j..j + ACROSS * lanes]);
        // No `from_fn`: where the compiler does not inline it, it also calls what it is given.
        let mut loaded = [Register::<S, T>::splat(T::ZERO); ACROSS];
        for c in 0..ACROSS {
            loaded[c] = Vector::load(&right[c * lanes..]);
        }
        for r in 0..ROWS {
            let value = Register::<S, T>::splat(left[r]);
            for c in 0..ACROSS {
                sums[r][c] = value.mul_add(loaded[c], sums[r][c]);
            }
        }
    }
    sums
}

/// For each row of a block two registers of its numbers from `column` on.
#[inline(always)]
pub fn load<S: Simd, T: Scalar>(rows: [&[T]; BLOCK_ROWS], column: usize) -> Sums<S, T> {
    let mut loaded = zeros::<S, T>();
    for (loaded, row) in loaded.iter_mut().zip(rows) {
        *loaded = [Vector::load(&row[column..]), Vector::load(&row[column + Register::<S, T>::LANES..])];
    }
    loaded
}

/// Writes a row of sums to `out` from `column` on, as many as have room.
#[inline(always)]
pub fn store<V: Vector<T>, T: Scalar>(out: &mut [T], column: usize, [low, high]: [V; 2]) {
    if let Some(out) = out.get_mut(column..column + 2 * V::LANES) {
        low.store(out);
        high.store(&mut out[V::LANES..]);
    } else if let Some(out) = out.get_mut(column..) {
        let mut values = [T::ZERO; 2 * MAX_LANES];
        low.store(&mut values);
        high.store(&mut values[V::LANES..]);
        out.copy_from_slice(&values[..out.len()]);
    }
}
