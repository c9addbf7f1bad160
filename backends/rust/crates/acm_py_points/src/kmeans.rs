//! Bindings of `acm_clustering::kmeans`.

use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, centers, /))]
pub fn lloyd_step<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    centers: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "lloyd_step";
    by_dtype!(x, T => {
        let (x, centers) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 2>::new(NAME, "centers", centers)?);
        let mut labels = Output::<i64, 1>::new(py, [x.len(0)])?;
        let mut means = Output::<T, 2>::new(py, [centers.len(0), centers.len(1)])?;
        let mut sizes = Output::<i64, 1>::new(py, [centers.len(0)])?;
        let (x, centers) = (x.view(), centers.view());
        let (l, m, s) = (labels.values(), means.values(), sizes.values());
        call(py, NAME, threads, |threads| acm_clustering::lloyd_step(threads, x, centers, l, m, s))?;
        Ok((labels.into_any(), means.into_any(), sizes.into_any()))
    })
}
