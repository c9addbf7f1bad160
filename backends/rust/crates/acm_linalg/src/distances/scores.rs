//! Filter and refine, the filter: `f32` scores whose order is that of distances, with a bound on their rounding.
//!
//! ```text
//! |x - y|^2 = |x|^2 + 2 (|y|^2 / 2 - x.y), so the nearest row of y has the smallest score  s(x, y) = |y|^2 / 2 - x.y
//! centre both at the middle of y;  append |y|^2 / 2 to each row of y and 1 to each of x: a score is one dot product
//! error(s) <= (width + 8) u (|x|^2 / 2 + max |y|^2)          Cauchy-Schwarz and the usual bound of a sum of products
//! ```
//!
//! Two scores that lie farther apart than twice that bound are in the order of the distances. Rows whose best two lie
//! closer, or hold NaN, are ambiguous and left to the refinement (see screen). It is Elkan's and Hamerly's idea of
//! bounds (2003, 2010) applied to rounding instead of to triangles. Cost: one `f32` multiply-add a coordinate, a
//! quarter of a subtraction and a multiply-add in `f64`.

use std::ops::Range;

use acm_core::micro::{multiply_add, zeros};
use acm_core::pack::Panels;
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Vector};
use acm_core::{Result, Scalar, Threads, memory};

use super::argmin_lanes::{Nearest, compare};
use super::assigned::squared_between;
use super::extremes::between;
use super::refine::AMBIGUOUS;
use crate::tile;

/// Rows whose mean is taken from all, at most.
const CENTRE_ROWS: usize = 256;

/// Rows of `y` that a thread measures at a time.
const HALVES_AT_ONCE: usize = 256;

/// Squared lengths that `f32` holds with all digits, and their products.
const FULL_DIGITS: Range<f64> = 1e-24..1e24;

/// Centre, lengths and bounds from which scores are computed.
pub struct Scores<'a, T> {
    x: Rows<'a, T>,
    y: Rows<'a, T>,
    /// The centre subtracted from all rows: the mean of some of `y`.
    centre: Vec<T>,
    /// Half the squared length of each row of `y` from there.
    halves: Vec<f64>,
    /// How far apart the scores of a row must be for each unit of its squared length, and for one of length 0.
    apart: [f32; 2],
}

impl<'a, T: Scalar> Scores<'a, T> {
    /// Measures the rows of `y`; None where `f32` would not hold their scores with all digits, as of NaN and infinity.
    pub fn new(threads: &Threads<'_>, x: Rows<'a, T>, y: Rows<'a, T>) -> Result<Option<Self>> {
        let centre = centre_of(y)?;
        let mut halves = memory::filled(y.count(), 0.0)?;
        let tiles = (0..y.count()).step_by(HALVES_AT_ONCE).zip(halves.chunks_mut(HALVES_AT_ONCE));
        threads.for_each(y.values().len(), tiles, |(first, halves)| {
            simd::vectorized(
                #[inline(always)]
                || {
                    for (row, half) in (first..).zip(halves) {
                        *half = squared_between(y.row(row), &centre) / 2.0;
                    }
                },
            );
            Ok(())
        })?;
        let farthest = halves.iter().fold(0.0, |most, &half| if half > most || half.is_nan() { half } else { most });
        let apart = least_apart(x.width(), 2.0 * farthest);
        Ok(FULL_DIGITS.contains(&farthest).then_some(Scores { x, y, centre, halves, apart }))
    }

    /// Among how many rows the nearest are looked for.
    pub fn count(&self) -> usize {
        self.y.count()
    }

    /// Numbers of a row, of which the last steps the product of two rows into a score.
    pub fn stride(&self) -> usize {
        self.y.width() + 1
    }

    /// Packs `rows` of `y`.
    pub fn pack<S: Simd>(&self, (simd, threads): (S, &Threads<'_>), rows: Range<usize>) -> Result<Panels<S, f32>> {
        let width = self.y.width();
        Panels::pack_padded(
            (simd, threads),
            self.stride(),
            rows,
            #[inline(always)]
            |k, row| match self.y.row(row).get(k) {
                Some(&value) => (value - self.centre[k]).to_f64() as f32,
                None => self.halves[row] as f32,
            },
            // Of rows that are not there the score is infinite.
            |k| if k < width { 0.0 } else { f32::INFINITY },
        )
    }

    /// Writes the factors of `rows` of `x` to `tile`.
    #[inline(always)]
    pub fn fill(&self, rows: Range<usize>, tile: &mut [f32]) {
        for (row, factors) in rows.zip(tile.chunks_exact_mut(self.stride())) {
            for ((factor, &value), &centre) in factors.iter_mut().zip(self.x.row(row)).zip(&self.centre) {
                *factor = (centre - value).to_f64() as f32;
            }
            factors[self.x.width()] = 1.0;
        }
    }

    /// Looks for better scores among `panels`.
    #[inline(always)]
    pub fn compare<S: Simd>(&self, tile: &[f32], panels: &Panels<S, f32>, found: &mut [Nearest<f32>]) {
        let (stride, count) = (self.stride(), found.len());
        compare(
            panels,
            found,
            #[inline(always)]
            |first| tile::block(tile, stride, first, count),
            #[inline(always)]
            |rows, panel| multiply_add::<S, f32>(zeros::<S, f32>(), rows, panel),
        );
    }

    /// Writes what was found for the rows of `x` from `first` on, or that it is ambiguous. It is of rows that hold NaN
    /// or infinity, and of those that overflow.
    #[inline(always)]
    pub fn finish<S: Simd>(
        &self,
        first: usize,
        tile: &[f32],
        found: &[Nearest<f32>],
        (indices, distances): (&mut [i64], Option<&mut [T]>),
    ) {
        let [by_length, at_least] = self.apart;
        for ((index, nearest), factors) in indices.iter_mut().zip(found).zip(tile.chunks_exact(self.stride())) {
            let gap = nearest.runner_up - nearest.least;
            let certain = gap > by_length * squared_length::<S>(&factors[..self.x.width()]) + at_least;
            *index = if certain { nearest.index as i64 } else { AMBIGUOUS };
        }
        for (i, distance) in distances.into_iter().flatten().enumerate().filter(|&(i, _)| indices[i] != AMBIGUOUS) {
            *distance = T::from_f64(between(self.x.row(first + i), self.y.row(indices[i] as usize)));
        }
    }
}

/// About the middle of the rows of `y`.
fn centre_of<T: Scalar>(y: Rows<'_, T>) -> Result<Vec<T>> {
    let mut sums = memory::filled(y.width(), 0.0)?;
    let step = y.count().div_ceil(CENTRE_ROWS);
    for row in (0..y.count()).step_by(step) {
        sums.iter_mut().zip(y.row(row)).for_each(|(sum, value)| *sum += value.to_f64());
    }
    let count = y.count().div_ceil(step) as f64;
    memory::collected(sums.into_iter().map(|sum| T::from_f64(sum / count)))
}

/// How far apart the scores of a row must be to tell which is smaller, for each unit of its squared length and for one
/// of length 0, if no row of `y` has a larger squared length than `farthest`.
///
/// With u, half of `EPSILON`, and `width` + 1 products, whose magnitudes sum up to |x||y| + |y|^2 / 2 at most
/// (Cauchy-Schwarz), and so to |x|^2 / 2 + |y|^2: rounding the factors changes each product by 2 u of it, and adding it
/// up by (`width` + 1) u. The rest covers terms of u^2, underflow, the rounding of this bound, and that of differences
/// in `f64`, which refine what is ambiguous.
fn least_apart(width: usize, farthest: f64) -> [f32; 2] {
    let error = (width + 8) as f64 * f64::from(f32::EPSILON) / 2.0;
    [1.0 / 2.0, farthest].map(|magnitudes| (2.0 * error * magnitudes) as f32)
}

#[inline(always)]
fn squared_length<S: Simd>(values: &[f32]) -> f32 {
    let mut sums = S::F32::splat(0.0);
    let whole = values.chunks_exact(S::F32::LANES);
    let rest = whole.remainder().iter().map(|value| value * value).sum::<f32>();
    for values in whole {
        let values = S::F32::load(values);
        sums = values.mul_add(values, sums);
    }
    sums.sum() + rest
}
