//! Bindings of `acm_linalg::matmul`.

use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, a, b, /))]
pub fn matmul<'py>(
    py: Python<'py>,
    threads: usize,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "matmul";
    by_dtype!(a, T => {
        let (a, b) = (Input::<T, 2>::new(NAME, "a", a)?, Input::<T, 2>::new(NAME, "b", b)?);
        let mut out = Output::<T, 2>::new(py, [a.len(0), b.len(1)])?;
        let (a, b, values) = (a.view(), b.view(), out.values());
        call(py, NAME, threads, |threads| acm_linalg::matmul(threads, a, b, None, values))?;
        Ok(out.into_any())
    })
}
