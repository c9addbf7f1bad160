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

/// Each column's median and, if wanted, half the median absolute deviation from it.
pub fn medians_and_half_deviations<T: Scalar>(
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
        let prepare = || memory::filled((BLOCK_COLUMNS + 1) * stride, T::ZERO);
        let work = x.values.len().saturating_mul(8);
        let blocks = medians.chunks_mut(BLOCK_COLUMNS).zip(deviations.chunks_mut(BLOCK_COLUMNS)).enumerate();
        threads.for_each_with(work, blocks, prepare, |scratch, (b, (medians, deviations))| {
            let first = b * BLOCK_COLUMNS;
            let mut searches = [const { Search::<T>::OVER }; BLOCK_COLUMNS];
            let mut samples = [const { Vec::new() }; BLOCK_COLUMNS];
            start(x, first, &[Quantile::MEDIAN], &|_| true, &mut samples[..medians.len()], &mut searches)?;
            let (block, between) = scratch.split_at_mut(BLOCK_COLUMNS * stride);
            simd.vectorize(
                #[inline(always)]
                || x.transpose::<S>(0..x.height(), first, stride, block),
            );
            let columns = searches.iter_mut().zip(&mut samples).zip(block.chunks_mut(stride));
            for (((search, sample), column), (median, deviation)) in columns.zip(medians.iter_mut().zip(deviations)) {
                let mut column =
                    Column { x, values: &mut column[..x.height()], between: &mut *between, search, sample };
                *median = column.find(simd, Subject::Value)?;
                if deviations_wanted {
                    column.search.turn_to_distances(column.sample);
                    *deviation = column.find(simd, Subject::HalfDistance)?;
                }
            }
            Ok(())
        })?;
        Ok((medians, deviations))
    }
}

/// A column, the search in it, and scratch memory.
struct Column<'a, T> {
    x: Matrix<'a, T>,
    values: &'a mut [T],
    between: &'a mut [T],
    search: &'a mut Search<T>,
    sample: &'a mut Vec<T>,
}

impl<T: Scalar> Column<'_, T> {
    /// The median of `subject` of the values, which become it.
    fn find<S: Simd>(&mut self, simd: S, subject: Subject) -> Result<f64> {
        simd.vectorize(
            #[inline(always)]
            || self.x.prepare(subject, self.search.value(), self.values),
        );
        while let Some(bracket) = self.search.bracket() {
            let (counts, kept) = simd.vectorize(
                #[inline(always)]
                || (count(self.values, bracket), keep::<S, T>(self.values, bracket, self.between)),
            );
            let mut tally = Tally::default();
            tally.add(counts, &self.between[..kept])?;
            self.search.conclude(tally, self.sample);
        }
        Ok(self.search.value())
    }
}
