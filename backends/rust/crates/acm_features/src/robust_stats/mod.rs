//! Location and spread that outliers do not move.
//!
//! [`search`] finds one column's median from a sample and a count; [`sweep`] counts, for all columns in one pass over
//! the matrix; [`short`] does without such passes where a column fits in the cache. A second search finds the median
//! absolute deviation.

mod search;
mod short;
mod sweep;

use acm_core::rows::one_a_column;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use self::search::Search;
use self::sweep::{BLOCK_COLUMNS, Matrix, Subject, sweep};
use crate::Missing;
use crate::by_column::values_of;
use crate::quantiles::Quantile;

/// Makes the MAD of normal data estimate its standard deviation.
pub const NORMAL_CONSISTENCY: f64 = 1.4826;

/// Below so many rows a column is ordered as it is, without a sample.
const ROWS_WORTH_A_SAMPLE: usize = 1000;

/// Writes each column's median to `median` and `scale` times the median absolute deviation from it to `mad`.
///
/// The median of an even count is the mean of the two middle values. NaN where a column has no values; so is the
/// deviation from an infinite median.
pub fn column_median_mad<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    scale: f64,
    missing: Missing,
    median: &mut [T],
    mad: &mut [T],
) -> Result<()> {
    one_a_column("median", median, x.ncols())?;
    one_a_column("mad", mad, x.ncols())?;
    let (medians, halves) = medians_and_half_deviations(threads, x, missing)?;
    median.iter_mut().zip(medians).for_each(|(out, value)| *out = T::from_f64(value));
    mad.iter_mut().zip(halves).for_each(|(out, half)| *out = T::from_f64(scale * half * 2.0));
    Ok(())
}

/// Each column's median.
pub fn medians<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, missing: Missing) -> Result<Vec<f64>> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    if x.height() <= short::MOST_ROWS {
        return Ok(short::medians_and_half_deviations(threads, x, false)?.0);
    }
    Searches::new(threads, x, &[Quantile::MEDIAN], &|_| true)?.finish(Subject::Value)
}

/// Each column's median and half the median absolute deviation from it, which itself may be larger than all numbers.
pub(crate) fn medians_and_half_deviations<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    missing: Missing,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    if x.height() <= short::MOST_ROWS {
        return short::medians_and_half_deviations(threads, x, true);
    }
    let mut searches = Searches::new(threads, x, &[Quantile::MEDIAN], &|_| true)?;
    let medians = searches.finish(Subject::Value)?;
    let work = searches.work();
    threads.for_each(work, searches.searches.iter_mut().zip(&mut searches.samples), |(search, sample)| {
        search.turn_to_distances(sample);
        Ok(())
    })?;
    Ok((medians, searches.finish(Subject::HalfDistance)?))
}

/// Writes some quantiles of these `columns`, which rise, to `found`, where each column has a place for each.
pub(crate) fn quantiles<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    columns: &[usize],
    quantiles: &[Quantile],
    missing: Missing,
    found: &mut [f64],
) -> Result<()> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    let wanted = |column| columns.binary_search(&column).is_ok();
    let values = Searches::new(threads, x, quantiles, &wanted)?.finish(Subject::Value)?;
    for column in columns {
        let places = column * quantiles.len()..(column + 1) * quantiles.len();
        found[places.clone()].copy_from_slice(&values[places]);
    }
    Ok(())
}

/// The searches in the columns of a matrix, as many in each as there are quantiles.
struct Searches<'a, T> {
    threads: &'a Threads<'a>,
    x: Matrix<'a, T>,
    each: usize,
    samples: Vec<Vec<T>>,
    searches: Vec<Search<T>>,
}

impl<'a, T: Scalar> Searches<'a, T> {
    /// Searches in those columns for which `wanted` says so.
    fn new(
        threads: &'a Threads<'a>,
        x: Matrix<'a, T>,
        quantiles: &[Quantile],
        wanted: &(dyn Fn(usize) -> bool + Sync),
    ) -> Result<Self> {
        let each = quantiles.len();
        let samples = memory::collected((0..x.width).map(|_| Vec::new()))?;
        let searches = memory::collected((0..x.width * each).map(|_| Search::OVER))?;
        let mut searches = Searches { threads, x, each, samples, searches };
        let work = searches.work();
        let blocks = searches.samples.chunks_mut(BLOCK_COLUMNS).zip(searches.searches.chunks_mut(BLOCK_COLUMNS * each));
        threads.for_each(work, blocks.enumerate(), |(block, (samples, searches))| {
            start(x, block * BLOCK_COLUMNS, quantiles, wanted, samples, searches)
        })?;
        Ok(searches)
    }

    /// Elementary steps that the samples of all columns cost.
    fn work(&self) -> usize {
        self.x.width * sample_size(self.x.height()) * 4 * self.each
    }

    /// The quantity searched for.
    fn finish(&mut self, subject: Subject) -> Result<Vec<f64>> {
        while self.searches.iter().any(|search| search.bracket().is_some()) {
            let mut tallies = sweep(self.threads, self.x, subject, self.each, &self.searches)?;
            let work = self.x.values.len() * self.each;
            let columns = self.searches.chunks_mut(self.each).zip(tallies.chunks_mut(self.each)).zip(&mut self.samples);
            self.threads.for_each(work, columns, |((searches, tallies), sample)| {
                for (search, tally) in searches.iter_mut().zip(tallies) {
                    search.conclude(std::mem::take(tally), sample);
                }
                Ok(())
            })?;
        }
        memory::collected(self.searches.iter().map(Search::value))
    }
}

/// Takes samples of neighbouring columns and starts the searches for their `quantiles`.
fn start<T: Scalar>(
    x: Matrix<'_, T>,
    first_column: usize,
    quantiles: &[Quantile],
    wanted: &(dyn Fn(usize) -> bool + Sync),
    samples: &mut [Vec<T>],
    searches: &mut [Search<T>],
) -> Result<()> {
    for (_, sample) in (first_column..).zip(&mut *samples).filter(|(column, _)| wanted(*column)) {
        *sample = memory::with_capacity(sample_size(x.height()))?;
    }
    for row in sampled_rows(x.height(), sample_size(x.height())) {
        for (column, sample) in (first_column..).zip(&mut *samples).filter(|(column, _)| wanted(*column)) {
            let value = x.value(row, column);
            if !value.is_nan() {
                memory::push(sample, value)?;
            }
        }
    }
    for (column, (searches, sample)) in (first_column..).zip(searches.chunks_mut(quantiles.len()).zip(samples)) {
        if wanted(column) {
            for (search, &quantile) in searches.iter_mut().zip(quantiles) {
                *search = Search::new(quantile, sample);
            }
        }
    }
    Ok(())
}

/// How many of `rows` rows to look at first: ordering them and ordering what their bracket holds then cost about the
/// same.
fn sample_size(rows: usize) -> usize {
    if rows < ROWS_WORTH_A_SAMPLE { 0 } else { (rows as f64).powf(2.0 / 3.0) as usize }
}

/// A random row out of each of `size` equal parts, at most one for each row; the same ones for every matrix of that
/// height.
pub(crate) fn sampled_rows(rows: usize, size: usize) -> impl Iterator<Item = usize> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    (0..size).map(move |part| {
        // Marsaglia's xorshift: periods in the data must not meet a period of the sample.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let start = part * (rows / size);
        start + (state >> 33) as usize % (rows / size)
    })
}

#[cfg(test)]
mod tests;
