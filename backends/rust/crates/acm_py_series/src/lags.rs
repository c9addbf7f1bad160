//! Bindings of `acm_features::lags`.

use acm_core::{Error, Result};
use acm_features::lags::{self, Order};
use acm_py::{Input, Output, by_dtype, call, exception};
use pyo3::prelude::*;

/// `order` as Python spells it.
fn order_named(name: &str) -> Result<Order> {
    match name {
        "column" => Ok(Order::Column),
        "lag" => Ok(Order::Lag),
        _ => Err(Error::invalid("order", "must be 'column' or 'lag'")),
    }
}

#[pyfunction]
#[pyo3(signature = (threads, x, max_lag, include_current=true, order="column", /))]
pub fn lagged_features<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    max_lag: usize,
    include_current: bool,
    order: &str,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "lagged_features";
    let order = order_named(order).map_err(|error| exception(py, NAME, error))?;
    let lags = usize::from(!include_current)..max_lag.saturating_add(1);
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let features = x.len(1).checked_mul(lags.len()).ok_or_else(|| exception(py, NAME, Error::OutOfMemory))?;
        let mut out = Output::<T, 2>::new(py, [x.len(0), features])?;
        let (x, values) = (x.view(), out.values());
        call(py, NAME, threads, |threads| lags::lagged_features(threads, x, lags, order, values))?;
        Ok(out.into_any())
    })
}
