//! Bindings of `acm_clustering::silhouette`.

use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, codes, /))]
pub fn silhouette_samples<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    codes: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "silhouette_samples";
    by_dtype!(x, T => {
        let (x, codes) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<i64, 1>::new(NAME, "labels", codes)?);
        let mut scores = Output::<T, 1>::new(py, [x.len(0)])?;
        let (x, codes, out) = (x.view(), codes.values(), scores.values());
        call(py, NAME, threads, |threads| acm_clustering::silhouette_samples(threads, x, codes, out))?;
        Ok(scores.into_any())
    })
}
