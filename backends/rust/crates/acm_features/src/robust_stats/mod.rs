//! Location and spread that outliers do not move.
//!
//! [`search`] finds one column's median from a sample and a count; [`sweep`] counts, for all columns in one pass over
//! the matrix; [`short`] does without such passes where a column fits in the cache. A second search finds the median
//! absolute deviation.

mod search;
mod short;
mod sweep;

use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use self::search::Search;
use self::sweep::{BLOCK_COLUMNS, Matrix, Subject, sweep};
use crate::Missing;
use crate::by_column::{one_a_column, values_of};
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
    let (medians, deviations) = medians_and_deviations(threads, x, missing)?;
    median.iter_mut().zip(medians).for_each(|(out, value)| *out = T::from_f64(value));
    mad.iter_mut().zip(deviations).for_each(|(out, value)| *out = T::from_f64(scale * value));
    Ok(())
}

/// Each column's median.
pub fn medians<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, missing: Missing) -> Result<Vec<f64>> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    if x.height() <= short::MOST_ROWS {
        return Ok(short::medians_and_deviations(threads, x, false)?.0);
    }
    Searches::new(threads, x, &[Quantile::MEDIAN])?.finish(Subject::Value)
}

/// Each column's median and the median absolute deviation from it.
pub(crate) fn medians_and_deviations<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    missing: Missing,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    if x.height() <= short::MOST_ROWS {
        return short::medians_and_deviations(threads, x, true);
    }
    let mut searches = Searches::new(threads, x, &[Quantile::MEDIAN])?;
    let medians = searches.finish(Subject::Value)?;
    threads.for_each(searches.work(), searches.searches.iter_mut(), |search| {
        search.turn_to_deviations();
        Ok(())
    })?;
    Ok((medians, searches.finish(Subject::Deviation)?))
}

/// Some quantiles of each column: those of the first, then those of the second.
pub(crate) fn quantiles<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    quantiles: &[Quantile],
    missing: Missing,
) -> Result<Vec<f64>> {
    let x = Matrix { values: values_of(x)?, width: x.ncols(), missing };
    Searches::new(threads, x, quantiles)?.finish(Subject::Value)
}

/// The searches in all columns of a matrix, as many in each as there are quantiles.
struct Searches<'a, T> {
    threads: &'a Threads<'a>,
    x: Matrix<'a, T>,
    each: usize,
    searches: Vec<Search>,
}

impl<'a, T: Scalar> Searches<'a, T> {
    fn new(threads: &'a Threads<'a>, x: Matrix<'a, T>, quantiles: &[Quantile]) -> Result<Self> {
        let each = quantiles.len();
        let mut searches = memory::with_capacity(x.width * each)?;
        searches.resize_with(x.width * each, Search::default);
        let mut searches = Searches { threads, x, each, searches };
        let work = searches.work();
        let blocks = searches.searches.chunks_mut(BLOCK_COLUMNS * each).enumerate();
        threads.for_each(work, blocks, |(block, searches)| start(x, block * BLOCK_COLUMNS, quantiles, searches))?;
        Ok(searches)
    }

    /// Elementary steps that the samples of all columns cost.
    fn work(&self) -> usize {
        self.x.width * sample_size(self.x.height()) * 4 * self.each
    }

    /// What is searched for.
    fn finish(&mut self, subject: Subject) -> Result<Vec<f64>> {
        while self.searches.iter().any(|search| search.bracket().is_some()) {
            let tallies = sweep(self.threads, self.x, subject, self.each, &self.searches)?;
            let work = self.x.values.len() * self.each;
            self.threads.for_each(work, self.searches.iter_mut().zip(tallies), |(search, tally)| {
                search.conclude(tally);
                Ok(())
            })?;
        }
        Ok(self.searches.iter().map(Search::value).collect())
    }
}

/// Starts the searches for the `quantiles` of neighbouring columns.
fn start<T: Scalar>(
    x: Matrix<'_, T>,
    first_column: usize,
    quantiles: &[Quantile],
    searches: &mut [Search],
) -> Result<()> {
    let columns = searches.len() / quantiles.len();
    let mut samples: [Vec<f64>; BLOCK_COLUMNS] = Default::default();
    for sample in &mut samples[..columns] {
        sample.try_reserve_exact(sample_size(x.height())).map_err(|_| Error::OutOfMemory)?;
    }
    for row in sampled_rows(x.height()) {
        for (j, sample) in samples[..columns].iter_mut().enumerate() {
            let value = x.value(row, first_column + j);
            if !value.is_nan() {
                sample.push(value);
            }
        }
    }
    for (searches, sample) in searches.chunks_mut(quantiles.len()).zip(samples) {
        for (search, &quantile) in searches.iter_mut().zip(quantiles) {
            let mut own = memory::with_capacity(sample.len())?;
            own.extend_from_slice(&sample);
            *search = Search::new(quantile, own);
        }
    }
    Ok(())
}

/// How many of `rows` rows to look at first: ordering them and ordering what their bracket holds then cost about the
/// same.
fn sample_size(rows: usize) -> usize {
    if rows < ROWS_WORTH_A_SAMPLE { 0 } else { (rows as f64).powf(2.0 / 3.0) as usize }
}

/// A random row out of each of `sample_size` equal parts; the same ones for every matrix of that height.
fn sampled_rows(rows: usize) -> impl Iterator<Item = usize> {
    let size = sample_size(rows);
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
