//! Filter and refine: the nearest of many rows by `f32` scores, and by exact differences where scores leave it open.
//!
//! ```text
//! for bands of rows of x:                                          the first band is short: a trial
//!     for strips of y that fit the L2 cache:
//!         pack the strip (BLIS);  for tiles of the band (handed to threads): scores, best and second best a row
//!     rows whose best two scores lie within the bound (see scores): refine by differences
//!     more than one row in eight ambiguous: all rows that follow are compared by differences at once
//! ```
//!
//! Why: results are those of differences, bit for bit, at the price of the scores; near duplicates and offsets, on
//! which the Gram form alone fails, only make more rows ambiguous. Cost: n m (d + 1) `f32` multiply-adds and the
//! refinements.

use std::ops::Range;

use acm_core::micro::BLOCK_ROWS;
use acm_core::pack::{STRIP_BYTES, columns_in};
use acm_core::simd::Simd;
use acm_core::{Result, Scalar, Threads, memory};

use super::argmin_lanes::{Nearest, parts};
use super::differences::{BAND_ROWS, Search, TILE_STEPS, refine_by_differences};
use super::refine::AMBIGUOUS;
use super::scores::Scores;

/// To fewer rows differences are computed as fast as scores and what comes with them.
const LEAST_CHOICES: usize = 17;

/// For fewer rows of `x` the lengths of `y` are not worth it.
const LEAST_ROWS: usize = 64;

/// The longer the rows, the more ambiguities.
const LONGEST: usize = 1024;

/// Rows after which ambiguities are counted for the first time.
const TRIAL_ROWS: usize = 2048;

/// Where more than one row in so many is ambiguous, differences are computed of all that follow.
const RARE: usize = 8;

/// Whether scores are worth computing for such a search.
pub fn pays<T: Scalar>(search: &Search<'_, T>) -> bool {
    search.y.count() >= LEAST_CHOICES && search.x.count() >= LEAST_ROWS && (1..=LONGEST).contains(&search.x.width())
}

/// Finds all that `search` asks for.
pub fn search<S: Simd, T: Scalar>(simd: S, search: Search<'_, T>) -> Result<()> {
    let scores = if pays(&search) { Scores::new(search.threads, search.x, search.y)? } else { None };
    let Some(scores) = scores else { return search.by_differences(simd, 0) };
    let Search { threads, x, y, indices, mut distances } = search;
    let mut found = memory::filled(x.count().min(BAND_ROWS), Nearest::NONE)?;
    let (mut first, mut height) = (0, TRIAL_ROWS);
    while first < x.count() {
        let band = first..(first + height).min(x.count());
        let found = &mut found[..band.len()];
        let indices = &mut indices[band.clone()];
        let mut distances = distances.as_mut().map(|distances| &mut distances[band.clone()]);
        search_band((simd, threads), &scores, band.clone(), found, (indices, distances.as_deref_mut()))?;
        let ambiguous = indices.iter().filter(|&&index| index == AMBIGUOUS).count();
        refine_by_differences(simd, threads, (x, first), y, indices, distances)?;
        (first, height) = (band.end, BAND_ROWS);
        if ambiguous > band.len() / RARE {
            break;
        }
    }
    Search { threads, x, y, indices, distances }.by_differences(simd, first)
}

/// Takes a band of rows through all of `y`.
fn search_band<S: Simd, T: Scalar>(
    (simd, threads): (S, &Threads<'_>),
    scores: &Scores<'_, T>,
    band: Range<usize>,
    found: &mut [Nearest<f32>],
    (indices, mut distances): (&mut [i64], Option<&mut [T]>),
) -> Result<()> {
    found.fill(Nearest::NONE);
    let (count, stride) = (scores.count(), scores.stride());
    let strip = columns_in::<S, f32>(STRIP_BYTES, stride);
    for first in (0..count).step_by(strip) {
        let strip = first..(first + strip).min(count);
        let panels = scores.pack((simd, threads), strip.clone())?;
        let steps_a_row = strip.len() * stride;
        let height = (TILE_STEPS / steps_a_row).max(1).next_multiple_of(BLOCK_ROWS);
        let tiles = found.chunks_mut(height).zip(parts(band.start, height, indices, distances.as_deref_mut())?);
        let scratch = || memory::filled(height.min(band.len()) * stride, 0.0);
        let work = steps_a_row.saturating_mul(band.len());
        threads.for_each_with(work, tiles, scratch, |tile, (found, (first, out))| {
            simd.vectorize(
                #[inline(always)]
                || {
                    scores.fill(first..first + found.len(), tile);
                    scores.compare(tile, &panels, found);
                    if strip.end == count {
                        scores.finish::<S>(first, tile, found, out);
                    }
                },
            );
            Ok(())
        })?;
    }
    Ok(())
}
