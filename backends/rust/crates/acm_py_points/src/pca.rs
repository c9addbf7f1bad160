//! Bindings of `acm_linalg::pca`.

use acm_linalg::pca;
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, n_components, /))]
pub fn pca_fit<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    n_components: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "pca_fit";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let mut mean = Output::<T, 1>::new(py, [x.len(1)])?;
        let mut components = Output::<T, 2>::new(py, [n_components, x.len(1)])?;
        let mut variance = Output::<T, 1>::new(py, [n_components])?;
        let (x, m, c, v) = (x.view(), mean.values(), components.values(), variance.values());
        call(py, NAME, threads, |threads| pca::pca_fit(threads, x, m, c, v))?;
        Ok((mean.into_any(), components.into_any(), variance.into_any()))
    })
}

#[pyfunction]
#[pyo3(signature = (threads, scores, components, mean=None, /))]
pub fn pca_reconstruct<'py>(
    py: Python<'py>,
    threads: usize,
    scores: &Bound<'py, PyAny>,
    components: &Bound<'py, PyAny>,
    mean: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "pca_reconstruct";
    by_dtype!(scores, T => {
        let scores = Input::<T, 2>::new(NAME, "scores", scores)?;
        let components = Input::<T, 2>::new(NAME, "components", components)?;
        let mean = mean.map(|mean| Input::<T, 1>::new(NAME, "mean", mean)).transpose()?;
        let mut out = Output::<T, 2>::new(py, [scores.len(0), components.len(1)])?;
        let (scores, components, values) = (scores.view(), components.view(), out.values());
        let mean = mean.as_ref().map(Input::values);
        call(py, NAME, threads, |threads| acm_linalg::matmul(threads, scores, components, mean, values))?;
        Ok(out.into_any())
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, mean, components, variance, /))]
pub fn spe_t2<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    mean: &Bound<'py, PyAny>,
    components: &Bound<'py, PyAny>,
    variance: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "spe_t2";
    by_dtype!(x, T => {
        let (x, mean) = (Input::<T, 2>::new(NAME, "x", x)?, Input::<T, 1>::new(NAME, "mean", mean)?);
        let components = Input::<T, 2>::new(NAME, "components", components)?;
        let variance = Input::<T, 1>::new(NAME, "variance", variance)?;
        let (mut spe, mut t2) = (Output::<T, 1>::new(py, [x.len(0)])?, Output::<T, 1>::new(py, [x.len(0)])?);
        let (mean, components, variance) = (mean.values(), components.view(), variance.values());
        let model = pca::Model { mean, components, variance };
        let (x, s, t) = (x.view(), spe.values(), t2.values());
        call(py, NAME, threads, |threads| pca::spe_t2(threads, x, &model, s, t))?;
        Ok((spe.into_any(), t2.into_any()))
    })
}
