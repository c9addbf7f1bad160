//! The nearest of many rows, found with `f32` products and computed from differences where these leave a doubt.
//!
//! `|x - y|^2 = |x|^2 + 2 (|y|^2 / 2 - x.y)`, so the nearest row has the smallest *score* `|y|^2 / 2 - x.y`. In `f32`, and with
//! `y`'s mean taken from both first, scores take a quarter of the time of `f64` differences, and of each is known how far
//! off it may be. The few rows whose best two scores lie closer than that go to [`settle`].

use std::iter::repeat_with;
use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};

use super::assigned::between;
use super::champions::Nearest;
use super::nearest::{BAND_ROWS, Search, TILE_STEPS, compare};
use super::panels::{BLOCK_ROWS, Panels, STRIP_BYTES, rows_in, zeros};
use super::settle::{DOUBTFUL, settle};
use crate::product::factor::multiply_add;

/// Of fewer rows a register of `f32` would not be full.
const LEAST_CHOICES: usize = 17;

/// For fewer rows of `x` the mean and the lengths of `y` are not worth it.
const LEAST_ROWS: usize = 64;

/// The longer the rows, the more doubts.
const LONGEST: usize = 1024;

/// Lengths whose squares `f32` holds with all digits.
const MODERATE: Range<f64> = 1e-12..1e12;

/// Rows after which doubts are counted for the first time.
const TRIAL_ROWS: usize = 2048;

/// Where more than one row in so many is doubtful, differences are computed of all that follow.
const RARE: usize = 8;

/// Whether scores are worth computing for such a search.
pub fn pays<T: Scalar>(search: &Search<'_, T>) -> bool {
    search.y.count() >= LEAST_CHOICES && search.x.count() >= LEAST_ROWS && (1..=LONGEST).contains(&search.x.width())
}

/// What scores are computed from.
pub struct Screen<'a, T> {
    x: Rows<'a, T>,
    y: Rows<'a, T>,
    /// The mean of `y`'s rows, roughly: what is taken from all rows.
    centre: Vec<T>,
    /// Half the squared length of each row of `y` from there.
    halves: Vec<f64>,
    /// How far apart the scores of a row must be for each unit of its squared length, and for one of length 0.
    apart: [f32; 2],
}

impl<'a, T: Scalar> Screen<'a, T> {
    /// What `search` needs; None where its scores would not pay or not have their digits.
    pub fn of(search: &Search<'a, T>) -> Result<Option<Self>> {
        if !pays(search) {
            return Ok(None);
        }
        let (x, y) = (search.x, search.y);
        if !y.are_finite(0..y.count()) {
            return Err(Error::invalid("y", "holds NaN or infinity"));
        }
        let mut sums = memory::filled(y.width(), 0.0)?;
        for row in 0..y.count() {
            sums.iter_mut().zip(y.row(row)).for_each(|(sum, value)| *sum += value.to_f64() / y.count() as f64);
        }
        let centre: Vec<T> = sums.into_iter().map(T::from_f64).collect();
        let mut halves = memory::filled(y.count(), 0.0)?;
        for (row, half) in halves.iter_mut().enumerate() {
            let squares = y.row(row).iter().zip(&centre).map(|(&value, &centre)| (value - centre).to_f64().powi(2));
            *half = squares.sum::<f64>() / 2.0;
        }
        let farthest = halves.iter().fold(0.0, |most, &half| f64::max(most, (2.0 * half).sqrt()));
        let apart = least_apart(x.width(), farthest);
        Ok(MODERATE.contains(&farthest).then_some(Screen { x, y, centre, halves, apart }))
    }

    /// Finds all that `search` asks for.
    pub fn search<S: Simd>(&self, simd: S, search: Search<'_, T>) -> Result<()> {
        let Search { threads, x, y, indices, mut distances } = search;
        let mut found = memory::filled(x.count().min(BAND_ROWS), Nearest::NONE)?;
        let (mut first, mut height) = (0, TRIAL_ROWS);
        while first < x.count() {
            let band = first..(first + height).min(x.count());
            let indices = &mut indices[band.clone()];
            let mut distances = distances.as_mut().map(|distances| &mut distances[band.clone()]);
            self.search_band(
                (simd, threads),
                band.clone(),
                &mut found[..band.len()],
                indices,
                distances.as_deref_mut(),
            )?;
            let doubtful = indices.iter().filter(|&&index| index == DOUBTFUL).count();
            settle(simd, threads, (x, first), y, indices, distances)?;
            (first, height) = (band.end, BAND_ROWS);
            if doubtful > band.len() / RARE {
                break;
            }
        }
        Search { threads, x, y, indices, distances }.by_differences(simd, first)
    }

    /// Takes a band of rows through all of `y`.
    fn search_band<S: Simd>(
        &self,
        (simd, threads): (S, &Threads<'_>),
        band: Range<usize>,
        found: &mut [Nearest<f32>],
        indices: &mut [i64],
        mut distances: Option<&mut [T]>,
    ) -> Result<()> {
        found.fill(Nearest::NONE);
        let strip = rows_in::<S, f32>(STRIP_BYTES, self.stride());
        for first in (0..self.y.count()).step_by(strip) {
            let strip = first..(first + strip).min(self.y.count());
            let panels = self.pack((simd, threads), strip.clone())?;
            let steps_a_row = strip.len() * self.stride();
            let height = (TILE_STEPS / steps_a_row).max(1).next_multiple_of(BLOCK_ROWS);
            let distances = distances.iter_mut().flat_map(|distances| distances.chunks_mut(height)).map(Some);
            let tiles = (band.clone().step_by(height).zip(found.chunks_mut(height)))
                .zip(indices.chunks_mut(height).zip(distances.chain(repeat_with(|| None))));
            let scratch = || memory::filled(height.min(band.len()) * self.stride(), 0.0);
            let work = steps_a_row.saturating_mul(band.len());
            threads.for_each_with(work, tiles, scratch, |tile, ((first, found), out)| {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        self.fill(first..first + found.len(), tile);
                        self.compare(tile, &panels, found);
                        if strip.end == self.y.count() {
                            self.finish::<S>(first, tile, found, out);
                        }
                    },
                );
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Numbers of a row, of which the last turns the product of two rows into a score.
    fn stride(&self) -> usize {
        self.y.width() + 1
    }

    fn pack<S: Simd>(&self, (simd, threads): (S, &Threads<'_>), rows: Range<usize>) -> Result<Panels<S, f32>> {
        let width = self.y.width();
        Panels::pack_with(
            (simd, threads),
            (rows, self.stride()),
            #[inline(always)]
            |row, k| match self.y.row(row).get(k) {
                Some(&value) => (value - self.centre[k]).to_f64() as f32,
                None => self.halves[row] as f32,
            },
            // Of rows that are not there the score is infinite.
            |k| if k < width { 0.0 } else { f32::INFINITY },
        )
    }

    /// Writes the factors of `rows` of `x` to `tile`.
    #[inline(always)]
    fn fill(&self, rows: Range<usize>, tile: &mut [f32]) {
        for (row, factors) in rows.zip(tile.chunks_exact_mut(self.stride())) {
            for ((factor, &value), &centre) in factors.iter_mut().zip(self.x.row(row)).zip(&self.centre) {
                *factor = (centre - value).to_f64() as f32;
            }
            factors[self.x.width()] = 1.0;
        }
    }

    /// Looks for better scores among `panels`.
    #[inline(always)]
    fn compare<S: Simd>(&self, tile: &[f32], panels: &Panels<S, f32>, found: &mut [Nearest<f32>]) {
        let (stride, count) = (self.stride(), found.len());
        compare(
            panels,
            found,
            #[inline(always)]
            |first| std::array::from_fn(|r| &tile[(first + r).min(count - 1) * stride..][..stride]),
            #[inline(always)]
            |rows, panel| multiply_add::<S, f32>(zeros::<S, f32>(), rows, panel),
        );
    }

    /// Writes what was found for the rows of `x` from `first` on, or that it is doubtful. It is of rows that hold NaN or
    /// infinity, and of those that overflow.
    #[inline(always)]
    fn finish<S: Simd>(
        &self,
        first: usize,
        tile: &[f32],
        found: &[Nearest<f32>],
        (indices, distances): (&mut [i64], Option<&mut [T]>),
    ) {
        let [by_length, at_least] = self.apart;
        for ((index, nearest), factors) in indices.iter_mut().zip(found).zip(tile.chunks_exact(self.stride())) {
            let apart = nearest.runner_up - nearest.squared;
            let certain = apart > by_length * squared_length::<S>(&factors[..self.x.width()]) + at_least;
            *index = if certain { nearest.index as i64 } else { DOUBTFUL };
        }
        for (i, distance) in distances.into_iter().flatten().enumerate().filter(|&(i, _)| indices[i] != DOUBTFUL) {
            *distance = between(self.x.row(first + i), self.y.row(indices[i] as usize));
        }
    }
}

/// How far apart the scores of a row must be to tell which is smaller, for each unit of its squared length and for one of
/// length 0, if the rows of `y` have at most the length `farthest`.
///
/// With u, half of `EPSILON`, and `width` + 1 products, whose magnitudes sum up to |x||y| + |y|^2 / 2 at most
/// (Cauchy-Schwarz), and so to |x|^2 / 2 + |y|^2: rounding the factors changes each product by 2 u of it, and adding it up by
/// (`width` + 1) u. The rest covers terms of u^2, underflow, and the rounding of this bound. Differences in `f64` have errors
/// as well, u of them (|x| + |y|)^2 for each term; where these could decide, they shall.
fn least_apart(width: usize, farthest: f64) -> [f32; 2] {
    let (scores, differences) = (f64::from(f32::EPSILON) / 2.0, f64::EPSILON);
    let error = |squared_length: f64, squared_farthest: f64| {
        let terms = (width + 8) as f64;
        terms * (scores * (squared_length / 2.0 + squared_farthest) + differences * (squared_length + squared_farthest))
    };
    [error(1.0, 0.0), error(0.0, farthest * farthest)].map(|error| (2.0 * error) as f32)
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
