//! Strong correlations among many columns: found with `f32` products, in two thirds of the time, and computed from
//! `f64` ones where few are strong.

use std::ops::{ControlFlow, RangeInclusive};

use acm_core::{Result, Scalar, Threads, memory, simd};

use super::sparse::Kept;
use super::standard::Standard;
use super::tiles::{DEPTH, for_each_tile};

/// By how much a coefficient from `f32` products of `height` rows may be wrong, twice over.
///
/// It is a sum of products of two columns of length 1, whose magnitudes sum up to 1 at most (Cauchy-Schwarz). With u,
/// half of `EPSILON`, rounding both factors changes each product by 2 u of it at most, multiplying and adding it up
/// with the others of its [`DEPTH`] rows by (`DEPTH` + 1) u, and adding up m such sums by m u. That is (`DEPTH` + m +
/// 3) u and terms of u^2. The other half covers these, the lengths' last digits and what is too small for `f32`.
fn margin(height: usize) -> f64 {
    (DEPTH + height.div_ceil(DEPTH) + 4) as f64 * f64::from(f32::EPSILON)
}

/// With fewer rows there is little to gain; with more the margin grows to a coefficient that is far from strong.
const ROWS_SCREENED: RangeInclusive<usize> = 256..=1 << 22;

/// With so many columns the first tiles, after which a screen may be given up, are a tenth of all.
const LEAST_COLUMNS: usize = 2000;

/// Where more than one in so many coefficients is strong, computing these again takes what the screen saves.
const SPARSE: usize = 64;

/// Rows whose products are summed up at a time.
const ROWS: usize = 64;

/// Columns that a thread lays out between two looks at the queue.
const COLUMNS: usize = 32;

/// The correlations of at least `threshold`, or None if they are to be computed without a screen.
pub fn screened<T: Scalar>(
    threads: &Threads<'_>,
    standard: &Standard<'_, T>,
    threshold: f64,
) -> Result<Option<Kept<T>>> {
    let (height, width) = (standard.x.count(), standard.x.width());
    if T::NARROWER_THAN_REFERENCE || !ROWS_SCREENED.contains(&height) || width < LEAST_COLUMNS {
        return Ok(None);
    }
    // What is not strong for certain; rounded to `f32` that is a little less or more, which the margin covers as well.
    let candidate = (threshold - margin(height)) as f32;
    let mut kept = Kept::new(width)?;
    let (mut seen, mut found, mut few) = (0, 0, true);
    for_each_tile::<f32, f32, _>(threads, standard, 1, |tile| {
        seen += tile.rows.len() * tile.columns.len();
        found += kept.add(standard, tile, candidate)?;
        few = found <= seen / SPARSE;
        Ok(if few { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    if !few {
        return Ok(None);
    }
    compute(threads, standard, &mut kept, found)?;
    kept.drop_weak(threshold);
    Ok(Some(kept))
}

/// Gives the `count` entries of `kept` their values, but for the diagonal, which has them.
fn compute<T: Scalar>(
    threads: &Threads<'_>,
    standard: &Standard<'_, T>,
    kept: &mut Kept<T>,
    count: usize,
) -> Result<()> {
    let (height, width) = (standard.x.count(), standard.x.width());
    kept.tiles_mut().iter_mut().flat_map(|tile| tile.pairs_mut()).for_each(|(_, value)| *value = T::ZERO);
    let mut columns = memory::filled(width * ROWS, 0.0)?;
    for first in (0..height).step_by(ROWS) {
        let blocks = columns.chunks_mut(COLUMNS * ROWS).zip((0..width).step_by(COLUMNS));
        threads.for_each(width * ROWS, blocks, |(out, column)| {
            simd::vectorized(
                #[inline(always)]
                || lay_out(standard, first, column, out),
            );
            Ok(())
        })?;
        let column = |index: usize| &columns[index * ROWS..][..ROWS];
        threads.for_each(count.saturating_mul(ROWS), kept.tiles_mut().iter_mut(), |tile| {
            simd::vectorized(
                #[inline(always)]
                || {
                    for ([i, j], value) in tile.pairs_mut() {
                        *value += T::from_f64(dot(column(i), column(j)));
                    }
                },
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// Writes [`ROWS`] rows of some columns from `column` on, one column after the other; zeros for rows beyond the last.
#[inline(always)]
fn lay_out<T: Scalar>(standard: &Standard<'_, T>, first: usize, column: usize, out: &mut [f64]) {
    let count = out.len() / ROWS;
    let mut row = [0.0; COLUMNS];
    for k in 0..ROWS {
        if first + k < standard.x.count() {
            standard.write_row(first + k, column..column + count, &mut row[..count]);
        } else {
            row.fill(0.0);
        }
        out.chunks_exact_mut(ROWS).zip(row).for_each(|(column, value)| column[k] = value);
    }
}

/// The sum of products.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Several sums, so that one addition need not wait for the one before.
    let mut sums = [0.0; 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}
