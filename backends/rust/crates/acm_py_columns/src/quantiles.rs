//! Bindings of `acm_features::quantiles`.

use acm_core::{Error, Result};
use acm_features::quantiles::{self, Method};
use acm_py::{Input, Output, by_dtype, call, exception, items};
use pyo3::prelude::*;

use crate::options::missing_named;

/// `method` as Python spells it.
fn method_named(name: &str) -> Result<Method> {
    match name {
        "linear" => Ok(Method::Linear),
        "lower" => Ok(Method::Lower),
        "higher" => Ok(Method::Higher),
        "midpoint" => Ok(Method::Midpoint),
        "nearest" => Ok(Method::Nearest),
        _ => Err(Error::invalid("method", "must be 'linear', 'lower', 'higher', 'midpoint' or 'nearest'")),
    }
}

#[pyfunction]
#[pyo3(signature = (threads, x, q, method="linear", missing="nonfinite", /))]
pub fn column_quantiles<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    q: &Bound<'py, PyAny>,
    method: &str,
    missing: &str,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "column_quantiles";
    let method = method_named(method).map_err(|error| exception(py, NAME, error))?;
    let missing = missing_named(missing).map_err(|error| exception(py, NAME, error))?;
    let q: Vec<f64> = items(py, NAME, q)?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let mut out = Output::<T, 2>::new(py, [q.len(), x.len(1)])?;
        let (x, values) = (x.view(), out.values());
        call(py, NAME, threads, |threads| quantiles::column_quantiles(threads, x, &q, method, missing, values))?;
        Ok(out.into_any())
    })
}
