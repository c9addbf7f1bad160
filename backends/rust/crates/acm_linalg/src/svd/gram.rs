//! The triangle of rows from their Gram matrix: a third of the work of reflections, for singular values that are not
//! far apart.
//!
//! The Gram matrix squares the condition number, so it is only good for singular values that are a fair share of the
//! largest: [`keeps`] tells. All others are left to reflections.

use acm_core::simd::Simd;
use acm_core::{Result, Scalar, Threads, cache, memory};

use super::jacobi::Short;
use super::source::{SAFE, Source};
use super::triangle::Triangle;
use crate::cross_sums::slot::{add_products, padded};

/// A singular value of this share of the largest keeps about 12 digits: rounding in the Gram matrix is 1e-16 of the
/// largest square.
const FAIR: f64 = 1e-2;

/// Least values of a part of the rows, and most parts.
const PART_VALUES: usize = cache::L2_VALUES;
const MOST_PARTS: usize = 64;

/// Whether these singular values, which came from a Gram matrix, are as exact as the reflections'.
pub fn keeps(short: &Short) -> bool {
    let (largest, least) = (short.values[0], short.values[short.values.len() - 1]);
    SAFE.contains(&largest) && least > FAIR * largest
}

/// The triangle of the rows of `source`; None where they are few, or the Gram matrix is not finite or too near to being
/// singular.
pub fn triangle<S: Simd, T: Scalar>(
    simd: S,
    threads: &Threads<'_>,
    source: &Source<'_, T>,
) -> Result<Option<Triangle>> {
    let (rows, width) = (source.rows(), source.width());
    if rows < 4 * width {
        return Ok(None);
    }
    let stride = padded::<S>(width);
    let height = (cache::L1_VALUES / stride).max(8);
    let part = (PART_VALUES / width).max(16 * stride).max(rows.div_ceil(MOST_PARTS)).next_multiple_of(height);
    let mut sums = memory::filled(rows.div_ceil(part) * stride * stride, 0.0)?;
    let parts = sums.chunks_mut(stride * stride).zip((0..rows).step_by(part));
    let work = rows.saturating_mul(width * stride);
    threads.for_each_with(
        work,
        parts,
        || memory::filled(height * stride, 0.0),
        |tile, (sums, first)| {
            let end = (first + part).min(rows);
            for first in (first..end).step_by(height) {
                let tile = &mut tile[..height.min(end - first) * stride];
                simd.vectorize(
                    #[inline(always)]
                    || {
                        source.load(first..(first + height).min(end), stride, tile);
                        add_products::<S>(tile, tile, stride, &(0..stride), true, sums);
                    },
                );
            }
            Ok(())
        },
    )?;
    let (gram, others) = sums.split_at_mut(stride * stride);
    for part in others.chunks_exact(stride * stride) {
        gram.iter_mut().zip(part).for_each(|(all, part)| *all += part);
    }
    sums.truncate(width * stride);
    Ok(factorise(&mut sums, width, stride)?.then_some(Triangle { values: sums, width, stride }))
}

/// What rounding leaves of products of columns that depend on those before them, relative to the columns' lengths.
const NOISE: f64 = 16.0 * f64::EPSILON;

/// Makes of the upper half of a Gram matrix its Cholesky factor, with zeros below; false if it is not finite or loses
/// more than rounding.
///
/// The row of a column that depends on those before it is zero, if what is left of its products is rounding. It need not
/// be: a column that differs from another by 1e-9 leaves 1e-18 of its square, and 1e-9 of a product with a third one.
fn factorise(gram: &mut [f64], width: usize, stride: usize) -> Result<bool> {
    let squares = memory::collected((0..width).map(|i| gram[i * stride + i]))?;
    if !squares.iter().sum::<f64>().is_finite() {
        return Ok(false);
    }
    for (i, &square) in squares.iter().enumerate() {
        let (above, rest) = gram.split_at_mut((i + 1) * stride);
        let row = &mut above[i * stride..];
        row[..i].fill(0.0);
        if row[i] <= NOISE * square {
            let rest = row[i..width].iter().zip(&squares[i..]);
            if rest.into_iter().any(|(product, other)| product.abs() > NOISE * square.sqrt() * other.sqrt()) {
                return Ok(false);
            }
            row.fill(0.0);
            continue;
        }
        let scale = 1.0 / row[i].sqrt();
        row[i..width].iter_mut().for_each(|value| *value *= scale);
        for (below, j) in rest.chunks_exact_mut(stride).zip(i + 1..width) {
            let factor = row[j];
            below[j..width].iter_mut().zip(&row[j..width]).for_each(|(value, row)| *value -= factor * row);
        }
    }
    Ok(true)
}
