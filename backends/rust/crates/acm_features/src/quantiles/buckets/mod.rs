//! Quantiles by a histogram: count by buckets, then select only within the buckets that hold a wanted rank.
//!
//! ```text
//! sample 64 values -> a rising map of values to at most 1,024 buckets          (see map; exact for any map that rises)
//! pass 1: counts[map(x)] += 1
//! wanted ranks -> the buckets in which they lie, and their place among the values of those    (see ranks)
//! pass 2: copy the values of these buckets;  quickselect each wanted place among them
//! ```
//!
//! Why: few quantiles need no sort; two passes without a data-dependent branch run at the speed of the cache, and ties
//! or outliers only cost the size of their bucket. One distribution pass of a most-significant-digit radix sort, with
//! the digit taken from a sample instead of from the bits. Cost: two passes, and O(k) selection in about n / 1,024
//! values for each of k quantiles.
//!
//! A thread takes some neighbouring short columns through the whole search; long ones are cut into bands of rows, and
//! all threads share each of the two passes.

mod map;
mod ranks;
mod shared;

use std::ops::Range;

use acm_core::panels::{LANES, Lanes, Panel, panels};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads, memory};

use self::map::Buckets;
use self::ranks::Wanted;
use super::Quantile;
use crate::Missing;

/// Columns of more rows than this are long. The tables of a long one are then small beside its values.
const BAND_ROWS: usize = 32 * 1024;

/// How many rows ahead of the one being looked at are brought into the cache.
const ROWS_AHEAD: usize = 16;

/// Writes the quantiles of the first column, then those of the second, to `found`.
///
/// Answers which columns are left out: long ones of which more than `share` would have to be ordered, because of ties
/// or far outliers.
pub fn quantiles<T: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    quantiles: &[Quantile],
    missing: Missing,
    share: f64,
    found: &mut [f64],
) -> Result<Vec<usize>> {
    simd::dispatch(Search { threads, x, quantiles, missing, share, found })
}

struct Search<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    quantiles: &'a [Quantile],
    missing: Missing,
    share: f64,
    found: &'a mut [f64],
}

impl<T: Scalar> Task for Search<'_, T> {
    type Output = Result<Vec<usize>>;

    // All columns of a panel in one register.
    const MAY_BE_WIDE: bool = size_of::<Lanes<T>>() == simd::CACHE_LINE;

    fn run<S: Simd>(self, simd: S) -> Result<Vec<usize>> {
        match (self.x.width(), self.x.count() <= BAND_ROWS) {
            (1, true) => self.block_by_block::<S, true>(simd),
            (1, false) => self.shared::<S, true>(simd),
            (_, true) => self.block_by_block::<S, false>(simd),
            (_, false) => self.shared::<S, false>(simd),
        }
    }
}

impl<T: Scalar> Search<'_, T> {
    /// Each thread takes some columns from the first pass to the end; it meets the others once.
    fn block_by_block<S: Simd, const SINGLE: bool>(self, simd: S) -> Result<Vec<usize>> {
        let Search { threads, x, quantiles, missing, found, .. } = self;
        let blocks = panels(x, 0..x.width()).zip(found.chunks_mut(LANES * quantiles.len()));
        threads.for_each(work(x), blocks, |(panel, found)| {
            Block::<T, SINGLE>::new(x, panel, missing).find(simd, quantiles, found)
        })?;
        Ok(Vec::new())
    }
}

/// Elementary steps: two passes, and the ordering of what they keep.
fn work<T>(x: Rows<'_, T>) -> usize {
    x.count().saturating_mul(x.width()).saturating_mul(8)
}

/// Neighbouring columns, one a lane; `SINGLE` if they are one column, of which every lane takes a row.
struct Block<'a, T, const SINGLE: bool> {
    x: Rows<'a, T>,
    panel: Panel<'a, T>,
    buckets: Buckets<T>,
}

impl<'a, T: Scalar, const SINGLE: bool> Block<'a, T, SINGLE> {
    fn new(x: Rows<'a, T>, panel: Panel<'a, T>, missing: Missing) -> Self {
        Block { x, panel, buckets: Buckets::new::<SINGLE>(panel, x.count(), missing) }
    }

    /// Writes the quantiles of each column, one column after the other.
    fn find<S: Simd>(&self, simd: S, quantiles: &[Quantile], found: &mut [f64]) -> Result<()> {
        let (table, rows) = (self.buckets.table(), 0..self.x.count());
        let mut counts = memory::filled(table * LANES, 0)?;
        simd.vectorize(
            #[inline(always)]
            || self.count::<S>(rows.clone(), &mut counts),
        );
        let mut keeps = memory::filled(table * LANES, 0)?;
        let mut columns = memory::with_capacity(LANES)?;
        let mut starts = [0; LANES];
        let mut size = 0;
        for (lane, counts) in counts.chunks_exact(table).take(self.panel.columns().len()).enumerate() {
            let wanted = Wanted::new(quantiles, &counts[..table - 1], &mut keeps[lane * table..][..table])?;
            starts[lane] = size;
            // One place more, where what is not kept is written to.
            size += wanted.kept() + 1;
            memory::push(&mut columns, wanted)?;
        }
        let mut kept = memory::filled(size + 1, T::ZERO)?;
        starts[columns.len()..].fill(size);
        simd.vectorize(
            #[inline(always)]
            || self.keep::<S>(rows, &keeps, starts, &mut kept),
        );
        for ((column, start), found) in columns.iter().zip(starts).zip(found.chunks_exact_mut(quantiles.len())) {
            column.finish(quantiles, &mut kept[start..start + column.kept()], found);
        }
        Ok(())
    }

    /// Counts the values of each lane by bucket, the missing ones behind the last.
    #[inline(always)]
    fn count<S: Simd>(&self, rows: Range<usize>, counts: &mut [u32]) {
        self.for_each(
            rows,
            #[inline(always)]
            |values| {
                let places = self.buckets.places::<S, SINGLE>(values);
                for place in places {
                    counts[place] += 1;
                }
            },
        );
    }

    /// Writes the values of the buckets that `keeps` names to `kept`, each lane's from its start on. Answers where each
    /// lane's end, the place where the next one would be written.
    #[inline(always)]
    fn keep<S: Simd>(
        &self,
        rows: Range<usize>,
        keeps: &[u8],
        starts: [usize; LANES],
        kept: &mut [T],
    ) -> [usize; LANES] {
        let mut next = starts;
        self.for_each(
            rows,
            #[inline(always)]
            |values| {
                let places = self.buckets.places::<S, SINGLE>(values);
                for lane in 0..LANES {
                    let next = if SINGLE { &mut next[0] } else { &mut next[lane] };
                    kept[*next] = values[lane];
                    *next += usize::from(keeps[places[lane]]);
                }
            },
        );
        next
    }

    /// Calls `each` with one value a lane, NaN where there is none, until all of `rows` have been there.
    #[inline(always)]
    fn for_each(&self, rows: Range<usize>, mut each: impl FnMut(Lanes<T>)) {
        if SINGLE {
            for rows in self.x.values()[rows].chunks(LANES) {
                let mut lanes = [T::NAN; LANES];
                lanes[..rows.len()].copy_from_slice(rows);
                each(lanes);
            }
        } else if let Some(panel) = self.panel.whole() {
            self.for_each_of(panel, rows, each);
        } else {
            self.for_each_of(self.panel, rows, each);
        }
    }

    #[inline(always)]
    fn for_each_of(&self, panel: Panel<'_, T>, rows: Range<usize>, mut each: impl FnMut(Lanes<T>)) {
        // Short columns are in a cache by the second pass, and often by the first.
        let is_far = self.x.count() > BAND_ROWS;
        for row in rows {
            if is_far {
                panel.prefetch(row + ROWS_AHEAD);
            }
            each(panel.row(row));
        }
    }
}
