//! Bindings of `acm_linalg::cross_sums`.

use acm_linalg::cross_sums as kernel;
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

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
        let out = kernel::Output { products: products.values(), sums: sums.values(), counts: counts.values() };
        call(py, NAME, threads, |threads| kernel::cross_sums(threads, x, origin, out))?;
        Ok((products.into_any(), sums.into_any(), counts.into_any()))
    })
}
