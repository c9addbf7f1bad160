//! Bindings of `acm_detectors::ar1`.

use acm_core::{Error, Result};
use acm_detectors::ar1::{self, Center, Gaps};
use acm_py::{Input, Output, by_dtype, call, exception};
use pyo3::prelude::*;

/// `center` as Python spells it.
fn center_named(name: &str) -> Result<Center> {
    match name {
        "mean" => Ok(Center::Mean),
        "median" => Ok(Center::Median),
        _ => Err(Error::invalid("center", "must be 'mean' or 'median'")),
    }
}

/// `missing` as Python spells it.
fn gaps_named(name: &str) -> Result<Gaps> {
    match name {
        "drop" => Ok(Gaps::Drop),
        "pair" => Ok(Gaps::Pair),
        _ => Err(Error::invalid("missing", "must be 'drop' or 'pair'")),
    }
}

#[pyfunction]
#[pyo3(signature = (threads, x, epsilon=1e-12, center="mean", missing="drop", /))]
pub fn ar1_coefficients<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    epsilon: f64,
    center: &str,
    missing: &str,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "ar1_coefficients";
    let center = center_named(center).map_err(|error| exception(py, NAME, error))?;
    let gaps = gaps_named(missing).map_err(|error| exception(py, NAME, error))?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let (mut phi, mut mu) = (Output::<T, 1>::new(py, [x.len(1)])?, Output::<T, 1>::new(py, [x.len(1)])?);
        let (x, p, m) = (x.view(), phi.values(), mu.values());
        call(py, NAME, threads, |threads| ar1::ar1_coefficients(threads, x, epsilon, center, gaps, p, m))?;
        Ok((phi.into_any(), mu.into_any()))
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, phi, mu, /))]
pub fn ar1_residuals<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    phi: &Bound<'py, PyAny>,
    mu: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "ar1_residuals";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let (phi, mu) = (Input::<T, 1>::new(NAME, "phi", phi)?, Input::<T, 1>::new(NAME, "mu", mu)?);
        let mut out = Output::<T, 2>::new(py, [x.len(0), x.len(1)])?;
        let (x, phi, mu, values) = (x.view(), phi.values(), mu.values(), out.values());
        call(py, NAME, threads, |threads| ar1::ar1_residuals(threads, x, phi, mu, values))?;
        Ok(out.into_any())
    })
}
