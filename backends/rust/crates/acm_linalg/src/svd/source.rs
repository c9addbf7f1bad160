//! The matrix to decompose, seen as long: its rows, or its columns where those are more.

use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::{Error, Result, Scalar, Threads, memory};

use super::gram;
use super::jacobi::{self, Short};
use super::triangle::Triangle;
use crate::exponents::scale_of;
use crate::tile;

/// Rows whose column sums are added up before the next.
const SUMMED_ROWS: usize = 512;

/// Sizes of values whose squares are numbers of `f64` with all their digits, and so are sums of many.
pub const SAFE: Range<f64> = 1e-120..1e120;

/// The rows of a matrix or of its transpose, whichever are more, less the mean of the matrix's columns.
pub struct Source<'a, T> {
    x: Rows<'a, T>,
    mean: Vec<f64>,
    scale: f64,
}

impl<'a, T: Scalar> Source<'a, T> {
    /// The matrix `x`, each column less its `mean`.
    pub fn new(x: Rows<'a, T>, mean: Vec<f64>) -> Self {
        Source { x, mean, scale: 1.0 }
    }

    /// True if rows here are columns of the matrix.
    pub fn is_transposed(&self) -> bool {
        self.x.count() < self.x.width()
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.x.count().max(self.x.width())
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.x.count().min(self.x.width())
    }

    /// The singular value of the matrix that belongs to `value` of this.
    pub fn unscaled(&self, value: f64) -> f64 {
        value / self.scale
    }

    /// Writes `rows` to `tile`, `stride` values for each.
    #[inline(always)]
    pub fn load(&self, rows: Range<usize>, stride: usize, tile: &mut [f64]) {
        if self.scale != 1.0 {
            self.load_scaled(rows, stride, tile);
        } else if self.is_transposed() {
            for j in 0..self.x.count() {
                let columns = &self.x.row(j)[rows.clone()];
                for (i, (value, mean)) in columns.iter().zip(&self.mean[rows.clone()]).enumerate() {
                    tile[i * stride + j] = value.to_f64() - mean;
                }
            }
        } else {
            tile::deviations(self.x, rows, &self.mean, stride, tile);
        }
    }

    /// The same where values are scaled: before the mean is subtracted, as the difference may be beyond all numbers.
    #[cold]
    fn load_scaled(&self, rows: Range<usize>, stride: usize, tile: &mut [f64]) {
        let scaled = |i: usize, j: usize| (self.x.row(i)[j].to_f64() * self.scale) - self.mean[j] * self.scale;
        for (at, row) in rows.zip(tile.chunks_exact_mut(stride)) {
            for (k, value) in row.iter_mut().enumerate().take(self.width()) {
                *value = if self.is_transposed() { scaled(k, at) } else { scaled(at, k) };
            }
        }
    }

    /// The `count` largest singular values and short singular vectors, after bringing values to a safe size by a power
    /// of two where they are not.
    pub fn decompose(&mut self, threads: &Threads<'_>, count: usize) -> Result<Short> {
        let first = simd::dispatch(Attempt { threads, source: self, count })?;
        let largest = first.values[0];
        if SAFE.contains(&largest) || (largest == 0.0 && self.largest() == 0.0) {
            return Ok(first);
        }
        if !self.x.are_finite(0..self.x.count()) {
            return Err(Error::invalid("x", "holds NaN or infinity"));
        }
        self.scale = scale_of(self.largest());
        simd::dispatch(Attempt { threads, source: self, count })
    }

    /// The largest magnitude in the matrix.
    fn largest(&self) -> f64 {
        let values = (0..self.x.count()).flat_map(|i| self.x.row(i));
        values.fold(0.0, |largest: f64, value| largest.max(value.to_f64().abs()))
    }
}

struct Attempt<'a, T> {
    threads: &'a Threads<'a>,
    source: &'a Source<'a, T>,
    count: usize,
}

impl<T: Scalar> Task for Attempt<'_, T> {
    type Output = Result<Short>;

    fn run<S: Simd>(self, simd: S) -> Result<Short> {
        if let Some(triangle) = gram::triangle(simd, self.threads, self.source)? {
            let short = jacobi::decompose(simd, triangle, self.count)?;
            if gram::keeps(&short) {
                return Ok(short);
            }
        }
        let triangle = Triangle::reduce(simd, self.threads, self.source)?;
        jacobi::decompose(simd, triangle, self.count)
    }
}

/// The mean of each column.
///
/// A sum beyond all numbers is taken anew of values that are smaller by a power of two.
pub fn column_means<T: Scalar>(threads: &Threads<'_>, x: Rows<'_, T>) -> Result<Vec<f64>> {
    let mut means = scaled_means(threads, x, 1.0)?;
    if means.iter().all(|mean| mean.is_finite()) || !x.are_finite(0..x.count()) {
        return Ok(means);
    }
    let shrink = (x.count().next_power_of_two() as f64).recip();
    let shrunk = scaled_means(threads, x, shrink)?;
    for (mean, small) in means.iter_mut().zip(shrunk).filter(|(mean, _)| !mean.is_finite()) {
        *mean = small / shrink;
    }
    Ok(means)
}

/// The mean of each column of `x`, times `scale`.
fn scaled_means<T: Scalar>(threads: &Threads<'_>, x: Rows<'_, T>, scale: f64) -> Result<Vec<f64>> {
    let (width, parts) = (x.width(), x.count().div_ceil(SUMMED_ROWS));
    let mut sums = memory::filled(parts * width, 0.0)?;
    let tiles = sums.chunks_mut(width).zip((0..x.count()).step_by(SUMMED_ROWS));
    threads.for_each(x.count() * width, tiles, |(sums, first)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for row in first..(first + SUMMED_ROWS).min(x.count()) {
                    sums.iter_mut().zip(x.row(row)).for_each(|(sum, value)| *sum += value.to_f64() * scale);
                }
            },
        );
        Ok(())
    })?;
    let mut means = memory::filled(width, 0.0)?;
    for part in sums.chunks_exact(width) {
        means.iter_mut().zip(part).for_each(|(mean, part)| *mean += part / x.count() as f64);
    }
    Ok(means)
}
