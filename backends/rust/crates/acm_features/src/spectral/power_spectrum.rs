//! Welch's estimate of the power spectral density of each column.

use acm_core::units::{exponent_for, fits, is_sound, power, times_power};
use acm_core::{Error, Result, Scalar, Threads, memory, simd};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, ShapeError, Slice};

use super::columns::{Columns, TILE_VALUES, columns_together};
use super::transform::{Transform, plan, steps};
use super::trend::{Detrend, Rows, gap, level};
use super::weights::Window;

/// Most parts that the segments are divided into, each with sums of its own.
const MOST_PARTS: usize = 32;

/// How a column is cut, and what becomes of a segment before it is transformed.
#[derive(Debug, Clone, Copy)]
pub struct Segments {
    /// The trend subtracted from it.
    pub detrend: Detrend,
    /// Its weights.
    pub window: Window,
    /// Rows of a segment.
    pub len: usize,
    /// Rows from one to the next.
    pub step: usize,
}

/// Writes the mean over segments of the squared magnitudes of each segment's transform, detrended and weighted, as
/// one-sided density per cycle and row. A segment with a value that is not finite makes its column NaN.
///
/// `out` has one row for each frequency.
pub fn power_spectrum<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    segments: Segments,
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let Segments { len, step, .. } = segments;
    let (width, bins) = (columns_together::<T>(), out.nrows());
    let plan = plan(len)?;
    let preparation = Preparation::new(segments)?;
    let count = (x.nrows() - len) / step + 1;
    let batch = (TILE_VALUES / (len * width)).max(1);
    let part = count.div_ceil(MOST_PARTS).next_multiple_of(batch);
    let parts = count.div_ceil(part);
    let mut sums = memory::filled(x.ncols().div_ceil(width) * parts * width * bins, 0.0)?;
    let tasks = sums.chunks_exact_mut(width * bins).enumerate();
    let prepare = || Ok((Columns::default(), Transform::new(&plan)?));
    let work = (count * x.ncols()).saturating_mul(steps(len));
    threads.for_each_with(work, tasks, prepare, |(columns, transform), (task, sums)| {
        let (first, column) = (task % parts * part, task / parts * width);
        let last = (first + part).min(count);
        let x = x.slice_axis(Axis(1), Slice::from(column..(column + width).min(x.ncols())));
        for first in (first..last).step_by(batch) {
            let rows = first * step..((first + batch).min(last) - 1) * step + len;
            columns.load(x.slice_axis(Axis(0), Slice::from(rows)), len, step)?;
            for (j, sums) in sums.chunks_exact_mut(bins).enumerate().take(x.ncols()) {
                columns.windows(j).for_each(|values| add_segment(values, &preparation, transform, sums));
            }
        }
        Ok(())
    })?;
    let mut out_of_range = Vec::new();
    let scale = 1.0 / (preparation.weights.iter().map(|weight| weight * weight).sum::<f64>() * count as f64);
    for (j, mut out) in out.axis_iter_mut(Axis(1)).enumerate() {
        let of_block = &sums[j / width * parts * width * bins..][..parts * width * bins];
        let mut total = 0.0;
        for (k, out) in out.iter_mut().enumerate() {
            let sum: f64 = of_block.iter().skip(j % width * bins + k).step_by(width * bins).sum();
            total += sum;
            // Frequencies that stand for a negative one as well count twice.
            let twice = k > 0 && 2 * k != len;
            *out = T::from_f64(sum * if twice { 2.0 * scale } else { scale });
        }
        if !is_sound(total) {
            memory::push(&mut out_of_range, j)?;
        }
    }
    if out_of_range.is_empty() { Ok(()) } else { recompute_rescaled(threads, x, segments, &out_of_range, out) }
}

/// Recomputes the densities of the columns out of range, each rescaled to a unit of its values' size. Constant columns
/// and those with a gap look like it, too: they are gone through for their size only.
#[cold]
fn recompute_rescaled<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    segments: Segments,
    out_of_range: &[usize],
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let used = (x.nrows() - segments.len) / segments.step * segments.step + segments.len;
    let mut density = memory::zeroed::<f64>(out.nrows())?;
    for &column in out_of_range {
        let values = x.column(column);
        let values = values.slice_axis(Axis(0), Slice::from(..used));
        // A gap is soon met where there are any.
        if !values.iter().all(|value| value.is_finite()) {
            continue;
        }
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.to_f64().abs()));
        if fits(largest) {
            continue;
        }
        let exponent = exponent_for(largest);
        let counted = memory::collected(values.iter().map(|value| value.to_f64() * power(-exponent)))?;
        let shaped = |error: ShapeError| Error::invalid("x", error.to_string());
        let counted = ArrayView2::from_shape((used, 1), &counted).map_err(shaped)?;
        let bins = ArrayViewMut2::from_shape((density.len(), 1), &mut density).map_err(shaped)?;
        power_spectrum(threads, counted, segments, bins)?;
        for (out, &density) in out.column_mut(column).iter_mut().zip(&density) {
            *out = T::from_f64(times_power(density, 2 * exponent));
        }
    }
    Ok(())
}

/// What becomes of a segment before it is transformed.
struct Preparation {
    detrend: Detrend,
    weights: Vec<f64>,
    rows: Rows,
}

impl Preparation {
    fn new(segments: Segments) -> Result<Self> {
        let weights = memory::collected(segments.window.weights(segments.len))?;
        Ok(Preparation { detrend: segments.detrend, weights, rows: Rows::new(segments.len)? })
    }

    /// Writes a segment detrended and weighted; NaN where any of its values is not finite.
    #[inline(always)]
    fn load(&self, values: &[f64], out: &mut [f64]) {
        let [first, mean] = if self.detrend == Detrend::Nothing { [0.0, gap(values)] } else { level(values) };
        let mean = if mean.is_finite() { mean } else { f64::NAN };
        let segment = out.iter_mut().zip(values).zip(&self.weights);
        if self.detrend == Detrend::Line {
            let slope = self.rows.slope(values, first);
            for (((out, value), weight), distance) in segment.zip(self.rows.distances()) {
                *out = (((value - first) - mean) - slope * distance) * weight;
            }
        } else {
            segment.for_each(|((out, value), weight)| *out = ((value - first) - mean) * weight);
        }
    }
}

/// Adds the squared magnitudes of a segment's transform.
fn add_segment(values: &[f64], preparation: &Preparation, transform: &mut Transform, sums: &mut [f64]) {
    simd::vectorized(
        #[inline(always)]
        || preparation.load(values, &mut transform.window),
    );
    sums.iter_mut().zip(transform.run()).for_each(|(sum, value)| *sum += value.norm_sqr());
}
