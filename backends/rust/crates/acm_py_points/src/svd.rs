//! Bindings of `acm_linalg::svd`.

use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, n_components, /))]
pub fn truncated_svd<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    n_components: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "truncated_svd";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let (mut u, mut s) = (Output::<T, 2>::new(py, [x.len(0), n_components])?, Output::<T, 1>::new(py, [n_components])?);
        let mut vt = Output::<T, 2>::new(py, [n_components, x.len(1)])?;
        let (x, left, values, right) = (x.view(), u.values(), s.values(), vt.values());
        call(py, NAME, threads, |threads| acm_linalg::truncated_svd(threads, x, left, values, right))?;
        Ok((u.into_any(), s.into_any(), vt.into_any()))
    })
}
