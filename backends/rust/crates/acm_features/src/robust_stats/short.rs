//! Short columns: a thread takes some neighbouring columns, transposed once, through the whole search.
//!
//! Threads then meet once, at the end, and not after each pass; on a busy machine waiting for each other is dear.

use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads, memory};

use super::search::{Search, Tally};
use super::start;
use super::sweep::{BLOCK_COLUMNS, Matrix, Subject, count, keep, stride};
use crate::quantiles::Quantile;

/// Columns of no more rows than this are short: eight of them stay in the L3 cache.
pub const MOST_ROWS: usize = 32 * 1024;

/// Each column's median and, if wanted, the median absolute deviation from it.
pub fn medians_and_deviations<T: Scalar>(
    threads: &Threads<'_>,
    x: Matrix<'_, T>,
    deviations_wanted: bool,
) -> Result<(Vec<f64>, Vec<f64>)> {
    simd::dispatch(Short { threads, x, deviations_wanted })
}

struct Short<'a, T> {
    threads: &'a Threads<'a>,
    x: Matrix<'a, T>,
    deviations_wanted: bool,
}

impl<T: Scalar> Task for Short<'_, T> {
    type Output = Result<(Vec<f64>, Vec<f64>)>;

    fn run<S: Simd>(self, simd: S) -> Result<(Vec<f64>, Vec<f64>)> {
        let Short { threads, x, deviations_wanted } = self;
        let mut medians = memory::filled(x.width, f64::NAN)?;
        let mut deviations = memory::filled(x.width, f64::NAN)?;
        let stride = stride(x.height());
        let prepare = || memory::filled((BLOCK_COLUMNS + 1) * stride, 0.0);
        let work = x.values.len().saturating_mul(8);
        let blocks = medians.chunks_mut(BLOCK_COLUMNS).zip(deviations.chunks_mut(BLOCK_COLUMNS)).enumerate();
        threads.for_each_with(work, blocks, prepare, |scratch, (b, (medians, deviations))| {
            let first = b * BLOCK_COLUMNS;
            let mut searches: [Search; BLOCK_COLUMNS] = Default::default();
            start(x, first, &[Quantile::MEDIAN], &mut searches[..medians.len()])?;
            let (block, between) = scratch.split_at_mut(BLOCK_COLUMNS * stride);
            simd.vectorize(
                #[inline(always)]
                || x.transpose(0..x.height(), first, stride, block),
            );
            let columns = searches.iter_mut().zip(block.chunks_mut(stride));
            for ((search, column), (median, deviation)) in columns.zip(medians.iter_mut().zip(deviations)) {
                let column = &mut column[..x.height()];
                *median = search_through(simd, x, Subject::Value, search, column, between)?;
                if deviations_wanted {
                    search.turn_to_deviations();
                    *deviation = search_through(simd, x, Subject::Deviation, search, column, between)?;
                }
            }
            Ok(())
        })?;
        Ok((medians, deviations))
    }
}

/// The median of `subject` of the values of a column, which become it.
fn search_through<S: Simd, T: Scalar>(
    simd: S,
    x: Matrix<'_, T>,
    subject: Subject,
    search: &mut Search,
    column: &mut [f64],
    between: &mut [f64],
) -> Result<f64> {
    simd.vectorize(
        #[inline(always)]
        || x.prepare(subject, search.value(), column),
    );
    while let Some(bracket) = search.bracket() {
        let (counts, kept) = simd.vectorize(
            #[inline(always)]
            || (count(column, bracket), keep::<S>(column, bracket, between)),
        );
        let mut tally = Tally::default();
        tally.add(counts, &between[..kept])?;
        search.conclude(tally);
    }
    Ok(search.value())
}
