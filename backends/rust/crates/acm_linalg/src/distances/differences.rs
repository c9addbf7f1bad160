//! The nearest row by differences, in the arithmetic of the rows.

use std::ops::Range;

use acm_core::micro::{BLOCK_ROWS, Register};
use acm_core::pack::{Panels, STRIP_BYTES, columns_in};
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::argmin_lanes::{Nearest, compare, compare_to_few, parts};
use super::block::{block_of, squared_distances, squared_distances_to_few};
use super::extremes::{between, is_in_range, nearest_of_extremes};
use super::refine::{AMBIGUOUS, is_ambiguous, refine};

/// Elementary steps of a tile: about 20 us.
pub const TILE_STEPS: usize = 500_000;

/// Most rows of a tile, of which each thread keeps what it found.
const TILE_ROWS: usize = 1 << 12;

/// Rows of `x` that are taken through all of `y` before the next; bounds the memory for what was found so far.
pub const BAND_ROWS: usize = 1 << 17;

/// The same where nothing is kept of rows but where their results go.
const ROWS_AT_ONCE: usize = 1 << 20;

/// Squares of which `f32` adds up as many with an error that no distance shows.
const FEW_SQUARES: usize = 1024;

/// A search for the nearest row of `y` for each row of `x`, in the arithmetic of `x`.
pub struct Search<'a, T, U = T> {
    /// The threads that compute.
    pub threads: &'a Threads<'a>,
    /// The rows whose nearest neighbours are wanted.
    pub x: Rows<'a, T>,
    /// At least one row, as long as those of `x`.
    pub y: Rows<'a, U>,
    /// One for each row of `x`.
    pub indices: &'a mut [i64],
    /// One for each row of `x`, if they are asked for.
    pub distances: Option<&'a mut [T]>,
}

impl<'a, T: Scalar> Search<'a, T> {
    /// Checks that the shapes belong together.
    pub fn new(
        threads: &'a Threads<'a>,
        x: ArrayView2<'a, T>,
        y: ArrayView2<'a, T>,
        indices: &'a mut [i64],
        distances: Option<&'a mut [T]>,
    ) -> Result<Self> {
        let (x, y) = (Rows::new(x, "x")?, Rows::new(y, "y")?);
        if y.width() != x.width() {
            return Err(Error::invalid("y", format!("has rows of {} values, x has rows of {}", y.width(), x.width())));
        }
        if y.count() == 0 {
            return Err(Error::invalid("y", "has no rows"));
        }
        if indices.len() != x.count() || distances.as_ref().is_some_and(|distances| distances.len() != x.count()) {
            return Err(Error::invalid("out", "does not have one entry for each row of x"));
        }
        Ok(Search { threads, x, y, indices, distances })
    }
}

impl<T: Scalar, U: Scalar> Search<'_, T, U> {
    /// Searches by differences in the arithmetic of `x`, for the rows from `first` on.
    pub fn by_differences<S: Simd>(mut self, simd: S, first: usize) -> Result<()> {
        let rows = self.x.count();
        if self.y.count() <= columns_in::<S, T>(STRIP_BYTES, self.y.width()) {
            let mut bands = (first..rows).step_by(ROWS_AT_ONCE).map(|first| first..(first + ROWS_AT_ONCE).min(rows));
            return bands.try_for_each(|band| self.search_at_once(simd, band));
        }
        let mut found = memory::filled((rows - first).min(BAND_ROWS), Nearest::NONE)?;
        for first in (first..rows).step_by(BAND_ROWS) {
            let band = first..(first + BAND_ROWS).min(rows);
            let found = &mut found[..band.len()];
            found.fill(Nearest::NONE);
            self.search_band(simd, band, found)?;
        }
        Ok(())
    }

    /// Takes a band of rows through `y`, which caches hold: after a tile its nearest rows are known.
    fn search_at_once<S: Simd>(&mut self, simd: S, band: Range<usize>) -> Result<()> {
        let (threads, x, y, rows) = (self.threads, self.x, self.y, band.len());
        let (panels, height, work) = self.packed(simd, 0..self.y.count(), rows)?;
        let (indices, distances) = self.results(band.clone());
        let parts = parts(band.start, height, indices, distances)?.into_iter();
        let scratch = || memory::filled(height.min(rows), Nearest::NONE);
        threads.for_each_with(work, parts, scratch, |found, (first, (indices, distances))| {
            let found = &mut found[..indices.len()];
            found.fill(Nearest::NONE);
            simd.vectorize(
                #[inline(always)]
                || compare_directly(x, first, &panels, found),
            );
            finish((x, first), y, found, (indices, distances))
        })?;
        self.refine(simd, band)
    }

    /// Takes a band of rows through all of `y`, strip by strip.
    fn search_band<S: Simd>(&mut self, simd: S, band: Range<usize>, found: &mut [Nearest<T>]) -> Result<()> {
        let (threads, x, y, count) = (self.threads, self.x, self.y, self.y.count());
        let strip = columns_in::<S, T>(STRIP_BYTES, self.y.width());
        for first in (0..count).step_by(strip) {
            let strip = first..(first + strip).min(count);
            let (panels, height, work) = self.packed(simd, strip.clone(), band.len())?;
            let (indices, distances) = self.results(band.clone());
            let tiles = found.chunks_mut(height).zip(parts(band.start, height, indices, distances)?);
            threads.for_each(work, tiles, |(found, (first, out))| {
                simd.vectorize(
                    #[inline(always)]
                    || compare_directly(x, first, &panels, found),
                );
                if strip.end == count { finish((x, first), y, found, out) } else { Ok(()) }
            })?;
        }
        self.refine(simd, band)
    }

    /// A strip of `y`, rows of a tile, and the steps of all `rows` to be compared with it.
    fn packed<S: Simd>(&self, simd: S, strip: Range<usize>, rows: usize) -> Result<(Panels<S, T>, usize, usize)> {
        if !self.y.are_finite(strip.clone()) {
            // The first of the arguments is to blame, wherever the search has come to.
            let argument = if self.x.are_finite(0..self.x.count()) { "y" } else { "x" };
            return Err(Error::invalid(argument, "holds NaN or infinity"));
        }
        let steps_a_row = strip.len() * self.x.width().max(1);
        let height = (TILE_STEPS / steps_a_row).clamp(1, TILE_ROWS).next_multiple_of(BLOCK_ROWS);
        let panels = Panels::<S, T>::transposed(simd, self.threads, self.y, strip)?;
        Ok((panels, height, steps_a_row.saturating_mul(rows)))
    }

    /// Where the results of `rows` go.
    fn results(&mut self, rows: Range<usize>) -> (&mut [i64], Option<&mut [T]>) {
        let distances = self.distances.as_mut().map(|distances| &mut distances[rows.clone()]);
        (&mut self.indices[rows], distances)
    }

    /// Refines what is ambiguous of `rows`.
    fn refine<S: Simd>(&mut self, simd: S, rows: Range<usize>) -> Result<()> {
        if !T::NARROWER_THAN_REFERENCE {
            return Ok(());
        }
        let (threads, x, y) = (self.threads, self.x, self.y);
        let (indices, distances) = self.results(rows.clone());
        refine_by_differences(simd, threads, (x, rows.start), y, indices, distances)
    }
}

/// Looks by differences for rows among `panels` that are nearer to the rows of `x` from `first` on than those found so
/// far.
#[inline(always)]
fn compare_directly<S: Simd, T: Scalar>(x: Rows<'_, T>, first: usize, panels: &Panels<S, T>, found: &mut [Nearest<T>]) {
    // All rows of `y`, not the last few of many: sums in another order would tell equal rows apart.
    let few = panels.columns().end <= Register::<S, T>::LANES;
    // Without runners-up the nearest of each row's lanes is found as soon.
    if few && T::NARROWER_THAN_REFERENCE {
        return compare_to_few(
            panels,
            found,
            #[inline(always)]
            |row| block_and_prefetch(x, first + row),
            #[inline(always)]
            |rows, panel| squared_distances_to_few::<S, T>(rows, panel),
        );
    }
    compare(
        panels,
        found,
        #[inline(always)]
        |row| block_and_prefetch(x, first + row),
        #[inline(always)]
        |rows, panel| match few {
            true => squared_distances_to_few::<S, T>(rows, panel),
            false => squared_distances::<S, T>(rows, panel),
        },
    );
}

/// The rows of `x` from `first` on. With few panels the time goes into reading them: four blocks ahead is about the
/// memory's latency.
#[inline(always)]
fn block_and_prefetch<T: Copy>(x: Rows<'_, T>, first: usize) -> [&[T]; BLOCK_ROWS] {
    x.prefetch(first + 4 * BLOCK_ROWS..first + 5 * BLOCK_ROWS);
    block_of(x, first, x.count())
}

/// Checks and writes what was found for the rows of `x` from `first` on, or that it is ambiguous.
fn finish<T: Scalar, U: Scalar>(
    (x, first): (Rows<'_, T>, usize),
    y: Rows<'_, U>,
    found: &[Nearest<T>],
    (indices, mut distances): (&mut [i64], Option<&mut [T]>),
) -> Result<()> {
    if let Some(distances) = &mut distances {
        for (distance, nearest) in distances.iter_mut().zip(found) {
            *distance = nearest.least.sqrt();
        }
    }
    let wanted = distances.is_some();
    for (i, (index, &nearest)) in indices.iter_mut().zip(found).enumerate() {
        // A NaN or infinity in the row leaves no finite distance, so that looking at every row's values is not needed.
        if !nearest.least.is_finite() && !x.are_finite(first + i..first + i + 1) {
            return Err(Error::invalid("x", "holds NaN or infinity"));
        }
        let is_known = !is_ambiguous(nearest, x.width());
        *index = if is_known { nearest.index as i64 } else { AMBIGUOUS };
        if is_known && loses_digits(nearest, x.width(), wanted) {
            let row = x.row(first + i);
            let (nearest, distance) = match T::NARROWER_THAN_REFERENCE {
                true => (nearest.index, between(row, y.row(nearest.index))),
                false => nearest_of_extremes(row, y, nearest.index),
            };
            *index = nearest as i64;
            distances.iter_mut().for_each(|distances| distances[i] = T::from_f64(distance));
        }
    }
    Ok(())
}

/// Whether the squared distance to the nearest row is not what another should be chosen by, or, in `f32`, the distance
/// computed by, if it is `wanted`. Which row is the nearest, [`is_ambiguous`] tells there.
#[inline(always)]
fn loses_digits<T: Scalar>(nearest: Nearest<T>, width: usize, wanted: bool) -> bool {
    match T::NARROWER_THAN_REFERENCE {
        true => wanted && (width > FEW_SQUARES || !is_in_range(nearest.least)),
        false => !is_in_range(nearest.least),
    }
}

/// Refines ambiguous rows by differences in `f64`; the first of `indices` is that of row `first` of `x`.
pub fn refine_by_differences<S: Simd, T: Scalar, U: Scalar>(
    simd: S,
    threads: &Threads<'_>,
    (x, first): (Rows<'_, T>, usize),
    y: Rows<'_, U>,
    indices: &mut [i64],
    distances: Option<&mut [T]>,
) -> Result<()> {
    let at_once = columns_in::<S, f64>(STRIP_BYTES, x.width());
    refine((x, first), at_once, (indices, distances), |x, indices, distances| {
        Search { threads, x, y, indices, distances: Some(distances) }.by_differences(simd, 0)
    })
}
