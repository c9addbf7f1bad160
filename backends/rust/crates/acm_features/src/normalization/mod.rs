//! Columns brought to a common centre and scale.

use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayView2;

use crate::Missing;
use crate::by_column::{map_by_column, one_a_column};
use crate::moments;
use crate::robust_stats::{self, NORMAL_CONSISTENCY};

/// Where centre and scale come from if they are not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Mean, and standard deviation by count - `ddof`.
    Standard {
        /// What the count is reduced by.
        ddof: usize,
    },
    /// Median, and median absolute deviation made comparable to a standard deviation.
    Robust,
}

/// Writes `(x - center) / max(scale, floor)`, and `+-clip` for finite `x` beyond it.
///
/// A centre or scale that is not given is taken from the finite values of each column.
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn zscore<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    center: Option<&[T]>,
    scale: Option<&[T]>,
    method: Method,
    floor: f64,
    clip: Option<f64>,
    out: &mut [T],
) -> Result<()> {
    let columns = Columns::new(threads, x, center, scale, method)?;
    let scales: Vec<f64> = columns.scale.iter().map(|&scale| at_least(floor, scale)).collect();
    let factors: Vec<f64> = scales.iter().map(|&scale| 1.0 / scale).collect();
    let (offset, center) = (&columns.offset[..], &columns.center[..]);
    // A product is many times faster than a quotient and as good, unless its factor lost digits or overflowed.
    if factors.iter().zip(&scales).all(|(factor, scale)| factor.is_normal() || !scale.is_finite()) {
        scores(
            threads,
            x,
            [offset, center, &factors],
            clip,
            out,
            #[inline(always)]
            |x, factor| x * factor,
        )
    } else {
        scores(
            threads,
            x,
            [offset, center, &scales],
            clip,
            out,
            #[inline(always)]
            |x, scale| x / scale,
        )
    }
}

/// The larger; NaN where `scale` is.
fn at_least(floor: f64, scale: f64) -> f64 {
    if scale < floor { floor } else { scale }
}

/// Writes `scaled((x - offset) - center, scale)`, clipped.
fn scores<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    columns: [&[f64]; 3],
    clip: Option<f64>,
    out: &mut [T],
    scaled: impl Fn(f64, f64) -> f64 + Sync,
) -> Result<()> {
    match clip {
        None => map_by_column(
            threads,
            x,
            columns,
            out,
            #[inline(always)]
            |x, [offset, center, scale]| T::from_f64(scaled((x.to_f64() - offset) - center, scale)),
        ),
        Some(clip) => map_by_column(
            threads,
            x,
            columns,
            out,
            #[inline(always)]
            |x, [offset, center, scale]| {
                let score = scaled((x.to_f64() - offset) - center, scale);
                T::from_f64(if x.is_finite() { clipped(score, clip) } else { score })
            },
        ),
    }
}

/// `score` or the nearer of `+-clip`; NaN stays NaN.
#[inline(always)]
fn clipped(score: f64, clip: f64) -> f64 {
    let score = if score > clip { clip } else { score };
    if score < -clip { -clip } else { score }
}

/// What is subtracted from each column, in two steps, and what it is divided by.
struct Columns {
    offset: Vec<f64>,
    /// Comes after the offset: a mean rounded to the size of the offset would lose the digits that `x - offset` has.
    center: Vec<f64>,
    scale: Vec<f64>,
}

impl Columns {
    fn new<T: Scalar>(
        threads: &Threads<'_>,
        x: ArrayView2<'_, T>,
        center: Option<&[T]>,
        scale: Option<&[T]>,
        method: Method,
    ) -> Result<Self> {
        let own = match (center, scale) {
            (Some(_), Some(_)) => Columns { offset: Vec::new(), center: Vec::new(), scale: Vec::new() },
            (_, scale) => Columns::of(threads, x, method, scale.is_none())?,
        };
        let mut columns = own;
        if let Some(center) = center {
            one_a_column("center", center, x.ncols())?;
            columns.center = vec![0.0; center.len()];
            columns.offset = center.iter().map(|value| value.to_f64()).collect();
        }
        if let Some(scale) = scale {
            one_a_column("scale", scale, x.ncols())?;
            columns.scale = scale.iter().map(|value| value.to_f64()).collect();
        }
        Ok(columns)
    }

    /// Centre and scale of the finite values; the scale only where it is wanted.
    fn of<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, method: Method, scale: bool) -> Result<Self> {
        match method {
            Method::Standard { ddof } => {
                let columns = moments::levels(threads, x)?;
                Ok(Columns {
                    offset: columns.iter().map(|column| column.offset).collect(),
                    center: columns.iter().map(|column| column.mean()).collect(),
                    scale: columns.iter().map(|column| column.deviation(ddof)).collect(),
                })
            }
            Method::Robust => {
                let (median, mad) = match scale {
                    true => robust_stats::medians_and_deviations(threads, x, Missing::NonFinite)?,
                    false => (robust_stats::medians(threads, x, Missing::NonFinite)?, Vec::new()),
                };
                let center = vec![0.0; median.len()];
                Ok(Columns { offset: median, center, scale: mad.iter().map(|mad| NORMAL_CONSISTENCY * mad).collect() })
            }
        }
    }
}

#[cfg(test)]
mod tests;
