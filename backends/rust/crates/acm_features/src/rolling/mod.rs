//! Statistics of the window that ends at each row.
//!
//! Sums and extremes are made of a suffix and a prefix ([`van_herk`]), order statistics of a sorted window
//! ([`sorted`]). A window is `window` rows, at least 1; NaN and infinities are no values; fewer than `min_periods`
//! values give NaN.

mod extremes;
mod finish;
mod grid;
mod powers;
mod slope;
mod sorted;
mod suffixes;
mod units;
mod values;
mod van_herk;

use acm_core::{Error, Result, Scalar, Threads};
use ndarray::{ArrayView2, ArrayViewMut2};

use self::extremes::slide_extreme;
use self::finish::{Kurtosis, Mean, Skewness, Spread};
use self::powers::Powers;
use self::slope::Slope;
use self::sorted::{Deviation, Middle};
use self::van_herk::slide;

/// The data and what a result is made of.
#[derive(Debug, Clone, Copy)]
pub struct Windows<'a, T> {
    /// The data, in C order.
    pub x: ArrayView2<'a, T>,
    /// Rows in a window.
    pub window: usize,
    /// Fewest values that give a result.
    pub min_periods: usize,
}

/// Writes the mean of each window.
pub fn rolling_mean<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    slide(threads, windows, Powers::new(windows, Mean), out)
}

/// Writes the standard deviation of each window, by count - `ddof`.
pub fn rolling_std<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    ddof: usize,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    slide(threads, windows, Powers::new(windows, Spread { ddof: ddof as f64 }), out)
}

/// Writes the skewness of each window, corrected for bias; NaN where all values are equal.
pub fn rolling_skew<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    slide(threads, windows, Powers::new(windows, Skewness), out)
}

/// Writes the excess kurtosis of each window, corrected for bias; NaN where all values are equal.
pub fn rolling_kurt<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    slide(threads, windows, Powers::new(windows, Kurtosis), out)
}

/// Writes the slope of the line of least squares through each window, in units of `x` for each row.
pub fn rolling_slope<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    slide(threads, windows, Slope::new(windows), out)
}

/// Writes the least value of each window.
pub fn rolling_min<T: Scalar>(threads: &Threads<'_>, windows: Windows<'_, T>, out: ArrayViewMut2<'_, T>) -> Result<()> {
    slide_extreme(threads, windows, T::ONE, out)
}

/// Writes the greatest value of each window.
pub fn rolling_max<T: Scalar>(threads: &Threads<'_>, windows: Windows<'_, T>, out: ArrayViewMut2<'_, T>) -> Result<()> {
    slide_extreme(threads, windows, -T::ONE, out)
}

/// Writes the median of each window: the mean of the two middle values of an even count.
pub fn rolling_median<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    sorted::slide(threads, windows, Middle, out)
}

/// Writes `scale` times the median absolute deviation of each window from its median.
pub fn rolling_mad<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    scale: f64,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    sorted::slide(threads, windows, Deviation { scale }, out)
}

impl<T: Scalar> Windows<'_, T> {
    /// An error unless `out` has the shape of the data and windows have rows.
    fn check(&self, out: &ArrayViewMut2<'_, T>) -> Result<()> {
        if self.window == 0 {
            return Err(Error::invalid("window", "must be at least 1"));
        }
        if out.dim() != self.x.dim() {
            return Err(Error::invalid("out", "does not have the shape of x"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
