//! Long columns: each pass over them is shared by all threads, band by band.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use acm_core::panels::{LANES, panels};
use acm_core::simd::Simd;
use acm_core::{Result, Scalar, Threads, memory};

use super::super::Quantile;
use super::ranks::Wanted;
use super::{BAND_ROWS, Block, Search, work};

/// Rows after which the values kept of them are handed over.
const STRIP_ROWS: usize = 1024;

impl<T: Scalar> Search<'_, T> {
    /// All threads go through all columns, once to count their values and once to keep some of them.
    pub fn shared<S: Simd, const SINGLE: bool>(self, simd: S) -> Result<Vec<usize>> {
        let Search { threads, x, quantiles, missing, share, found } = self;
        let mut blocks = memory::with_capacity(x.width().div_ceil(LANES))?;
        for panel in panels(x, 0..x.width()) {
            memory::push(&mut blocks, Long::new(Block::<T, SINGLE>::new(x, panel, missing))?)?;
        }
        for_each_band(threads, work(x), x.count(), &blocks, |block, rows| block.count(simd, rows))?;
        let most = (share * x.count() as f64) as usize;
        blocks.iter_mut().try_for_each(|block| block.choose(quantiles, most))?;
        for_each_band(threads, work(x), x.count(), &blocks, |block, rows| block.keep(simd, rows))?;
        let mut columns = memory::with_capacity(x.width())?;
        let all = blocks.iter_mut().flat_map(|block| &mut block.columns);
        memory::extend(&mut columns, all.zip(found.chunks_mut(quantiles.len())))?;
        threads.for_each(work(x) / 16, columns.into_iter(), |(column, found)| {
            column.finish(quantiles, found);
            Ok(())
        })?;
        let columns = blocks.iter().flat_map(|block| &block.columns).enumerate();
        memory::collected(columns.filter(|(_, column)| column.wanted.is_none()).map(|(j, _)| j))
    }
}

/// Calls `body` for each band of rows of each block; neighbouring blocks share cache lines.
fn for_each_band<B: Sync>(
    threads: &Threads<'_>,
    work: usize,
    count: usize,
    blocks: &[B],
    body: impl Fn(&B, Range<usize>) -> Result<()> + Sync,
) -> Result<()> {
    let bands = (0..count).step_by(BAND_ROWS).map(|first| first..(first + BAND_ROWS).min(count));
    let tiles = bands.flat_map(|rows| blocks.iter().map(move |block| (block, rows.clone())));
    threads.for_each(work, tiles, |(block, rows)| body(block, rows))
}

/// A block of long columns.
struct Long<'a, T, const SINGLE: bool> {
    block: Block<'a, T, SINGLE>,
    counts: Mutex<Vec<u32>>,
    keeps: Vec<u8>,
    columns: Vec<Column<T>>,
}

/// What is wanted of a column, None if that would be too much, and what is kept of it.
struct Column<T> {
    wanted: Option<Wanted>,
    kept: Mutex<Vec<T>>,
}

impl<'a, T: Scalar, const SINGLE: bool> Long<'a, T, SINGLE> {
    fn new(block: Block<'a, T, SINGLE>) -> Result<Self> {
        let size = LANES * block.buckets.table();
        let columns = memory::with_capacity(block.panel.columns().len())?;
        Ok(Long { block, counts: Mutex::new(memory::filled(size, 0)?), keeps: memory::filled(size, 0)?, columns })
    }

    /// Adds the values of `rows` to the counts.
    fn count<S: Simd>(&self, simd: S, rows: Range<usize>) -> Result<()> {
        let mut counts = memory::filled(self.keeps.len(), 0)?;
        simd.vectorize(
            #[inline(always)]
            || self.block.count::<S>(rows, &mut counts),
        );
        let mut all = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter_mut().zip(counts).for_each(|(all, count)| *all += count);
        Ok(())
    }

    /// Decides what to keep of each column, unless it is more than `most` values.
    fn choose(&mut self, quantiles: &[Quantile], most: usize) -> Result<()> {
        let table = self.block.buckets.table();
        let counts = std::mem::take(self.counts.get_mut().unwrap_or_else(PoisonError::into_inner));
        let tables = counts.chunks_exact(table).zip(self.keeps.chunks_exact_mut(table));
        for (counts, keeps) in tables.take(self.block.panel.columns().len()) {
            let wanted = Wanted::new(quantiles, &counts[..table - 1], keeps)?;
            let wanted = if wanted.kept() > most { None } else { Some(wanted) };
            if wanted.is_none() {
                keeps.fill(0);
            }
            let room = wanted.as_ref().map_or(0, Wanted::kept);
            memory::push(&mut self.columns, Column { wanted, kept: Mutex::new(memory::with_capacity(room)?) })?;
        }
        Ok(())
    }

    /// Adds the values of `rows` that are to be kept to those that are.
    fn keep<S: Simd>(&self, simd: S, rows: Range<usize>) -> Result<()> {
        // One place more, where what is not kept is written to.
        let room = STRIP_ROWS + 1;
        let mut kept = memory::filled(LANES * room, T::ZERO)?;
        let starts = std::array::from_fn(|lane| lane * room);
        for first in rows.clone().step_by(STRIP_ROWS) {
            let strip = first..(first + STRIP_ROWS).min(rows.end);
            let ends = simd.vectorize(
                #[inline(always)]
                || self.block.keep::<S>(strip, &self.keeps, starts, &mut kept),
            );
            for (column, (start, end)) in self.columns.iter().zip(starts.into_iter().zip(ends)) {
                let mut all = column.kept.lock().unwrap_or_else(PoisonError::into_inner);
                memory::extend(&mut all, kept[start..end].iter().copied())?;
            }
        }
        Ok(())
    }
}

impl<T: Scalar> Column<T> {
    fn finish(&mut self, quantiles: &[Quantile], found: &mut [f64]) {
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(wanted) = &self.wanted {
            wanted.finish(quantiles, kept, found);
        }
    }
}
