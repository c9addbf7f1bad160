//! Bindings of `acm_linalg::sparse`.

use acm_linalg::sparse::{self, Csr};
use acm_py::{Input, Output, by_dtype, by_width, call, exception};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, data, indices, indptr, b, /))]
pub fn csr_matmul<'py>(
    py: Python<'py>,
    threads: usize,
    data: &Bound<'py, PyAny>,
    indices: &Bound<'py, PyAny>,
    indptr: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "csr_matmul";
    by_dtype!(b, T => by_width!(indices, I => by_width!(indptr, P => {
        let (data, b) = (Input::<T, 1>::new(NAME, "data", data)?, Input::<T, 2>::new(NAME, "b", b)?);
        let (indices, indptr) = (Input::<I, 1>::new(NAME, "indices", indices)?, Input::<P, 1>::new(NAME, "indptr", indptr)?);
        let matrix = Csr::new(data.values(), indices.values(), indptr.values());
        let matrix = matrix.map_err(|error| exception(py, NAME, error))?;
        let mut out = Output::<T, 2>::new(py, [indptr.len(0) - 1, b.len(1)])?;
        let (b, values) = (b.view(), out.values());
        call(py, NAME, threads, |threads| sparse::csr_matmul(threads, matrix, b, values))?;
        Ok(out.into_any())
    })))
}

#[pyfunction]
#[pyo3(signature = (threads, data, indices, indptr, v, /))]
pub fn csr_matvec<'py>(
    py: Python<'py>,
    threads: usize,
    data: &Bound<'py, PyAny>,
    indices: &Bound<'py, PyAny>,
    indptr: &Bound<'py, PyAny>,
    v: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "csr_matvec";
    by_dtype!(v, T => by_width!(indices, I => by_width!(indptr, P => {
        let (data, v) = (Input::<T, 1>::new(NAME, "data", data)?, Input::<T, 1>::new(NAME, "v", v)?);
        let (indices, indptr) = (Input::<I, 1>::new(NAME, "indices", indices)?, Input::<P, 1>::new(NAME, "indptr", indptr)?);
        let matrix = Csr::new(data.values(), indices.values(), indptr.values());
        let matrix = matrix.map_err(|error| exception(py, NAME, error))?;
        let mut out = Output::<T, 1>::new(py, [indptr.len(0) - 1])?;
        let (v, values) = (v.values(), out.values());
        call(py, NAME, threads, |threads| sparse::csr_matvec(threads, matrix, v, values))?;
        Ok(out.into_any())
    })))
}
