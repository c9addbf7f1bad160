//! The map from values to buckets: `(x - low) * scale`, cut off at both ends and rounded.
//!
//! Each of these steps keeps the order of values that floating point gives, so the ranks are exact for any `low` and
//! `scale`; those only decide how evenly the buckets fill. They come from a small sample. Where most values fall into
//! one bucket (far outliers, ties) that one would have to be ordered as a whole, which costs what ordering the column
//! does.

use acm_core::Scalar;
use acm_core::panels::{LANES, Lanes, Panel};
use acm_core::simd::{Simd, Vector};

use crate::Missing;
use crate::robust_stats::sampled_rows;

/// The most buckets of a column: the counts of eight columns stay in a core's L1 cache.
const MOST_BUCKETS: usize = 1024;

/// The fewest.
const FEWEST_BUCKETS: usize = 16;

/// Values that a bucket holds on average where there are fewer than [`MOST_BUCKETS`] of them.
const BUCKET_VALUES: usize = 8;

/// Rows of a column that are looked at to choose its buckets.
const SAMPLE: usize = 64;

/// One in so many of a sample's values is left out at either end.
const TRIMMED: usize = 10;

/// How far the buckets reach beyond the rest of the sample on either side, in spans of it: they should hold the
/// outermost quantiles, too.
const MARGIN: f64 = 1.0;

/// The map from values to numbers of buckets, lane by lane.
pub struct Buckets<T> {
    low: Lanes<T>,
    scale: Lanes<T>,
    count: usize,
    missing: Missing,
}

impl<T: Scalar> Buckets<T> {
    /// Buckets that a sample of each column fills evenly.
    pub fn new<const SINGLE: bool>(panel: Panel<'_, T>, rows: usize, missing: Missing) -> Self {
        let count = (rows / BUCKET_VALUES).next_power_of_two().clamp(FEWEST_BUCKETS, MOST_BUCKETS);
        let mut buckets = Buckets { low: [T::ZERO; LANES], scale: [T::ZERO; LANES], count, missing };
        let mut samples = [[T::ZERO; SAMPLE]; LANES];
        let mut found = [0; LANES];
        for row in sampled_rows(rows, rows.min(SAMPLE)) {
            for (lane, value) in panel.row(row).into_iter().enumerate().filter(|(_, value)| value.is_finite()) {
                samples[lane][found[lane]] = value;
                found[lane] += 1;
            }
        }
        for lane in 0..LANES {
            let lane_of = if SINGLE { 0 } else { lane };
            let (low, high) = middle(&mut samples[lane_of][..found[lane_of]]);
            // Where they are equal the scale is infinite, and still rising.
            let reach = MARGIN * (high - low);
            buckets.low[lane] = T::from_f64(low - reach);
            buckets.scale[lane] = T::from_f64((count - 1) as f64 / (high - low + 2.0 * reach));
        }
        buckets
    }

    /// Places in a column's table: one for each bucket, and one for missing values.
    pub fn table(&self) -> usize {
        self.count + 1
    }

    /// Where the tables of all lanes, one after the other, hold the buckets of `values`.
    #[inline(always)]
    pub fn places<S: Simd, const SINGLE: bool>(&self, values: Lanes<T>) -> [usize; LANES] {
        let mut numbers = [T::ZERO; LANES];
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let load = |lanes: &Lanes<T>| T::Vector::<S>::load(&lanes[j..]);
            let value = load(&values);
            let place = value.sub(load(&self.low)).mul(load(&self.scale));
            let last = T::Vector::<S>::splat(T::from_f64((self.count - 1) as f64));
            let place = self.unless_missing::<S>(value, place.max(T::Vector::<S>::splat(T::ZERO)).min(last));
            place.add(T::Vector::<S>::splat(T::ROUNDS)).store(&mut numbers[j..]);
        }
        let mut places = [0; LANES];
        for lane in 0..LANES {
            let table = if SINGLE { 0 } else { lane * self.table() };
            places[lane] = table + numbers[lane].low_bits();
        }
        places
    }

    /// `place`, or the place behind the last bucket in the lanes of missing values.
    #[inline(always)]
    fn unless_missing<S: Simd>(&self, value: T::Vector<S>, place: T::Vector<S>) -> T::Vector<S> {
        let [behind, infinity, lowest] =
            [T::from_f64(self.count as f64), T::INFINITY, -T::INFINITY].map(T::Vector::<S>::splat);
        // NaN is less than nothing, and nothing is less than NaN.
        let below = Vector::select_less(value, infinity, place, behind);
        match self.missing {
            Missing::NonFinite => Vector::select_less(lowest, value, below, behind),
            Missing::Nan => Vector::select_less(lowest, value, place, below),
        }
    }
}

/// Between which values the middle of a sample lies, which is reordered: the rest may be outliers.
fn middle<T: Scalar>(sample: &mut [T]) -> (f64, f64) {
    if sample.is_empty() {
        return (0.0, 0.0);
    }
    sample.sort_unstable_by(T::total_cmp);
    let out = sample.len() / TRIMMED;
    (sample[out].to_f64(), sample[sample.len() - 1 - out].to_f64())
}
