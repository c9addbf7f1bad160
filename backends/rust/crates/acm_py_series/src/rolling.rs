//! Bindings of `acm_features::rolling`.

use acm_features::rolling::{self, Windows};
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

/// A Python function `(threads, x, window, options, min_periods)` for each kernel. Defaults are bare tokens, which PyO3
/// can show in the signature (a `literal` reaches it wrapped, as `...`).
macro_rules! on_windows {
    ($($name:ident($($option:ident: $Type:ty = $default:tt)?);)*) => {$(
        #[pyfunction]
        #[pyo3(signature = (threads, x, window, $($option = $default,)? min_periods=1, /))]
        pub fn $name<'py>(
            py: Python<'py>,
            threads: usize,
            x: &Bound<'py, PyAny>,
            window: usize,
            $($option: $Type,)?
            min_periods: usize,
        ) -> PyResult<Bound<'py, PyAny>> {
            const NAME: &str = stringify!($name);
            by_dtype!(x, T => {
                let x = Input::<T, 2>::new(NAME, "x", x)?;
                let mut out = Output::<T, 2>::new(py, [x.len(0), x.len(1)])?;
                let (windows, results) = (Windows { x: x.view(), window, min_periods }, out.view_mut());
                call(py, NAME, threads, |threads| rolling::$name(threads, windows, $($option,)? results))?;
                Ok(out.into_any())
            })
        }
    )*};
}

on_windows! {
    rolling_kurt();
    rolling_mad(scale: f64 = 1.0);
    rolling_max();
    rolling_mean();
    rolling_median();
    rolling_min();
    rolling_skew();
    rolling_slope();
    rolling_std(ddof: usize = 1);
}
