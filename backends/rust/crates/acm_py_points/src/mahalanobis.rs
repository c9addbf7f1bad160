//! Bindings of `acm_linalg::mahalanobis`.

use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, mean, precision, /))]
pub fn mahalanobis<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    mean: &Bound<'py, PyAny>,
    precision: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "mahalanobis";
    by_dtype!(x, T => {
        let (x, mean) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 1>::new(NAME, "mean", mean)?);
        let precision = Input::<T, 2>::new(NAME, "precision", precision)?;
        let mut out = Output::<T, 1>::new(py, [x.len(0)])?;
        let (x, mean, precision, values) = (x.view(), mean.values(), precision.view(), out.values());
        call(py, NAME, threads, |threads| acm_linalg::mahalanobis(threads, x, mean, precision, values))?;
        Ok(out.into_any())
    })
}
