//! Bindings of what streams are summed up with.

use acm_features::moments::{self, MeanVariance};
use acm_linalg::cross_sums as linalg;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::arrays::{Input, Output, by_dtype};
use crate::call::call;

#[pyfunction]
#[pyo3(signature = (threads, x, /))]
pub fn column_mean_variance<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    const NAME: &str = "column_mean_variance";
    let levels = by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let x = x.view();
        call(py, NAME, threads, |threads| moments::means_and_variances(threads, x))?
    });
    let mut counts = Output::<i64, 1>::new(py, [levels.len()])?;
    counts.values().iter_mut().zip(&levels).for_each(|(out, level)| *out = level.count() as i64);
    let number = |number: &dyn Fn(&MeanVariance) -> f64| {
        let mut out = Output::<f64, 1>::new(py, [levels.len()])?;
        out.values().iter_mut().zip(&levels).for_each(|(out, level)| *out = number(level));
        Ok::<_, PyErr>(out.into_any())
    };
    let mean = |level: &MeanVariance| if level.count() > 0.0 { level.mean() } else { 0.0 };
    PyTuple::new(
        py,
        [number(&|level| level.offset)?, counts.into_any(), number(&mean)?, number(&MeanVariance::squares)?],
    )
}

#[pyfunction]
#[pyo3(signature = (threads, x, origin, /))]
pub fn cross_sums<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    origin: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "cross_sums";
    by_dtype!(x, T => {
        let (x, origin) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 1>::new(NAME, "origin", origin)?);
        let shape = [x.len(1); 2];
        let (mut products, mut sums) = (Output::<f64, 2>::new(py, shape)?, Output::<f64, 2>::new(py, shape)?);
        let mut counts = Output::<i64, 2>::new(py, shape)?;
        let (x, origin) = (x.view(), origin.values());
        let out = linalg::Output { products: products.values(), sums: sums.values(), counts: counts.values() };
        call(py, NAME, threads, |threads| linalg::cross_sums(threads, x, origin, out))?;
        Ok((products.into_any(), sums.into_any(), counts.into_any()))
    })
}
