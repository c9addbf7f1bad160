//! Bindings of `acm_features::normalization`.

use acm_core::{Error, Result};
use acm_features::normalization::{self, Method};
use acm_py::{Input, Output, by_dtype, call, exception};
use pyo3::prelude::*;

/// `method` as Python spells it.
fn method_named(name: &str, ddof: usize) -> Result<Method> {
    match name {
        "standard" => Ok(Method::Standard { ddof }),
        "robust" => Ok(Method::Robust),
        _ => Err(Error::invalid("method", "must be 'standard' or 'robust'")),
    }
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
