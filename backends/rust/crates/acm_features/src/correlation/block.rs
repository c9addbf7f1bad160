//! The innermost loop: products of a few columns with one panel of columns, all sums in registers.

use acm_core::Scalar;
use acm_core::simd::{MAX_LANES, Simd, Vector};

/// Columns of a block on the left: with two registers each the sums take 8 registers, which hides the latency of the
/// multiply-add.
const BLOCK: usize = 4;

/// How many columns a panel holds; a multiple of [`BLOCK`] for every register.
pub const fn panel_columns<S: Simd, T: Scalar>() -> usize {
    2 * <T::Vector<S> as Vector<T>>::LANES
}

/// Adds `sum_k left[k, i] * right[k, j]` to `sums[i, j]`, which has rows of `side`.
///
/// Both sides are packed: panels of [`panel_columns`] columns one after the other, each of them row by row, `depth` rows.
/// With `upper`, blocks that lie below the diagonal are left out.
#[inline(always)]
pub fn add_products<S: Simd, T: Scalar>(
    [left, right]: [&[T]; 2],
    depth: usize,
    upper: bool,
    side: usize,
    sums: &mut [f64],
) {
    let width = panel_columns::<S, T>();
    for (q, right) in right.chunks_exact(depth * width).enumerate() {
        for (p, left) in left.chunks_exact(depth * width).enumerate() {
            for first in (0..width).step_by(BLOCK) {
                let row = p * width + first;
                if !upper || row < (q + 1) * width {
                    let block = products::<S, T>(left, right, first);
                    add_block(block, &mut sums[row * side + q * width..], side);
                }
            }
        }
    }
}

#[inline(always)]
fn products<S: Simd, T: Scalar>(left: &[T], right: &[T], first: usize) -> [[T::Vector<S>; 2]; BLOCK] {
    let width = panel_columns::<S, T>();
    let mut sums = [[T::Vector::<S>::splat(T::ZERO); 2]; BLOCK];
    for (left, right) in left.chunks_exact(width).zip(right.chunks_exact(width)) {
        let (low, high) = (T::Vector::<S>::load(right), T::Vector::<S>::load(&right[width / 2..]));
        let left = &left[first..first + BLOCK];
        for r in 0..BLOCK {
            let value = T::Vector::<S>::splat(left[r]);
            sums[r] = [value.mul_add(low, sums[r][0]), value.mul_add(high, sums[r][1])];
        }
    }
    sums
}

#[inline(always)]
fn add_block<V: Vector<T>, T: Scalar>(block: [[V; 2]; BLOCK], sums: &mut [f64], side: usize) {
    let mut values = [T::ZERO; 2 * MAX_LANES];
    for (r, [low, high]) in block.into_iter().enumerate() {
        low.store(&mut values);
        high.store(&mut values[V::LANES..]);
        for (sum, value) in sums[r * side..][..2 * V::LANES].iter_mut().zip(&values) {
            *sum += value.to_f64();
        }
    }
}
