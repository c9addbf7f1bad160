//! Bindings of `acm_features::robust_stats`.

use acm_features::robust_stats;
use acm_py::{Input, Output, by_dtype, call, exception};
use pyo3::prelude::*;

use crate::options::missing_named;

#[pyfunction]
#[pyo3(signature = (threads, x, scale=1.4826, missing="nonfinite", /))]
pub fn column_median_mad<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    scale: f64,
    missing: &str,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "column_median_mad";
    let missing = missing_named(missing).map_err(|error| exception(py, NAME, error))?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let (mut median, mut mad) = (Output::<T, 1>::new(py, [x.len(1)])?, Output::<T, 1>::new(py, [x.len(1)])?);
        let (x, m, d) = (x.view(), median.values(), mad.values());
        call(py, NAME, threads, |threads| robust_stats::column_median_mad(threads, x, scale, missing, m, d))?;
        Ok((median.into_any(), mad.into_any()))
    })
}
