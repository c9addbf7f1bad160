//! Bindings of `acm_features::imputation`.

use acm_features::imputation::{self, Direction};
use acm_py::{Input, Output, by_dtype, call, exception};
use pyo3::prelude::*;

use crate::options::missing_named;

#[pyfunction]
#[pyo3(signature = (threads, x, fill=None, missing="nonfinite", /))]
pub fn impute<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    fill: Option<&Bound<'py, PyAny>>,
    missing: &str,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "impute";
    let missing = missing_named(missing).map_err(|error| exception(py, NAME, error))?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let fill = fill.map(|fill| Input::<T, 1>::new(NAME, "fill", fill)).transpose()?;
        let mut out = Output::<T, 2>::new(py, [x.len(0), x.len(1)])?;
        let (x, values) = (x.view(), out.values());
        let fill = fill.as_ref().map(Input::values);
        call(py, NAME, threads, |threads| imputation::impute(threads, x, fill, missing, values))?;
        Ok(out.into_any())
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, limit=None, /))]
pub fn ffill<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    limit: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    fill_along(py, "ffill", threads, x, Direction::Forward, limit)
}

#[pyfunction]
#[pyo3(signature = (threads, x, limit=None, /))]
pub fn bfill<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    limit: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    fill_along(py, "bfill", threads, x, Direction::Backward, limit)
}

fn fill_along<'py>(
    py: Python<'py>,
    name: &'static str,
    threads: usize,
    x: &Bound<'py, PyAny>,
    direction: Direction,
    limit: Option<usize>,
) -> PyResult<Bound<'py, PyAny>> {
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(name, "x", x)?;
        let mut out = Output::<T, 2>::new(py, [x.len(0), x.len(1)])?;
        let (x, values) = (x.view(), out.values());
        call(py, name, threads, |threads| imputation::fill_along(threads, x, direction, limit, values))?;
        Ok(out.into_any())
    })
}
