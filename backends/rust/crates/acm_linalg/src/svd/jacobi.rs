//! One-sided Jacobi (Hestenes 1958), in the variant of Drmač and Veselić (2008, New fast and accurate Jacobi SVD
//! algorithm).
//!
//! ```text
//! sort the columns of R by length, reduce to a triangle again: small singular values then come from small rows
//! repeat until no pair is rotated (about ten sweeps):
//!     for each pair of rows p < q:  if |p.q| > eps sqrt(n) |p||q|: rotate both by the angle that makes p.q = 0
//! singular values = lengths of the rows;  right vectors = rows / lengths
//! ```
//!
//! Why: relative accuracy of every singular value, also at a condition number of 1e12, which bidiagonalisation does not
//! give, and short loops over contiguous rows. Cost: up to 2.5 n^3 multiply-adds a sweep; more than 128 columns are
//! left to LAPACK.

use acm_core::micro::Register;
use acm_core::simd::{Simd, Vector};
use acm_core::{Result, Threads, memory};

use super::orthonormal::orthonormalise;
use super::triangle::Triangle;

/// Rows converge within about ten sweeps.
const MOST_SWEEPS: usize = 40;

/// A squared length below this has lost digits to underflow, and with them its row its direction. The largest singular
/// value is of a [safe](super::source::SAFE) size, so that such a row is rounding many times over.
const LEAST_SQUARE: f64 = 1e-280;

/// Beyond this the 1 in the formula of a rotation is nothing beside the square, which would soon overflow.
const MOST_SQUARED: f64 = 1e10;

/// Singular values and short singular vectors.
pub struct Short {
    /// In descending order.
    pub values: Vec<f64>,
    /// One row a column of the triangle, one column a singular value.
    pub vectors: Vec<f64>,
}

impl Short {
    /// Multiplies each vector by its sign.
    pub fn flip(&mut self, signs: &[f64]) {
        for row in self.vectors.chunks_exact_mut(signs.len()) {
            row.iter_mut().zip(signs).for_each(|(value, sign)| *value *= sign);
        }
    }
}

/// The `count` largest singular values of `triangle` and their right singular vectors.
pub fn decompose<S: Simd>(simd: S, triangle: Triangle, count: usize) -> Result<Short> {
    let width = triangle.width;
    let mut order = memory::collected(0..width)?;
    let lengths = columns_squared(&triangle)?;
    order.sort_unstable_by(|&a, &b| lengths[b].total_cmp(&lengths[a]).then(a.cmp(&b)));
    let Triangle { mut values, stride, .. } = triangle.reordered(simd, &order)?;
    let squares = simd.vectorize(
        #[inline(always)]
        || orthogonalise::<S>(&mut values, stride),
    )?;
    let mut ranking = memory::collected(0..width)?;
    ranking.sort_unstable_by(|&a, &b| squares[b].total_cmp(&squares[a]).then(a.cmp(&b)));
    let mut short = Short { values: memory::filled(count, 0.0)?, vectors: memory::filled(width * count, 0.0)? };
    for (j, &row) in ranking[..count].iter().enumerate() {
        let norm = squares[row].max(0.0).sqrt();
        short.values[j] = norm;
        for (value, &column) in values[row * stride..].iter().zip(&order) {
            short.vectors[column * count + j] = value / norm;
        }
    }
    let known = ranking[..count].iter().take_while(|&&row| squares[row] > LEAST_SQUARE).count();
    if known < count {
        orthonormalise(&Threads::uninterrupted(1), &mut short.vectors, count, known)?;
    }
    Ok(short)
}

fn columns_squared(triangle: &Triangle) -> Result<Vec<f64>> {
    let mut squares = memory::filled(triangle.width, 0.0)?;
    for row in triangle.values.chunks_exact(triangle.stride) {
        squares.iter_mut().zip(row).for_each(|(square, value)| *square += value * value);
    }
    Ok(squares)
}

/// Rotates rows of `stride` values until every two are orthogonal; gives their squared lengths.
#[inline(always)]
fn orthogonalise<S: Simd>(rows: &mut [f64], stride: usize) -> Result<Vec<f64>> {
    let count = rows.len() / stride;
    let negligible = f64::EPSILON * (count as f64).sqrt();
    let mut squares = memory::filled(count, 0.0)?;
    for _ in 0..MOST_SWEEPS {
        let mut rotated = false;
        for (square, row) in squares.iter_mut().zip(rows.chunks_exact(stride)) {
            *square = dot::<S>(row, row);
        }
        for p in 0..count {
            let (before, after) = rows.split_at_mut((p + 1) * stride);
            let first = &mut before[p * stride..];
            for (q, second) in (p + 1..).zip(after.chunks_exact_mut(stride)) {
                let product = dot::<S>(first, second);
                // NaN compares false and so ends the search.
                if product.abs() > negligible * squares[p].sqrt() * squares[q].sqrt() {
                    let tangent = tangent(squares[p], squares[q], product);
                    rotate::<S>(first, second, tangent);
                    squares[p] -= tangent * product;
                    squares[q] += tangent * product;
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    Ok(squares)
}

/// The tangent of the smaller angle by which two rows are rotated to be orthogonal.
#[inline(always)]
fn tangent(first: f64, second: f64, product: f64) -> f64 {
    let cotangent = (second - first) / (2.0 * product);
    let size = if cotangent.abs() < MOST_SQUARED {
        1.0 / (cotangent.abs() + (1.0 + cotangent * cotangent).sqrt())
    } else {
        0.5 / cotangent.abs()
    };
    if cotangent < 0.0 { -size } else { size }
}

#[inline(always)]
fn rotate<S: Simd>(first: &mut [f64], second: &mut [f64], tangent: f64) {
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let (cosine, sine) = (Register::<S, f64>::splat(cosine), Register::<S, f64>::splat(tangent * cosine));
    let lanes = Register::<S, f64>::LANES;
    for (first, second) in first.chunks_exact_mut(lanes).zip(second.chunks_exact_mut(lanes)) {
        let (a, b) = (Register::<S, f64>::load(first), Register::<S, f64>::load(second));
        cosine.mul(a).sub(sine.mul(b)).store(first);
        sine.mul_add(a, cosine.mul(b)).store(second);
    }
}

#[inline(always)]
fn dot<S: Simd>(first: &[f64], second: &[f64]) -> f64 {
    let lanes = Register::<S, f64>::LANES;
    let mut sums = [Register::<S, f64>::splat(0.0); 2];
    for (first, second) in first.chunks(2 * lanes).zip(second.chunks(2 * lanes)) {
        let parts = first.chunks_exact(lanes).zip(second.chunks_exact(lanes));
        for (sum, (first, second)) in sums.iter_mut().zip(parts) {
            *sum = Register::<S, f64>::load(first).mul_add(Register::<S, f64>::load(second), *sum);
        }
    }
    sums[0].add(sums[1]).sum()
}
