//! Energy of sliding windows within bands of frequency.

use std::ops::Range;

use acm_core::units::{exponent_for, fits, is_sound, power, times_power};
use acm_core::{Result, Scalar, Threads, memory, simd};
use ndarray::{ArrayView2, ArrayViewMut1, ArrayViewMut3, Axis, Slice};
use realfft::num_complex::Complex64;

use super::columns::{Columns, TILE_VALUES, columns_together};
use super::transform::{Transform, plan, steps};
use super::trend::{gap, level};

/// Writes, for each window of `window` rows, `step` apart, each column and each of `bands`, the sum of squared
/// magnitudes of the transform of the window less its mean, at the frequencies in `[low, high)`, 0.5 included; NaN
/// where a value of the window is not finite.
pub fn band_energy<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    window: usize,
    bands: &[(f64, f64)],
    step: usize,
    out: ArrayViewMut3<'_, T>,
) -> Result<()> {
    if out.is_empty() {
        return Ok(()); // The window may be longer than any memory.
    }
    let bins = memory::collected(bands.iter().map(|&band| bins_in(band, window)))?;
    let plan = plan(window)?;
    let work = (out.len_of(Axis(0)) * x.ncols()).saturating_mul(steps(window));
    let prepare = || Ok((Columns::default(), Transform::new(&plan)?));
    threads.for_each_with(work, tiles(x, window, step, out)?.into_iter(), prepare, |(columns, transform), tile| {
        columns.load(tile.x, window, step)?;
        let mut out = tile.out;
        for (j, mut out) in out.axis_iter_mut(Axis(1)).enumerate() {
            for (values, mut out) in columns.windows(j).zip(out.rows_mut()) {
                let nothing = simd::vectorized(
                    #[inline(always)]
                    || load_centred(values, &mut transform.window),
                );
                if nothing.is_nan() && gap(values).is_nan() {
                    out.fill(T::NAN);
                    continue;
                }
                let frequencies = transform.run();
                let mut sound = true;
                for (out, bins) in out.iter_mut().zip(&bins) {
                    let energy = energy(nothing, &frequencies[bins.clone()]);
                    sound &= is_sound(energy);
                    *out = T::from_f64(energy);
                }
                if !sound {
                    recompute_rescaled(values, transform, &bins, out);
                }
            }
        }
        Ok(())
    })
}

/// The sum of the squared magnitudes.
fn energy(nothing: f64, frequencies: &[Complex64]) -> f64 {
    frequencies.iter().fold(nothing, |sum, value| sum + value.norm_sqr())
}

/// Writes the energies of a window without gaps anew, counted in a unit of its values' size. Windows of equal values and
/// bands without any frequency look like it, too: the window is gone through for its size only.
#[cold]
fn recompute_rescaled<T: Scalar>(
    values: &[f64],
    transform: &mut Transform,
    bins: &[Range<usize>],
    mut out: ArrayViewMut1<'_, T>,
) {
    let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if fits(largest) {
        return;
    }
    let exponent = exponent_for(largest);
    transform.window.iter_mut().zip(values).for_each(|(out, value)| *out = value * power(-exponent));
    let [first, mean] = level(&transform.window);
    transform.window.iter_mut().for_each(|value| *value = (*value - first) - mean);
    let frequencies = transform.run();
    for (out, bins) in out.iter_mut().zip(bins) {
        *out = T::from_f64(times_power(energy(0.0, &frequencies[bins.clone()]), 2 * exponent));
    }
}

/// Neighbouring windows of neighbouring columns.
struct Tile<'a, T> {
    x: ArrayView2<'a, T>,
    out: ArrayViewMut3<'a, T>,
}

fn tiles<'a, T: Scalar>(
    x: ArrayView2<'a, T>,
    window: usize,
    step: usize,
    out: ArrayViewMut3<'a, T>,
) -> Result<Vec<Tile<'a, T>>> {
    let width = columns_together::<T>();
    let count = (TILE_VALUES / (window * width)).max(1);
    let mut tiles = memory::with_capacity(out.len_of(Axis(0)).div_ceil(count) * x.ncols().div_ceil(width))?;
    let mut left = out;
    let mut first = 0;
    while left.len_of(Axis(0)) > 0 {
        let count = count.min(left.len_of(Axis(0)));
        let (mut band, rest) = left.split_at(Axis(0), count);
        let rows = first * step..(first + count - 1) * step + window;
        for column in (0..x.ncols()).step_by(width) {
            let columns = column..(column + width).min(x.ncols());
            let (out, rest) = band.split_at(Axis(1), columns.len());
            let mut x = x;
            x.slice_axis_inplace(Axis(0), Slice::from(rows.clone()));
            x.slice_axis_inplace(Axis(1), Slice::from(columns));
            memory::push(&mut tiles, Tile { x, out })?;
            band = rest;
        }
        (left, first) = (rest, first + count);
    }
    Ok(tiles)
}

/// The frequencies k / `window` that lie in a band.
fn bins_in((low, high): (f64, f64), window: usize) -> Range<usize> {
    let first_from = |limit: f64| (0..=window / 2).find(|&k| k as f64 / window as f64 >= limit);
    let end = window / 2 + 1;
    let start = first_from(low).unwrap_or(end);
    start..if high == 0.5 { end } else { first_from(high).unwrap_or(end) }.max(start)
}

/// Writes `values` less their mean. Answers the energy of a band without any frequency: 0, or NaN where one of `values`
/// is not finite, as in the other bands.
#[inline(always)]
fn load_centred(values: &[f64], window: &mut [f64]) -> f64 {
    let [first, mean] = level(values);
    let nothing = if mean.is_finite() { 0.0 } else { f64::NAN };
    let mean = mean + nothing;
    window.iter_mut().zip(values).for_each(|(out, value)| *out = (value - first) - mean);
    nothing
}
