//! Bindings of `acm_features::correlation`.

use acm_features::correlation;
use acm_py::{Input, Output, by_dtype, call};
use pyo3::prelude::*;

/// A binding of a kernel that writes one number for each pair of columns.
macro_rules! of_pairs {
    ($name:ident) => {
        #[pyfunction]
        #[pyo3(signature = (threads, x, /))]
        pub fn $name<'py>(py: Python<'py>, threads: usize, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            const NAME: &str = stringify!($name);
            by_dtype!(x, T => {
                let x = Input::<T, 2>::new(NAME, "x", x)?;
                let mut out = Output::<T, 2>::new(py, [x.len(1), x.len(1)])?;
                let (x, values) = (x.view(), out.view_mut());
                call(py, NAME, threads, |threads| correlation::$name(threads, x, values))?;
                Ok(out.into_any())
            })
        }
    };
}

of_pairs!(pearson);
of_pairs!(spearman);

#[pyfunction]
#[pyo3(signature = (threads, x, threshold, /))]
pub fn sparse_correlation<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    threshold: f64,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "sparse_correlation";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let view = x.view();
        let kept = call(py, NAME, threads, |threads| correlation::sparse_correlation(threads, view, threshold))?;
        let mut data = Output::<T, 1>::new(py, [kept.len()])?;
        let mut indices = Output::<i64, 1>::new(py, [kept.len()])?;
        let mut indptr = Output::<i64, 1>::new(py, [x.len(1) + 1])?;
        let (d, i, p) = (data.values(), indices.values(), indptr.values());
        call(py, NAME, threads, |_| kept.write(d, i, p))?;
        Ok((data.into_any(), indices.into_any(), indptr.into_any()))
    })
}
