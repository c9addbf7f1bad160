//! Bindings of `acm_features`.

use acm_core::{Error, Result};
use acm_features::imputation::Direction;
use acm_features::normalization::Method;
use acm_features::{Missing, imputation, normalization, robust_stats};
use pyo3::prelude::*;

use crate::arrays::{Input, Output, by_dtype};
use crate::call::{call, exception};

/// `missing` as Python spells it.
pub fn missing_named(name: &str) -> Result<Missing> {
    match name {
        "nonfinite" => Ok(Missing::NonFinite),
        "nan" => Ok(Missing::Nan),
        _ => Err(Error::invalid("missing", "must be 'nonfinite' or 'nan'")),
    }
}

/// `method` as Python spells it.
fn method_named(name: &str, ddof: usize) -> Result<Method> {
    match name {
        "standard" => Ok(Method::Standard { ddof }),
        "robust" => Ok(Method::Robust),
        _ => Err(Error::invalid("method", "must be 'standard' or 'robust'")),
    }
}

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

#[pyfunction]
#[pyo3(signature = (threads, x, center=None, scale=None, method="standard", ddof=0, floor=1e-6, clip=None, /))]
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn zscore<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    center: Option<&Bound<'py, PyAny>>,
    scale: Option<&Bound<'py, PyAny>>,
    method: &str,
    ddof: usize,
    floor: f64,
    clip: Option<f64>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "zscore";
    let method = method_named(method, ddof).map_err(|error| exception(py, NAME, error))?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let center = center.map(|center| Input::<T, 1>::new(NAME, "center", center)).transpose()?;
        let scale = scale.map(|scale| Input::<T, 1>::new(NAME, "scale", scale)).transpose()?;
        let mut out = Output::<T, 2>::new(py, [x.len(0), x.len(1)])?;
        let (x, values) = (x.view(), out.values());
        let (center, scale) = (center.as_ref().map(Input::values), scale.as_ref().map(Input::values));
        call(py, NAME, threads, |threads| {
            normalization::zscore(threads, x, center, scale, method, floor, clip, values)
        })?;
        Ok(out.into_any())
    })
}

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
