//! Autoregression of the first order: each value explained by the one before it.

mod gaps;
mod residuals;

use acm_core::rows::{Rows, one_a_column};
use acm_core::units::{exponent_for, is_sound, largest_in, times_power};
use acm_core::{Result, Scalar, Threads, cache, memory};
use acm_features::moments::{self, MeanVariance, means_and_variances_in_units};
use acm_features::{Missing, robust_stats};
use ndarray::ArrayView2;

pub use self::residuals::ar1_residuals;

/// Coefficients are kept below 1 by this much, so that the model stays stationary.
const LARGEST: f64 = 0.999;

/// Fewest values that tell a coefficient.
const FEWEST: usize = 3;

/// Values in a segment: as many as stay in a core's L2 cache.
const SEGMENT_VALUES: usize = cache::L2_VALUES;

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
        let least = times_power(epsilon, -2 * model.exponent);
        let told = (model.count >= FEWEST as f64) & (model.squares > least);
        *phi = T::from_f64(if told { (model.products / model.squares).clamp(-LARGEST, LARGEST) } else { 0.0 });
        let [offset, shift] = model.center;
        *mu = T::from_f64(times_power(offset + shift, model.exponent));
    }
    Ok(())
}

/// What a column's coefficient and centre follow from, but for the count in a unit with that exponent.
struct Model {
    exponent: i32,
    count: f64,
    products: f64,
    squares: f64,
    center: [f64; 2],
}

/// The models in one pass over memory; None if there are gaps.
fn without_gaps<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center) -> Result<Option<Vec<Model>>> {
    let Some(lag_sums) = moments::lag_sums(threads, x)? else { return Ok(None) };
    let centers = match center {
        Center::Mean => {
            memory::collected(lag_sums.iter().zip(x.row(0)).map(|(sums, first)| sums.mean_with(first.to_f64())))?
        }
        Center::Median => {
            let medians = robust_stats::medians(threads, x, Missing::NonFinite)?;
            memory::collected(medians.iter().zip(&lag_sums).map(|(&median, sums)| in_unit(median, sums.exponent)))?
        }
    };
    let models = lag_sums.iter().zip(centers).map(|(sums, center)| {
        let [products, squares] = sums.around(center);
        Model { exponent: sums.exponent, count: x.nrows() as f64, products, squares, center }
    });
    memory::collected(models).map(Some)
}

fn over_gaps<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center, gaps: Gaps) -> Result<Vec<Model>> {
    match center {
        Center::Mean => {
            let columns = means_and_variances_in_units(threads, x)?;
            let exponents = memory::collected(columns.iter().map(MeanVariance::exponent))?;
            let center = |column: &MeanVariance| [times_power(column.offset, -column.exponent()), column.mean()];
            models_over_gaps(threads, x, gaps, memory::collected(columns.iter().map(center))?, exponents)
        }
        Center::Median => {
            let medians = robust_stats::medians(threads, x, Missing::NonFinite)?;
            let mut exponents = memory::filled(x.ncols(), 0)?;
            let models = about_medians(threads, x, gaps, &medians, &exponents)?;
            let is_out_of_range = |&column: &usize| models[column].count > 0.0 && !is_sound(models[column].squares);
            let out_of_range = memory::collected((0..x.ncols()).filter(is_out_of_range))?;
            for (&column, largest) in out_of_range.iter().zip(largest_in(Rows::new(x, "x")?, &out_of_range)?) {
                exponents[column] = if largest > 0.0 { exponent_for(largest) } else { 0 };
            }
            // Columns of equal values look out of range, too.
            match exponents.iter().all(|&exponent| exponent == 0) {
                true => Ok(models),
                false => about_medians(threads, x, gaps, &medians, &exponents),
            }
        }
    }
}

fn about_medians<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    gaps: Gaps,
    medians: &[f64],
    exponents: &[i32],
) -> Result<Vec<Model>> {
    let centers = memory::collected(medians.iter().zip(exponents).map(|(&median, &own)| in_unit(median, own)))?;
    models_over_gaps(threads, x, gaps, centers, memory::collected(exponents.iter().copied())?)
}

/// The models about `centers`, which are counted in units with these exponents.
fn models_over_gaps<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    gaps: Gaps,
    centers: Vec<[f64; 2]>,
    exponents: Vec<i32>,
) -> Result<Vec<Model>> {
    let lag_sums = gaps::lag_sums(threads, x, gaps, &centers, &exponents)?;
    let models = lag_sums.iter().zip(centers).zip(exponents).map(|((sums, center), exponent)| Model {
        exponent,
        count: sums.count,
        products: sums.products,
        squares: sums.squares,
        center,
    });
    memory::collected(models)
}

/// A centre in two parts, the second small: their sum, rounded to the size of an offset, would lose digits.
fn in_unit(center: f64, exponent: i32) -> [f64; 2] {
    [times_power(center, -exponent), 0.0]
}

#[cfg(test)]
mod tests;
