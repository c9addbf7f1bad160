//! Gaps filled.

use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayView2;

use crate::Missing;
use crate::by_column::{map_by_column, one_a_column};
use crate::robust_stats;

/// Writes `x` with each missing value replaced by its column's `fill`, by default the median of the column's values;
/// the gaps of a column without values become NaN.
pub fn impute<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    fill: Option<&[T]>,
    missing: Missing,
    out: &mut [T],
) -> Result<()> {
    let medians: Vec<T>;
    let fill = match fill {
        Some(fill) => fill,
        None => {
            medians = robust_stats::medians(threads, x, missing)?.into_iter().map(T::from_f64).collect();
            &medians
        }
    };
    one_a_column("fill", fill, x.ncols())?;
    match missing {
        Missing::NonFinite => map_by_column(
            threads,
            x,
            [fill],
            out,
            #[inline(always)]
            |x, [fill]| if x.is_finite() { x } else { fill },
        ),
        Missing::Nan => map_by_column(
            threads,
            x,
            [fill],
            out,
            #[inline(always)]
            |x, [fill]| if x.is_nan() { fill } else { x },
        ),
    }
}
