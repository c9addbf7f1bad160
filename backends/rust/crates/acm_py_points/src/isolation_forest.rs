//! Bindings of `acm_detectors::isolation_forest`.

use acm_detectors::Forest;
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, roots, feature, threshold, left, path_length, /))]
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn mean_path_length<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    roots: &Bound<'py, PyAny>,
    feature: &Bound<'py, PyAny>,
    threshold: &Bound<'py, PyAny>,
    left: &Bound<'py, PyAny>,
    path_length: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "mean_path_length";
    by_dtype!(x, T => {
        let (x, roots) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<i64, 1>::new(NAME, "roots", roots)?);
        let feature = Input::<i64, 1>::new(NAME, "feature", feature)?;
        let threshold = Input::<T, 1>::new(NAME, "threshold", threshold)?;
        let left = Input::<i64, 1>::new(NAME, "left", left)?;
        let path_length = Input::<T, 1>::new(NAME, "path_length", path_length)?;
        let mut out = Output::<T, 1>::new(py, [x.len(0)])?;
        let (feature, threshold, left) = (feature.values(), threshold.values(), left.values());
        let forest = Forest { roots: roots.values(), feature, threshold, left, path_length: path_length.values() };
        let (x, values) = (x.view(), out.values());
        call(py, NAME, threads, |threads| acm_detectors::mean_path_length(threads, x, &forest, values))?;
        Ok(out.into_any())
    })
}
