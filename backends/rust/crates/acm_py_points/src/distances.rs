//! Bindings of `acm_linalg::distances`.

use acm_linalg::distances;
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, y=None, /))]
pub fn pairwise_euclidean<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    y: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "pairwise_euclidean";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let y = y.map(|y| Input::<T, 2>::new(NAME, "y", y)).transpose()?;
        let mut out = Output::<T, 2>::new(py, [x.len(0), y.as_ref().unwrap_or(&x).len(0)])?;
        let (x, y, values) = (x.view(), y.as_ref().map(Input::view), out.view_mut());
        call(py, NAME, threads, |threads| distances::pairwise_euclidean(threads, x, y, values))?;
        Ok(out.into_any())
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, y, /))]
pub fn pairwise_distances_argmin<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "pairwise_distances_argmin";
    by_dtype!(x, T => {
        let (x, y) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 2>::new(NAME, "y", y)?);
        let mut indices = Output::<i64, 1>::new(py, [x.len(0)])?;
        let (x, y, values) = (x.view(), y.view(), indices.values());
        call(py, NAME, threads, |threads| distances::pairwise_distances_argmin(threads, x, y, values))?;
        Ok(indices.into_any())
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, y, /))]
pub fn pairwise_distances_argmin_min<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "pairwise_distances_argmin_min";
    by_dtype!(x, T => {
        let (x, y) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 2>::new(NAME, "y", y)?);
        let mut indices = Output::<i64, 1>::new(py, [x.len(0)])?;
        let mut least = Output::<T, 1>::new(py, [x.len(0)])?;
        let (x, y, i, d) = (x.view(), y.view(), indices.values(), least.values());
        call(py, NAME, threads, |threads| distances::pairwise_distances_argmin_min(threads, x, y, i, d))?;
        Ok((indices.into_any(), least.into_any()))
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, centers, labels, /))]
pub fn assigned_distances<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    centers: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "assigned_distances";
    by_dtype!(x, T => {
        let (x, centers) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 2>::new(NAME, "centers", centers)?);
        let labels = Input::<i64, 1>::new(NAME, "labels", labels)?;
        let mut out = Output::<T, 1>::new(py, [x.len(0)])?;
        let (x, centers, labels, values) = (x.view(), centers.view(), labels.values(), out.values());
        call(py, NAME, threads, |threads| distances::assigned_distances(threads, x, centers, labels, values))?;
        Ok(out.into_any())
    })
}
