//! Pearson's correlation of all pairs of columns.

use std::ops::ControlFlow;

use acm_core::rows::Rows;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::ambiguous::write_ambiguous;
use super::common::coefficient;
use super::rescaled::Rescaled;
use super::standard::{SUMS, Standard};
use super::tiles::{Tile, for_each_tile};

/// Writes the correlation of each pair of columns over the rows in which both are finite: 1 on the diagonal, NaN where
/// a column does not vary there.
pub fn pearson<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, mut out: ArrayViewMut2<'_, T>) -> Result<()> {
    let rescaled = Rescaled::new(threads, x)?;
    let standard = Standard::new(&rescaled)?;
    if !standard.gaps {
        return complete(threads, &standard, &mut out);
    }
    let mut ambiguous = Vec::new();
    for_each_tile::<T, f64, _>(threads, &standard, SUMS, |tile| {
        memory::reserve(&mut ambiguous, tile.rows.len() * tile.columns.len())?;
        write_tile(&standard, tile, &mut out, |i, j| match over_common_rows::<T>(tile, i, j) {
            Some(value) => value,
            None => {
                #[allow(clippy::disallowed_methods, reason = "has room")]
                ambiguous.push((tile.rows.start + i, tile.columns.start + j));
                f64::NAN
            }
        });
        Ok(ControlFlow::Continue(()))
    })?;
    write_ambiguous(threads, Rows::new(x, "x")?, &ambiguous, &mut out)
}

/// Writes the products of the standardised columns, for which missing values are at the mean.
pub fn complete<X: Scalar, T: Scalar>(
    threads: &Threads<'_>,
    standard: &Standard<'_, X>,
    out: &mut ArrayViewMut2<'_, T>,
) -> Result<()> {
    for_each_tile::<T, f64, _>(threads, standard, 1, |tile| {
        write_tile(standard, tile, out, |i, j| tile.sum(0, i, j).clamp(-1.0, 1.0));
        Ok(ControlFlow::Continue(()))
    })
}

/// Writes a tile and its mirror image, and the diagonal.
fn write_tile<X: Scalar, T: Scalar>(
    standard: &Standard<'_, X>,
    tile: &Tile<'_, f64>,
    out: &mut ArrayViewMut2<'_, T>,
    mut value: impl FnMut(usize, usize) -> f64,
) {
    for (i, row) in tile.rows.clone().enumerate() {
        let after = if tile.is_diagonal() { i + 1 } else { 0 };
        for (j, column) in tile.columns.clone().enumerate().skip(after) {
            let value = T::from_f64(value(i, j));
            (out[(row, column)], out[(column, row)]) = (value, value);
        }
        out[(row, row)] = T::from_f64(standard.diagonal(row));
    }
}

/// The coefficient from the sums over the common rows; None where these cancel.
fn over_common_rows<T: Scalar>(tile: &Tile<'_, f64>, i: usize, j: usize) -> Option<f64> {
    let sums: [f64; SUMS] = std::array::from_fn(|index| tile.sum(index, i, j));
    let [products, count, left, right, left_squares, right_squares] = sums;
    if count < 2.0 || products.is_nan() {
        return Some(f64::NAN);
    }
    let about_means =
        [products - left * right / count, left_squares - left * left / count, right_squares - right * right / count];
    // What is left of the squares must have kept enough digits.
    let least = if T::NARROWER_THAN_REFERENCE { 0.1 } else { 1e-3 };
    let kept = about_means[1] > least * left_squares && about_means[2] > least * right_squares;
    kept.then(|| coefficient(about_means))
}
