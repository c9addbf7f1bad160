//! The slope of the line of least squares. Time counts from the boundary, where its sums are whole numbers, and values
//! are differences from a value of the window, as in [`super::powers`]. Where nothing is missing another formula gives the
//! same slope but for its last bit.

use acm_core::Scalar;
use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};

use super::Windows;
use super::units::mark;
use super::values::{Lane, based, widened};
use super::van_herk::Statistic;

/// Sums over a half's values of what does not depend on them.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    count: Lanes,
    time: Lanes,
    squared_time: Lanes,
}

/// Sums over a half's values.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// The value that differences are taken from; arbitrary without values.
    base: Lanes,
    difference: Lanes,
    product: Lanes,
}

/// The slope in units of `x` for each row.
#[derive(Clone, Copy)]
pub struct Slope {
    min_periods: f64,
    whole: Whole,
}

/// What all windows without gaps have in common.
#[derive(Clone, Copy)]
struct Whole {
    /// The sum of the squared distances of times from their mean, negative, and the reciprocal of that sum.
    owed: f64,
    reciprocal: f64,
    /// 1, or NaN where windows have too few values.
    one: f64,
}

impl Slope {
    /// The slopes of these windows; of one value there is none.
    pub fn new<T: Scalar>(windows: Windows<'_, T>) -> Self {
        let (min_periods, count) = (windows.min_periods.max(2) as f64, windows.window as f64);
        let squares = count * (count * count - 1.0) / 12.0;
        let one = if count < min_periods { f64::NAN } else { 1.0 };
        Slope { min_periods, whole: Whole { owed: -squares, reciprocal: 1.0 / squares, one } }
    }
}

impl<T: Scalar> Statistic<T> for Slope {
    type Seen = Seen;
    type Sums = Sums;

    const DEGREE: Option<i32> = Some(1);

    // All columns of a panel in one register.
    const IS_WIDE: bool = true;

    const UNSEEN: Seen = Seen { count: [0.0; LANES], time: [0.0; LANES], squared_time: [0.0; LANES] };
    const NOTHING: Sums = Sums { base: [0.0; LANES], difference: [0.0; LANES], product: [0.0; LANES] };

    #[inline(always)]
    fn starting(&self, row: &Lanes<T>) -> Sums {
        Sums { base: widened(row), ..<Self as Statistic<T>>::NOTHING }
    }

    #[inline(always)]
    fn add<S: Simd>(&self, seen: &mut Seen, sums: &mut Sums, row: &Lanes<T>, time: f64) {
        let row = widened(row);
        for j in (0..LANES).step_by(S::F64::LANES) {
            let lane = Lane::new(S::F64::load(&row[j..]), &mut sums.base[j..], &mut seen.count[j..]);
            let time = lane.one.mul(S::F64::splat(time));
            add_product(&mut seen.time[j..], lane.one, time);
            add_product(&mut seen.squared_time[j..], time, time);
            add_product(&mut sums.difference[j..], lane.one, lane.difference);
            add_product(&mut sums.product[j..], time, lane.difference);
        }
    }

    #[inline(always)]
    fn add_all<S: Simd>(&self, sums: &mut Sums, row: &Lanes<T>, time: f64) {
        let row = widened(row);
        for j in (0..LANES).step_by(S::F64::LANES) {
            let difference = S::F64::load(&row[j..]).sub(S::F64::load(&sums.base[j..]));
            S::F64::load(&sums.difference[j..]).add(difference).store(&mut sums.difference[j..]);
            add_product(&mut sums.product[j..], S::F64::splat(time), difference);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, seen: [&Seen; 2], sums: [&Sums; 2], out_of_range: &mut Lanes) -> Lanes<T> {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let seen_in_both = |of: fn(&Seen) -> &Lanes| load(of(seen[0])).add(load(of(seen[1])));
            let both = |of: fn(&Sums) -> &Lanes| load(of(sums[0])).add(load(of(sums[1])));
            let newer = load(&seen[1].count);
            let (_, shift) = based(load(&seen[0].count), newer, load(&sums[0].base), load(&sums[1].base));
            let (count, time) = (seen_in_both(|seen| &seen.count), seen_in_both(|seen| &seen.time));
            let difference = newer.mul_add(shift, both(|sums| &sums.difference));
            let product = load(&seen[1].time).mul_add(shift, both(|sums| &sums.product));
            let squares = count.mul(seen_in_both(|seen| &seen.squared_time)).sub(time.mul(time));
            let slope = count.mul(product).sub(time.mul(difference)).div(squares);
            let [nan, one, zero] = [f64::NAN, 1.0, 0.0].map(S::F64::splat);
            let few = S::F64::splat(self.min_periods);
            mark(&mut out_of_range[j..], S::F64::select_less(count, few, one, slope.mul_add(zero, one)));
            S::F64::select_less(count, few, nan, slope).store(&mut out[j..]);
        }
        out.map(T::from_f64)
    }

    #[inline(always)]
    fn result_all<S: Simd>(&self, [older, newer]: [f64; 2], sums: [&Sums; 2], out_of_range: &mut Lanes) -> Lanes<T> {
        let Whole { owed, reciprocal, one } = self.whole;
        let [owed, reciprocal, one, zero] = [owed, reciprocal, one, 0.0].map(S::F64::splat);
        // The mean time, negative, and the sum of those since the boundary.
        let [mean, time, newer] = [(older + 1.0 - newer) / 2.0, newer * (newer - 1.0) / 2.0, newer].map(S::F64::splat);
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let both = |of: fn(&Sums) -> &Lanes| load(of(sums[0])).add(load(of(sums[1])));
            let shift = load(&sums[1].base).sub(load(&sums[0].base));
            let difference = newer.mul_add(shift, both(|sums| &sums.difference));
            let product = time.mul_add(shift, both(|sums| &sums.product));
            let covaried = mean.mul_add(difference, product);
            // By a reciprocal that all lanes have in common, and what its rounding leaves.
            let slope = covaried.mul(reciprocal);
            let rest = slope.mul_add(owed, covaried);
            let slope = rest.mul_add(reciprocal, slope);
            mark(&mut out_of_range[j..], slope.mul_add(zero, S::F64::splat(1.0)));
            slope.mul(one).store(&mut out[j..]);
        }
        out.map(T::from_f64)
    }
}

/// Adds `factor` times `other` to `sums`.
#[inline(always)]
fn add_product<V: Vector<f64>>(sums: &mut [f64], factor: V, other: V) {
    factor.mul_add(other, V::load(sums)).store(sums);
}
