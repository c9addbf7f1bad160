use std::f64::consts::TAU;

use acm_core::Threads;
use ndarray::{Array2, Array3};

use super::*;

fn signals(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (0.3 * (i * (j + 1)) as f64).sin() + ((i * i) % 17) as f64)
}

/// The squared magnitude of the plain transform at `k` cycles.
fn power(values: &[f64], k: usize) -> f64 {
    let angle = |i: usize| TAU * (i * k) as f64 / values.len() as f64;
    let part = |of: fn(f64) -> f64| values.iter().enumerate().map(|(i, value)| value * of(angle(i))).sum::<f64>();
    part(f64::cos).powi(2) + part(f64::sin).powi(2)
}

#[test]
fn bands_hold_the_energy_of_their_frequencies() {
    for (rows, columns, window, step) in [(40, 9, 8, 3), (30, 1, 7, 1), (5, 2, 5, 9), (4000, 3, 16, 1)] {
        let x = signals(rows, columns);
        let count = (rows - window) / step + 1;
        let mut out = Array3::zeros((count, columns, 2));
        let bands = [(0.0, 0.25), (0.25, 0.5)];
        band_energy(&Threads::uninterrupted(2), x.view(), window, &bands, step, out.view_mut()).unwrap();
        for ((i, j, band), found) in out.indexed_iter() {
            let mut values: Vec<f64> = (0..window).map(|k| x[(i * step + k, j)]).collect();
            let mean = values.iter().sum::<f64>() / window as f64;
            values.iter_mut().for_each(|value| *value -= mean);
            let bins = (0..=window / 2).filter(|k| (4 * k >= window) == (band == 1));
            let expected: f64 = bins.map(|k| power(&values, k)).sum();
            assert!((found - expected).abs() < 1e-9 * (1.0 + expected));
        }
    }
}

#[test]
fn a_gap_spoils_all_bands_of_its_windows() {
    let mut x = signals(30, 2);
    x[[12, 1]] = f64::INFINITY;
    let mut out = Array3::zeros((3, 2, 2));
    band_energy(&Threads::uninterrupted(1), x.view(), 10, &[(0.1, 0.4), (0.301, 0.302)], 10, out.view_mut()).unwrap();
    for ((i, j, band), found) in out.indexed_iter() {
        assert_eq!((i, j) == (1, 1), found.is_nan());
        assert!((i, j, band) == (1, 1, 1) || band == 0 || found.to_bits() == 0);
    }
}

#[test]
fn a_window_beyond_any_memory_is_no_window() {
    let mut out = Array3::zeros((0, 2, 1));
    let x = signals(6, 2);
    band_energy(&Threads::uninterrupted(1), x.view(), 1 << 60, &[(0.0, 0.5)], 1, out.view_mut()).unwrap();
}

#[test]
fn a_spectrum_is_the_mean_over_its_segments() {
    let x = signals(300, 10);
    for (window, detrend, len, step) in [
        (Window::Hann, Detrend::Mean, 16, 8),
        (Window::Boxcar, Detrend::Nothing, 9, 9),
        (Window::Hamming, Detrend::Mean, 1, 1),
    ] {
        let mut out = Array2::zeros((len / 2 + 1, 10));
        let segments = Segments { detrend, window, len, step };
        power_spectrum(&Threads::uninterrupted(2), x.view(), segments, out.view_mut()).unwrap();
        let weights: Vec<f64> = window.weights(len).collect();
        let count = (300 - len) / step + 1;
        let scale = 1.0 / (weights.iter().map(|weight| weight * weight).sum::<f64>() * count as f64);
        for ((k, j), found) in out.indexed_iter() {
            let of_segment = |i: usize| {
                let values: Vec<f64> = (0..len).map(|row| x[(i * step + row, j)]).collect();
                let mean = if detrend == Detrend::Mean { values.iter().sum::<f64>() / len as f64 } else { 0.0 };
                power(
                    &values.iter().zip(&weights).map(|(value, weight)| (value - mean) * weight).collect::<Vec<_>>(),
                    k,
                )
            };
            let sides = if k > 0 && 2 * k != len { 2.0 } else { 1.0 };
            let expected = sides * scale * (0..count).map(of_segment).sum::<f64>();
            assert!((found - expected).abs() < 1e-9 * (1.0 + expected), "{found} {expected}");
        }
    }
}

#[test]
fn a_line_is_nothing_but_trend() {
    let x = Array2::from_shape_fn((64, 2), |(i, j)| 1e3 + i as f64 * (j as f64 - 0.3));
    for len in [1, 2, 3, 9, 32] {
        let segments = Segments { detrend: Detrend::Line, window: Window::Boxcar, len, step: len.min(4) };
        let mut out = Array2::ones((len / 2 + 1, 2));
        power_spectrum(&Threads::uninterrupted(2), x.view(), segments, out.view_mut()).unwrap();
        assert!(out.iter().all(|power| *power < 1e-20), "{len}: {out}");
    }
}
