//! Autoregression of the first order: each value as its predecessor's echo.

mod gaps;
mod residuals;

use acm_core::rows::one_a_column;
use acm_core::{Result, Scalar, Threads, memory};
use acm_features::moments::{self, levels};
use acm_features::{Missing, robust_stats};
use ndarray::ArrayView2;

pub use self::residuals::ar1_residuals;

/// Coefficients are kept below 1 by this much, so that what they describe stays stationary.
const LARGEST: f64 = 0.999;

/// Fewest values that tell a coefficient.
const FEWEST: usize = 3;

/// Values in a segment: as many as stay in a core's L2 cache.
const SEGMENT_VALUES: usize = 32 * 1024;

/// What columns are centred at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Center {
    /// The mean of the finite values.
    Mean,
    /// Their median.
    Median,
}

/// What a value's predecessor is where its neighbour is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// The last finite value before the gap.
    Drop,
    /// None.
    Pair,
}

/// Writes each column's coefficient to `phi` and its centre to `mu`.
///
/// The coefficient is the sum of products of neighbours over the sum of squares of the earlier ones; 0 where that is no
/// more than `epsilon`, and for fewer than three values.
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn ar1_coefficients<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    epsilon: f64,
    center: Center,
    gaps: Gaps,
    phi: &mut [T],
    mu: &mut [T],
) -> Result<()> {
    one_a_column("phi", phi, x.ncols())?;
    one_a_column("mu", mu, x.ncols())?;
    let models = match without_gaps(threads, x, center)? {
        Some(models) => models,
        None => over_gaps(threads, x, center, gaps)?,
    };
    for ((phi, mu), model) in phi.iter_mut().zip(mu).zip(models) {
        let told = (model.count >= FEWEST as f64) & (model.squares > epsilon);
        *phi = T::from_f64(if told { (model.products / model.squares).clamp(-LARGEST, LARGEST) } else { 0.0 });
        let [offset, shift] = model.center;
        *mu = T::from_f64(offset + shift);
    }
    Ok(())
}

/// What a column's coefficient and centre follow from.
struct Model {
    count: f64,
    products: f64,
    squares: f64,
    center: [f64; 2],
}

/// The models in one pass over memory; None if there are gaps.
fn without_gaps<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center) -> Result<Option<Vec<Model>>> {
    let Some(echoes) = moments::echoes(threads, x)? else { return Ok(None) };
    let centers = match center {
        Center::Mean => {
            memory::collected(echoes.iter().zip(x.row(0)).map(|(echo, first)| echo.mean_with(first.to_f64())))?
        }
        Center::Median => centers(threads, x, center)?,
    };
    let models = echoes.iter().zip(centers).map(|(echo, center)| {
        let [products, squares] = echo.around(center);
        Model { count: x.nrows() as f64, products, squares, center }
    });
    memory::collected(models).map(Some)
}

fn over_gaps<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center, gaps: Gaps) -> Result<Vec<Model>> {
    let centers = centers(threads, x, center)?;
    let echoes = gaps::echoes(threads, x, gaps, &centers)?;
    let models = echoes.iter().zip(centers).map(|(echo, center)| Model {
        count: echo.count,
        products: echo.products,
        squares: echo.squares,
        center,
    });
    memory::collected(models)
}

/// Each column's centre in two parts, the second small: their sum, rounded to the size of an offset, would lose digits.
fn centers<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center) -> Result<Vec<[f64; 2]>> {
    match center {
        Center::Mean => memory::collected(levels(threads, x)?.iter().map(|column| [column.offset, column.mean()])),
        Center::Median => {
            let medians = robust_stats::medians(threads, x, Missing::NonFinite)?;
            memory::collected(medians.into_iter().map(|median| [median, 0.0]))
        }
    }
}

#[cfg(test)]
mod tests;
