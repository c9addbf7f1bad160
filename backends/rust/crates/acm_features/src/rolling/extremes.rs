//! The least and the greatest value.

use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};
use acm_core::{Error, Result, Scalar};

use super::Windows;
use super::halves::Statistic;

/// The least and the number of a half's values.
#[derive(Debug, Clone, Copy)]
pub struct Least<T> {
    value: Lanes<T>,
    count: Lanes<T>,
}

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
    type Half = Least<T>;

    // A register of `f32` would be wider than a panel.
    const IS_WIDE: bool = false;

    const NOTHING: Least<T> = Least { value: [T::INFINITY; LANES], count: [T::ZERO; LANES] };

    #[inline(always)]
    fn add<S: Simd>(&self, half: &mut Least<T>, row: &Lanes<T>, _time: f64) {
        let [zero, one, infinity] = [T::ZERO, T::ONE, T::INFINITY].map(T::Vector::<S>::splat);
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let value = T::Vector::<S>::load(&row[j..]);
            let size = value.max(zero.sub(value));
            let signed =
                T::Vector::<S>::select_less(size, infinity, value.mul(T::Vector::<S>::splat(self.sign)), infinity);
            signed.min(T::Vector::<S>::load(&half.value[j..])).store(&mut half.value[j..]);
            let counted = T::Vector::<S>::select_less(size, infinity, one, zero);
            T::Vector::<S>::load(&half.count[j..]).add(counted).store(&mut half.count[j..]);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, before: &Least<T>, since: &Least<T>) -> Lanes<T> {
        let mut out = [T::ZERO; LANES];
        let [sign, min_periods, nan] = [self.sign, self.min_periods, T::NAN].map(T::Vector::<S>::splat);
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let load = |lanes: &Lanes<T>| T::Vector::<S>::load(&lanes[j..]);
            let value = load(&before.value).min(load(&since.value)).mul(sign);
            let count = load(&before.count).add(load(&since.count));
            T::Vector::<S>::select_less(count, min_periods, nan, value).store(&mut out[j..]);
        }
        out
    }
}
