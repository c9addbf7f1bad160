//! Bindings of `acm_features::moments`.

use acm_core::Scalar;
use acm_features::moments::{self, MeanVariance, Shape};
use acm_py::{Input, Output, by_dtype, call};
use numpy::Element;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A column's number for each shape, for Python.
fn each<'py, E: Element>(
    py: Python<'py>,
    shapes: &[Shape],
    number: impl Fn(&Shape) -> E,
) -> PyResult<Bound<'py, PyAny>> {
    let mut out = Output::<E, 1>::new(py, [shapes.len()])?;
    out.values().iter_mut().zip(shapes).for_each(|(out, shape)| *out = number(shape));
    Ok(out.into_any())
}

#[pyfunction]
#[pyo3(signature = (threads, x, ddof=0, /))]
pub fn column_moments<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    ddof: usize,
) -> PyResult<Bound<'py, PyTuple>> {
    const NAME: &str = "column_moments";
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let x = x.view();
        let shapes = call(py, NAME, threads, |threads| moments::shapes(threads, x))?;
        let number = |number: &dyn Fn(&Shape) -> f64| each(py, &shapes, |shape| T::from_f64(number(shape)));
        PyTuple::new(py, [
            each(py, &shapes, |shape| shape.count as i64)?,
            number(&|shape| shape.center())?,
            number(&|shape| shape.variance(ddof))?,
            number(&Shape::skewness)?,
            number(&Shape::kurtosis)?,
            number(&|shape| shape.minimum)?,
            number(&|shape| shape.maximum)?,
        ])
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, /))]
pub fn column_sums<'py>(py: Python<'py>, threads: usize, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
    const NAME: &str = "column_sums";
    let mut shapes = by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let x = x.view();
        call(py, NAME, threads, |threads| moments::shapes(threads, x))?
    });
    shapes.iter_mut().for_each(|shape| *shape = shape.recounted(0));
    PyTuple::new(
        py,
        [
            each(py, &shapes, |shape| shape.origin)?,
            each(py, &shapes, |shape| shape.count as i64)?,
            each(py, &shapes, |shape| shape.mean)?,
            each(py, &shapes, |shape| shape.powers[0])?,
            each(py, &shapes, |shape| shape.powers[1])?,
            each(py, &shapes, |shape| shape.powers[2])?,
            each(py, &shapes, |shape| shape.minimum)?,
            each(py, &shapes, |shape| shape.maximum)?,
            each(py, &shapes, |shape| shape.pairs.count as i64)?,
            each(py, &shapes, |shape| shape.pairs.before)?,
            each(py, &shapes, |shape| shape.pairs.after)?,
            each(py, &shapes, |shape| shape.pairs.products)?,
        ],
    )
}

#[pyfunction]
#[pyo3(signature = (threads, x, /))]
pub fn column_mean_variance<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    const NAME: &str = "column_mean_variance";
    let columns = by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let x = x.view();
        call(py, NAME, threads, |threads| moments::means_and_variances(threads, x))?
    });
    let mut counts = Output::<i64, 1>::new(py, [columns.len()])?;
    counts.values().iter_mut().zip(&columns).for_each(|(out, column)| *out = column.count() as i64);
    let number = |number: &dyn Fn(&MeanVariance) -> f64| {
        let mut out = Output::<f64, 1>::new(py, [columns.len()])?;
        out.values().iter_mut().zip(&columns).for_each(|(out, column)| *out = number(column));
        Ok::<_, PyErr>(out.into_any())
    };
    let mean = |column: &MeanVariance| if column.count() > 0.0 { column.mean() } else { 0.0 };
    PyTuple::new(
        py,
        [number(&|column| column.offset)?, counts.into_any(), number(&mean)?, number(&MeanVariance::squares)?],
    )
}
