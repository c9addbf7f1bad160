//! Quantiles by buckets: count the values of a column by a rising function of them, then order only those of the buckets
//! in which a wanted rank lies.
//!
//! The function is `(x - low) * scale`, cut off at both ends and rounded. Each of these steps keeps the order of values
//! that floating point gives, so the ranks are exact for any `low` and `scale`; those only decide how evenly the buckets
//! fill. They come from a small sample. Where most values fall into one bucket (far outliers, ties) that one is ordered
//! as a whole, which costs what ordering the column would.

use acm_core::panels::{LANES, Lanes, Panel, panels};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, memory};

use super::Quantile;
use crate::Missing;

/// The most buckets of a column: the counts of eight columns stay in a core's L1 cache.
const MOST_BUCKETS: usize = 1024;

/// The fewest.
const FEWEST_BUCKETS: usize = 16;

/// Values that a bucket holds on average where there are fewer than [`MOST_BUCKETS`] of them.
const BUCKET_VALUES: usize = 8;

/// Rows of a column that are looked at to choose its buckets.
const SAMPLE: usize = 64;

/// Added to a number below 2^32 it leaves that number, rounded, in the lowest bits: one addition where a conversion
/// would be several instructions.
const ROUNDS: f64 = (1_u64 << 52) as f64;

/// The quantiles of the first column, then those of the second.
pub fn quantiles<T: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    quantiles: &[Quantile],
    missing: Missing,
) -> Result<Vec<f64>> {
    simd::dispatch(Search { threads, x, quantiles, missing })
}

struct Search<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    quantiles: &'a [Quantile],
    missing: Missing,
}

impl<T: Scalar> Task for Search<'_, T> {
    type Output = Result<Vec<f64>>;

    fn is_wide(&self) -> bool {
        true
    }

    fn run<S: Simd>(self, simd: S) -> Result<Vec<f64>> {
        let Search { threads, x, quantiles, missing } = self;
        let mut found = memory::filled(quantiles.len() * x.width(), f64::NAN)?;
        let blocks = panels(x, 0..x.width()).zip(found.chunks_mut(LANES * quantiles.len()));
        // Two passes and the ordering of what they keep.
        let work = x.count().saturating_mul(x.width()).saturating_mul(8);
        threads.for_each(work, blocks, |(panel, found)| {
            if x.width() == 1 {
                Block::<T, true> { x, panel, missing }.find(simd, quantiles, found)
            } else {
                Block::<T, false> { x, panel, missing }.find(simd, quantiles, found)
            }
        })?;
        Ok(found)
    }
}

/// Neighbouring columns, one a lane; `SINGLE` if they are one column, of which every lane takes a row.
struct Block<'a, T, const SINGLE: bool> {
    x: Rows<'a, T>,
    panel: Panel<'a, T>,
    missing: Missing,
}

/// What makes a bucket's number of a value, lane by lane.
struct Buckets {
    low: Lanes,
    scale: Lanes,
    count: usize,
    missing: Missing,
}

impl<T: Scalar, const SINGLE: bool> Block<'_, T, SINGLE> {
    /// Writes the quantiles of each column, one column after the other.
    fn find<S: Simd>(&self, simd: S, quantiles: &[Quantile], found: &mut [f64]) -> Result<()> {
        let buckets = self.buckets();
        let table = buckets.count + 1;
        let mut counts = memory::filled(table * LANES, 0_u32)?;
        simd.vectorize(
            #[inline(always)]
            || self.count::<S>(&buckets, &mut counts),
        );
        let mut keeps = memory::filled(table * LANES, 0_u8)?;
        let mut columns = memory::with_capacity(LANES)?;
        let mut starts = [0; LANES];
        let mut size = 0;
        for (lane, counts) in counts.chunks_exact(table).take(self.panel.columns().len()).enumerate() {
            let wanted = Wanted::new(quantiles, &counts[..buckets.count], &mut keeps[lane * table..])?;
            starts[lane] = size;
            // One place more, where what is not kept is written to.
            size += wanted.kept + 1;
            columns.push(wanted);
        }
        let mut kept = memory::filled(size + 1, 0.0)?;
        starts[columns.len()..].fill(size);
        simd.vectorize(
            #[inline(always)]
            || self.keep::<S>(&buckets, &keeps, starts, &mut kept),
        );
        for ((column, start), found) in columns.iter().zip(starts).zip(found.chunks_exact_mut(quantiles.len())) {
            column.finish(quantiles, &mut kept[start..start + column.kept], found);
        }
        Ok(())
    }

    /// Buckets that the middle of a sample of each column fills evenly.
    fn buckets(&self) -> Buckets {
        let count = (self.x.count() / BUCKET_VALUES).next_power_of_two().clamp(FEWEST_BUCKETS, MOST_BUCKETS);
        let mut buckets = Buckets { low: [0.0; LANES], scale: [0.0; LANES], count, missing: self.missing };
        let mut ends = [Ends::NONE; LANES];
        let size = self.x.count().min(SAMPLE);
        for part in 0..size {
            let row = self.panel.row(part * self.x.count() / size);
            ends.iter_mut().zip(row).for_each(|(ends, value)| ends.add(value.to_f64()));
        }
        for lane in 0..LANES {
            let ends = if SINGLE { &ends[0] } else { &ends[lane] };
            buckets.low[lane] = ends.low[1];
            // Of fewer than four values the ends may have crossed; the scale is then infinite, and still rising.
            buckets.scale[lane] = (count - 1) as f64 / (ends.high[1] - ends.low[1]).max(0.0);
        }
        buckets
    }

    /// Counts the values of each lane by bucket, the missing ones behind the last.
    #[inline(always)]
    fn count<S: Simd>(&self, buckets: &Buckets, counts: &mut [u32]) {
        self.for_each(
            #[inline(always)]
            |values| {
                let places = buckets.places::<S, SINGLE>(values);
                for place in places {
                    counts[place] += 1;
                }
            },
        );
    }

    /// Writes the values of the buckets that `keeps` names to `kept`, each lane's from its start on.
    #[inline(always)]
    fn keep<S: Simd>(&self, buckets: &Buckets, keeps: &[u8], starts: [usize; LANES], kept: &mut [f64]) {
        let mut next = starts;
        self.for_each(
            #[inline(always)]
            |values| {
                let places = buckets.places::<S, SINGLE>(values);
                for lane in 0..LANES {
                    let next = if SINGLE { &mut next[0] } else { &mut next[lane] };
                    kept[*next] = values[lane];
                    *next += usize::from(keeps[places[lane]]);
                }
            },
        );
    }

    /// Calls `each` with one value a lane, NaN where there is none, until all have been there.
    #[inline(always)]
    fn for_each(&self, mut each: impl FnMut(Lanes)) {
        if SINGLE {
            for rows in self.x.values().chunks(LANES) {
                let mut lanes = [f64::NAN; LANES];
                lanes.iter_mut().zip(rows).for_each(|(lane, value)| *lane = value.to_f64());
                each(lanes);
            }
        } else if let Some(panel) = self.panel.whole() {
            (0..self.x.count()).for_each(|row| each(panel.row(row).map(T::to_f64)));
        } else {
            (0..self.x.count()).for_each(|row| each(self.panel.row(row).map(T::to_f64)));
        }
    }
}

impl Buckets {
    /// Where the tables of all lanes, one after the other, hold the buckets of `values`.
    #[inline(always)]
    fn places<S: Simd, const SINGLE: bool>(&self, values: Lanes) -> [usize; LANES] {
        let mut numbers = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let value = S::F64::load(&values[j..]);
            let place = value.sub(S::F64::load(&self.low[j..])).mul(S::F64::load(&self.scale[j..]));
            let last = S::F64::splat((self.count - 1) as f64);
            let place = self.unless_missing::<S>(value, place.max(S::F64::splat(0.0)).min(last));
            place.add(S::F64::splat(ROUNDS)).store(&mut numbers[j..]);
        }
        let mut places = [0; LANES];
        for lane in 0..LANES {
            let table = if SINGLE { 0 } else { lane * (self.count + 1) };
            places[lane] = table + (numbers[lane].to_bits() & u64::from(u32::MAX)) as usize;
        }
        places
    }

    /// `place`, or the place behind the last bucket in the lanes of missing values.
    #[inline(always)]
    fn unless_missing<S: Simd>(&self, value: S::F64, place: S::F64) -> S::F64 {
        let [behind, infinity] = [self.count as f64, f64::INFINITY].map(S::F64::splat);
        // NaN is less than nothing, and nothing is less than NaN.
        let below = Vector::select_less(value, infinity, place, behind);
        let lowest = S::F64::splat(f64::NEG_INFINITY);
        match self.missing {
            Missing::NonFinite => Vector::select_less(lowest, value, below, behind),
            Missing::Nan => Vector::select_less(lowest, value, place, below),
        }
    }
}

/// The two smallest and the two largest finite numbers: the outer ones may be outliers.
#[derive(Clone, Copy)]
struct Ends {
    low: [f64; 2],
    high: [f64; 2],
}

impl Ends {
    const NONE: Ends = Ends { low: [f64::INFINITY; 2], high: [f64::NEG_INFINITY; 2] };

    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.low = [self.low[0].min(value), self.low[0].max(value).min(self.low[1])];
            self.high = [self.high[0].max(value), self.high[0].min(value).max(self.high[1])];
        }
    }
}

/// The ranks that are wanted of a column.
struct Wanted {
    /// How many values the column has.
    count: usize,
    /// The ranks, rising, and each one's place among the values kept.
    ranks: Vec<usize>,
    places: Vec<usize>,
    /// How many values are kept.
    kept: usize,
}

impl Wanted {
    /// From the number of values in each bucket; marks the buckets whose values have to be kept.
    fn new(quantiles: &[Quantile], counts: &[u32], keeps: &mut [u8]) -> Result<Self> {
        let count = counts.iter().map(|&count| count as usize).sum();
        let mut ranks = memory::with_capacity(2 * quantiles.len())?;
        if count > 0 {
            ranks.extend(quantiles.iter().map(|quantile| quantile.among(count)).flat_map(|at| [at.low, at.high]));
        }
        ranks.sort_unstable();
        ranks.dedup();
        let mut places = memory::with_capacity(ranks.len())?;
        let (mut below, mut kept) = (0, 0);
        for (&count, keep) in counts.iter().zip(keeps) {
            let end = below + count as usize;
            while let Some(&rank) = ranks.get(places.len()).filter(|&&rank| rank < end) {
                places.push(kept + rank - below);
                *keep = 1;
            }
            kept += usize::from(*keep) * count as usize;
            below = end;
        }
        Ok(Wanted { count, ranks, places, kept })
    }

    /// Writes the quantiles; `kept` are the values kept, which are reordered.
    fn finish(&self, quantiles: &[Quantile], kept: &mut [f64], found: &mut [f64]) {
        if self.count == 0 {
            return; // NaN, as it was
        }
        put_in_place(kept, 0, &self.places);
        for (found, at) in found.iter_mut().zip(quantiles.iter().map(|quantile| quantile.among(self.count))) {
            let [low, high] = [at.low, at.high].map(|rank| {
                let place = self.ranks.partition_point(|&known| known < rank);
                kept[self.places[place]]
            });
            *found = at.value(low, high);
        }
    }
}

/// Brings the values of these ranks, which rise and count from `first`, to where they belong.
fn put_in_place(values: &mut [f64], first: usize, ranks: &[usize]) {
    let middle = ranks.len() / 2;
    let Some(&rank) = ranks.get(middle) else { return };
    let (below, _, above) = values.select_nth_unstable_by(rank - first, f64::total_cmp);
    put_in_place(below, first, &ranks[..middle]);
    put_in_place(above, rank + 1, &ranks[middle + 1..]);
}
