//! The trend subtracted from a window before its transform.
//!
//! All sums are several side by side, so that one addition need not wait for the one before.

use acm_core::{Result, memory};

/// Sums side by side.
const LANES: usize = 8;

/// The trend subtracted from each segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detrend {
    /// Nothing.
    Nothing,
    /// Its mean.
    Mean,
    /// The line that fits it best.
    Line,
}

/// One of `values`, and the mean of their differences from it, which is NaN or infinite where any of them is.
#[inline(always)]
pub fn level(values: &[f64]) -> [f64; 2] {
    let first = values[0];
    let sum = summed(values, |_, value| value - first);
    [first, sum / values.len() as f64]
}

/// 0, or NaN where any of `values` is not finite.
#[inline(always)]
pub fn gap(values: &[f64]) -> f64 {
    summed(values, |_, value| value * 0.0)
}

/// The rows of a segment as a line sees them.
pub struct Rows {
    /// Each one's distance from the middle.
    distances: Vec<f64>,
    /// The sum of their squares.
    spread: f64,
}

impl Rows {
    /// The `len` rows of a segment.
    pub fn new(len: usize) -> Result<Self> {
        let middle = (len as f64 - 1.0) / 2.0;
        let distances = memory::collected((0..len).map(|i| i as f64 - middle))?;
        let spread = distances.iter().map(|distance| distance * distance).sum();
        Ok(Rows { distances, spread })
    }

    /// Each row's distance from the middle.
    pub fn distances(&self) -> &[f64] {
        &self.distances
    }

    /// The slope of the line through `values` less `first`; a single row has none.
    #[inline(always)]
    pub fn slope(&self, values: &[f64], first: f64) -> f64 {
        let distances = &self.distances[..values.len()];
        let moment = summed(values, |i, value| distances[i] * (value - first));
        if self.spread > 0.0 { moment / self.spread } else { 0.0 }
    }
}

/// The sum of what `term` makes of each value and its place.
#[inline(always)]
fn summed(values: &[f64], term: impl Fn(usize, f64) -> f64) -> f64 {
    let mut sums = [0.0; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for (i, chunk) in whole.iter().enumerate() {
        for j in 0..LANES {
            sums[j] += term(i * LANES + j, chunk[j]);
        }
    }
    for (j, (sum, &value)) in sums.iter_mut().zip(rest).enumerate() {
        *sum += term(whole.len() * LANES + j, value);
    }
    sums.iter().sum()
}
