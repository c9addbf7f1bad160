//! The slope of the line of least squares. Time counts from the boundary, where its sums are whole numbers, and values
//! are differences from a value of the window, as in [`super::powers`].

use acm_core::Scalar;
use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};

use super::Windows;
use super::halves::{Lane, Statistic, roomy_unit, widened};
use super::powers::based;

/// Sums over a half's values.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// The value that differences are taken from; arbitrary without values.
    base: Lanes,
    count: Lanes,
    time: Lanes,
    squared_time: Lanes,
    difference: Lanes,
    product: Lanes,
}

/// The slope in units of `x` for each row.
#[derive(Clone, Copy)]
pub struct Slope {
    min_periods: f64,
    /// What values are counted in.
    unit: f64,
}

impl Slope {
    /// The slopes of these windows; of one value there is none.
    pub fn new<T: Scalar>(windows: Windows<'_, T>) -> Self {
        // Sums of differences times times are multiplied by the count.
        Slope { min_periods: windows.min_periods.max(2) as f64, unit: roomy_unit(windows, 3) }
    }
}

impl<T: Scalar> Statistic<T> for Slope {
    type Half = Sums;

    // All columns of a panel in one register.
    const IS_WIDE: bool = true;

    const NOTHING: Sums = {
        const ZERO: Lanes = [0.0; LANES];
        Sums { base: ZERO, count: ZERO, time: ZERO, squared_time: ZERO, difference: ZERO, product: ZERO }
    };

    #[inline(always)]
    fn add<S: Simd>(&self, half: &mut Sums, row: &Lanes<T>, time: f64) {
        let (row, scale) = (widened(row), S::F64::splat(1.0 / self.unit));
        for j in (0..LANES).step_by(S::F64::LANES) {
            let lane = Lane::new(S::F64::load(&row[j..]).mul(scale), &mut half.base[j..], &mut half.count[j..]);
            let time = lane.one.mul(S::F64::splat(time));
            let add = |sum: &mut Lanes, factor: S::F64, other: S::F64| {
                factor.mul_add(other, S::F64::load(&sum[j..])).store(&mut sum[j..]);
            };
            add(&mut half.time, lane.one, time);
            add(&mut half.squared_time, time, time);
            add(&mut half.difference, lane.one, lane.difference);
            add(&mut half.product, time, lane.difference);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, before: &Sums, since: &Sums) -> Lanes<T> {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let both = |of: fn(&Sums) -> &Lanes| load(of(before)).add(load(of(since)));
            let newer = load(&since.count);
            let (_, shift) = based(load(&before.count), newer, load(&before.base), load(&since.base));
            let (count, time) = (both(|half| &half.count), both(|half| &half.time));
            let difference = newer.mul_add(shift, both(|half| &half.difference));
            let product = load(&since.time).mul_add(shift, both(|half| &half.product));
            let squares = count.mul(both(|half| &half.squared_time)).sub(time.mul(time));
            let slope = count.mul(product).sub(time.mul(difference)).div(squares).mul(S::F64::splat(self.unit));
            S::F64::select_less(count, S::F64::splat(self.min_periods), S::F64::splat(f64::NAN), slope)
                .store(&mut out[j..]);
        }
        out.map(T::from_f64)
    }
}
