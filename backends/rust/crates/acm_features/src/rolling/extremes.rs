//! The least and the greatest value.

use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};
use acm_core::{Error, Result, Scalar, Threads};
use ndarray::ArrayViewMut2;

use super::Windows;
use super::van_herk::{Statistic, slide};

/// Columns that fill as many registers of `f32` as [`LANES`] fill of `f64`.
const NARROW_LANES: usize = 2 * LANES;

/// Writes the extreme of each window: the least value for a `sign` of 1, the greatest for -1.
pub fn slide_extreme<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    sign: T,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let extreme = Extreme::new(windows, sign)?;
    if size_of::<T>() < size_of::<f64>() && out.ncols() >= NARROW_LANES {
        slide::<T, NARROW_LANES>(threads, windows, extreme, out)
    } else {
        slide::<T, LANES>(threads, windows, extreme, out)
    }
}

/// The least value after multiplication by `sign`, and that undone: the least for 1, the greatest for -1.
#[derive(Clone, Copy)]
struct Extreme<T> {
    sign: T,
    min_periods: T,
    /// `sign`, or NaN where even a window without gaps has too few values.
    whole: T,
}

impl<T: Scalar> Extreme<T> {
    /// The extremes of these windows.
    fn new(windows: Windows<'_, T>, sign: T) -> Result<Self> {
        let counted = windows.min_periods.max(1);
        if counted as f64 * T::EPSILON.to_f64() > 1.0 {
            return Err(Error::Unsupported(format!("float32 does not count to {counted} values a window")));
        }
        let whole = if windows.window < counted { T::NAN } else { sign };
        Ok(Extreme { sign, min_periods: T::from_f64(counted as f64), whole })
    }
}

impl<T: Scalar, const N: usize> Statistic<T, N> for Extreme<T> {
    /// How many.
    type Seen = Lanes<T, N>;
    /// The least.
    type Sums = Lanes<T, N>;

    const DEGREE: Option<i32> = None;

    // A panel is two registers of 256 bits.
    const IS_WIDE: bool = false;

    const UNSEEN: Lanes<T, N> = [T::ZERO; N];
    const NOTHING: Lanes<T, N> = [T::INFINITY; N];

    #[inline(always)]
    fn starting(&self, _row: &Lanes<T, N>) -> Lanes<T, N> {
        Self::NOTHING
    }

    #[inline(always)]
    fn add<S: Simd>(&self, seen: &mut Lanes<T, N>, least: &mut Lanes<T, N>, row: &Lanes<T, N>, _time: f64) {
        let [zero, one, infinity] = [T::ZERO, T::ONE, T::INFINITY].map(T::Vector::<S>::splat);
        for j in (0..N).step_by(T::Vector::<S>::LANES) {
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
    fn add_all<S: Simd>(&self, least: &mut Lanes<T, N>, row: &Lanes<T, N>, _time: f64) {
        let sign = T::Vector::<S>::splat(self.sign);
        for j in (0..N).step_by(T::Vector::<S>::LANES) {
            let signed = T::Vector::<S>::load(&row[j..]).mul(sign);
            signed.min(T::Vector::<S>::load(&least[j..])).store(&mut least[j..]);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(
        &self,
        seen: [&Lanes<T, N>; 2],
        least: [&Lanes<T, N>; 2],
        _out_of_range: &mut Lanes<f64, N>,
    ) -> Lanes<T, N> {
        let mut out = [T::ZERO; N];
        let [sign, min_periods, nan] = [self.sign, self.min_periods, T::NAN].map(T::Vector::<S>::splat);
        for j in (0..N).step_by(T::Vector::<S>::LANES) {
            let load = |lanes: &Lanes<T, N>| T::Vector::<S>::load(&lanes[j..]);
            let value = load(least[0]).min(load(least[1])).mul(sign);
            let count = load(seen[0]).add(load(seen[1]));
            T::Vector::<S>::select_less(count, min_periods, nan, value).store(&mut out[j..]);
        }
        out
    }

    #[inline(always)]
    fn result_all<S: Simd>(
        &self,
        _rows: [f64; 2],
        least: [&Lanes<T, N>; 2],
        _out_of_range: &mut Lanes<f64, N>,
    ) -> Lanes<T, N> {
        let sign = T::Vector::<S>::splat(self.whole);
        let mut out = [T::ZERO; N];
        for j in (0..N).step_by(T::Vector::<S>::LANES) {
            let [before, since] = least.map(|lanes| T::Vector::<S>::load(&lanes[j..]));
            before.min(since).mul(sign).store(&mut out[j..]);
        }
        out
    }
}
