//! Bindings of `acm_features::spectral`.

use acm_core::Error;
use acm_features::spectral::{self, Detrend, Segments, Window};
use acm_py::{Input, Output, by_dtype, call, exception, items};
use pyo3::prelude::*;

#[pyfunction]
#[pyo3(signature = (threads, x, window, bands, step=1, /))]
pub fn band_energy<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    window: usize,
    bands: &Bound<'py, PyAny>,
    step: usize,
) -> PyResult<Bound<'py, PyAny>> {
    const NAME: &str = "band_energy";
    at_least(py, NAME, "window", window, 1)?;
    at_least(py, NAME, "step", step, 1)?;
    let bands: Vec<(f64, f64)> = items(py, NAME, bands)?;
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        let count = if x.len(0) < window { 0 } else { (x.len(0) - window) / step + 1 };
        let mut out = Output::<T, 3>::new(py, [count, x.len(1), bands.len()])?;
        let (x, values) = (x.view(), out.view_mut());
        call(py, NAME, threads, |threads| spectral::band_energy(threads, x, window, &bands, step, values))?;
        Ok(out.into_any())
    })
}

#[pyfunction]
#[pyo3(signature = (threads, x, detrend="mean", window="hann", segment=256, overlap=128, /))]
pub fn power_spectrum<'py>(
    py: Python<'py>,
    threads: usize,
    x: &Bound<'py, PyAny>,
    detrend: &str,
    window: &str,
    segment: usize,
    overlap: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const NAME: &str = "power_spectrum";
    let detrend = match detrend {
        "mean" => Ok(Detrend::Mean),
        "linear" => Ok(Detrend::Line),
        "none" => Ok(Detrend::Nothing),
        _ => Err(Error::invalid("detrend", "must be 'mean', 'linear' or 'none'")),
    };
    let window = match window {
        "hann" => Ok(Window::Hann),
        "hamming" => Ok(Window::Hamming),
        "blackman" => Ok(Window::Blackman),
        "boxcar" => Ok(Window::Boxcar),
        _ => Err(Error::invalid("window", "must be 'hann', 'hamming', 'blackman' or 'boxcar'")),
    };
    let (detrend, window) =
        detrend.and_then(|detrend| Ok((detrend, window?))).map_err(|error| exception(py, NAME, error))?;
    at_least(py, NAME, "segment", segment, 1)?;
    at_least(py, NAME, "segment", segment, overlap.saturating_add(1))?;
    let segments = Segments { detrend, window, len: segment, step: segment - overlap };
    by_dtype!(x, T => {
        let x = Input::<T, 2>::new(NAME, "x", x)?;
        at_least(py, NAME, "x", x.len(0), segment)?;
        let bins = segment / 2 + 1;
        let (mut frequencies, mut power) = (Output::<T, 1>::new(py, [bins])?, Output::<T, 2>::new(py, [bins, x.len(1)])?);
        let (x, out, values) = (x.view(), frequencies.values(), power.view_mut());
        out.iter_mut().zip(0..).for_each(|(out, k)| *out = (f64::from(k) / segment as f64) as T);
        call(py, NAME, threads, |threads| spectral::power_spectrum(threads, x, segments, values))?;
        Ok((frequencies.into_any(), power.into_any()))
    })
}

/// `InvalidInput` unless `value`, or the number of rows of `x`, is at least `least`.
fn at_least(py: Python<'_>, name: &'static str, argument: &'static str, value: usize, least: usize) -> PyResult<()> {
    if value >= least {
        return Ok(());
    }
    Err(exception(py, name, Error::invalid(argument, format!("is {value}; expected at least {least}"))))
}
