//! The least and the greatest value.

use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};
use acm_core::{Error, Result, Scalar};

use super::Windows;
use super::halves::Statistic;

/// The least value after multiplication by `sign`, and that undone: the least for 1, the greatest for -1.
#[derive(Clone, Copy)]
pub struct Extreme<T> {
    sign: T,
    min_periods: T,
}

impl<T: Scalar> Extreme<T> {
    /// The extremes of these windows.
    pub fn new(windows: Windows<'_, T>, sign: T) -> Result<Self> {
        let counted = windows.min_periods.max(1);
        if counted as f64 * T::EPSILON.to_f64() > 1.0 {
            return Err(Error::Unsupported(format!("float32 does not count to {counted} values a window")));
        }
        Ok(Extreme { sign, min_periods: T::from_f64(counted as f64) })
    }
}

impl<T: Scalar> Statistic<T> for Extreme<T> {
    /// How many.
    type Seen = Lanes<T>;
    /// The least.
    type Sums = Lanes<T>;

    // A register of `f32` would be wider than a panel.
    const IS_WIDE: bool = false;

    const UNSEEN: Lanes<T> = [T::ZERO; LANES];
    const NOTHING: Lanes<T> = [T::INFINITY; LANES];

    #[inline(always)]
    fn starting(&self, _row: &Lanes<T>) -> Lanes<T> {
        Self::NOTHING
    }

    #[inline(always)]
    fn add<S: Simd>(&self, seen: &mut Lanes<T>, least: &mut Lanes<T>, row: &Lanes<T>, _time: f64) {
        let [zero, one, infinity] = [T::ZERO, T::ONE, T::INFINITY].map(T::Vector::<S>::splat);
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let value = T::Vector::<S>::load(&row[j..]);
            let size = value.max(zero.sub(value));
            let signed =
                T::Vector::<S>::select_less(size, infinity, value.mul(T::Vector::<S>::splat(self.sign)), infinity);
            signed.min(T::Vector::<S>::load(&least[j..])).store(&mut least[j..]);
            let counted = T::Vector::<S>::select_less(size, infinity, one, zero);
            T::Vector::<S>::load(&seen[j..]).add(counted).store(&mut seen[j..]);
        }
    }

    #[inline(always)]
    fn add_all<S: Simd>(&self, least: &mut Lanes<T>, row: &Lanes<T>, _time: f64) {
        let sign = T::Vector::<S>::splat(self.sign);
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let signed = T::Vector::<S>::load(&row[j..]).mul(sign);
            signed.min(T::Vector::<S>::load(&least[j..])).store(&mut least[j..]);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, seen: [&Lanes<T>; 2], least: [&Lanes<T>; 2]) -> Lanes<T> {
        let mut out = [T::ZERO; LANES];
        let [sign, min_periods, nan] = [self.sign, self.min_periods, T::NAN].map(T::Vector::<S>::splat);
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let load = |lanes: &Lanes<T>| T::Vector::<S>::load(&lanes[j..]);
            let value = load(least[0]).min(load(least[1])).mul(sign);
            let count = load(seen[0]).add(load(seen[1]));
            T::Vector::<S>::select_less(count, min_periods, nan, value).store(&mut out[j..]);
        }
        out
    }

    #[inline(always)]
    fn result_all<S: Simd>(&self, rows: [f64; 2], least: [&Lanes<T>; 2]) -> Lanes<T> {
        let enough = rows[0] + rows[1] >= self.min_periods.to_f64();
        let sign = T::Vector::<S>::splat(if enough { self.sign } else { T::NAN });
        let mut out = [T::ZERO; LANES];
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let [before, since] = least.map(|lanes| T::Vector::<S>::load(&lanes[j..]));
            before.min(since).mul(sign).store(&mut out[j..]);
        }
        out
    }
}
