//! Squared Mahalanobis distances, one pass over the rows.

use std::cmp::Ordering;

use acm_core::micro::{BLOCK_ROWS, Register, load, multiply_add, zeros};
use acm_core::pack::{Panels, Tail};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use crate::exponents::{shrunk_deviations, sum_of_products};
use crate::tile;

/// Writes `out[i] = max((x_i - mean) precision (x_i - mean)^T, 0)`, computed in `f64`.
pub fn mahalanobis<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    mean: &[T],
    precision: ArrayView2<'_, T>,
    out: &mut [T],
) -> Result<()> {
    let (x, precision) = (Rows::new(x, "x")?, Rows::new(precision, "precision")?);
    let mean = tile::as_f64("mean", mean, x.width())?;
    if (precision.count(), precision.width()) != (x.width(), x.width()) {
        return Err(Error::invalid("precision", "does not have one row and one column for each column of x"));
    }
    if out.len() != x.count() {
        return Err(Error::invalid("out", "does not have one value for each row of x"));
    }
    simd::dispatch(Forms { threads, x, mean, precision, out })
}

struct Forms<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    mean: Vec<f64>,
    precision: Rows<'a, T>,
    out: &'a mut [T],
}

impl<T: Scalar> Task for Forms<'_, T> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn is_wide(&self) -> bool {
        simd::has_whole_wide_registers()
    }

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Forms { threads, x, mean, precision, out } = self;
        let width = x.width();
        let factor = Panels::<S, f64>::pack(simd, width, width, Tail::Padded, |k, j| folded(precision, k, j))?;
        let stride = factor.padded_width();
        let height = tile::height(stride);
        let task = tile::task(height, stride * width);
        let tasks = out.chunks_mut(task).zip((0..x.count()).step_by(task));
        let work = x.count().saturating_mul(width * (width + 2));
        let prepare = || memory::filled(height * stride, 0.0);
        threads.for_each_with(work, tasks, prepare, |deviations, (out, first)| {
            for (out, first) in out.chunks_mut(height).zip((first..).step_by(height)) {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        tile::deviations(x, first..first + out.len(), &mean, stride, deviations);
                        forms(&factor, deviations, stride, out);
                    },
                );
                for (i, out) in out.iter_mut().enumerate() {
                    if !out.is_finite() {
                        *out = T::from_f64(plain(x.row(first + i), &mean, precision)?);
                    } else if *out < T::ZERO {
                        *out = T::ZERO;
                    }
                }
            }
            Ok(())
        })
    }
}

/// An entry of the lower triangular matrix whose form is half that of `precision`: half as many products, and halved
/// first, what has a form at all does not overflow.
#[inline(always)]
fn folded<T: Scalar>(precision: Rows<'_, T>, k: usize, j: usize) -> f64 {
    let half = |k: usize, j: usize| 0.5 * precision.row(k)[j].to_f64();
    match k.cmp(&j) {
        Ordering::Less => 0.0,
        Ordering::Equal => half(k, k),
        Ordering::Greater => half(k, j) + half(j, k),
    }
}

/// Twice `row L row^T` of each row of a tile, with the lower triangular matrix L.
#[inline(always)]
fn forms<S: Simd, T: Scalar>(factor: &Panels<S, f64>, deviations: &[f64], stride: usize, out: &mut [T]) {
    let count = out.len();
    for (first, out) in (0..count).step_by(BLOCK_ROWS).zip(out.chunks_mut(BLOCK_ROWS)) {
        let rows = tile::block(deviations, stride, first, count);
        let mut totals = [Register::<S, f64>::splat(0.0); BLOCK_ROWS];
        for (column, panel) in factor.iter() {
            // Above its diagonal the matrix is zero.
            let mut behind = rows;
            for row in &mut behind {
                *row = &row[column..];
            }
            let products = multiply_add::<S, f64>(zeros::<S, f64>(), behind, &panel[column..]);
            for (total, (product, own)) in totals.iter_mut().zip(products.into_iter().zip(load::<S, f64>(rows, column)))
            {
                *total = product[1].mul_add(own[1], product[0].mul_add(own[0], *total));
            }
        }
        for (out, total) in out.iter_mut().zip(totals) {
            *out = T::from_f64(2.0 * total.sum());
        }
    }
}

/// The same for one row, each term with an exponent of its own, and in plain arithmetic: the lanes behind a row's values
/// make NaN of infinities.
#[cold]
fn plain<T: Scalar>(row: &[T], mean: &[f64], precision: Rows<'_, T>) -> Result<f64> {
    let (deviations, factor) = shrunk_deviations(row, mean)?;
    let term = |(at, &value): (usize, &T)| {
        let (k, j) = (at / row.len(), at % row.len());
        [deviations[k], value.to_f64(), deviations[j]]
    };
    let terms = precision.values().iter().enumerate().map(term);
    Ok(at_least_zero(sum_of_products(terms, factor)))
}

/// The larger of `value` and 0; NaN stays NaN.
#[inline(always)]
fn at_least_zero(value: f64) -> f64 {
    if value < 0.0 { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn terms_beyond_float64_that_cancel() {
        let precision = array![[-1e308, 0.0], [0.0, 1e308]];
        let mut out = [0.0; 2];
        mahalanobis(
            &Threads::uninterrupted(1),
            array![[2.0, 2.5], [2.5, 2.0]].view(),
            &[0.0; 2],
            precision.view(),
            &mut out,
        )
        .unwrap();
        assert_eq!(out, [f64::INFINITY, 0.0]);
        mahalanobis(
            &Threads::uninterrupted(1),
            array![[2.0, 2.25], [2.0, 2.0]].view(),
            &[0.0; 2],
            precision.view(),
            &mut out,
        )
        .unwrap();
        assert!((out[0] / 1.0625e308 - 1.0).abs() < 1e-12 && out[1] == 0.0);
    }

    #[test]
    fn known_values() {
        let x = array![[3.0, 1.0], [1.0, 1.0], [1.0, f64::NAN], [f64::INFINITY, 1.0]];
        let mut out = [0.0; 4];
        let precision = array![[0.25, 0.0], [0.0, 1.0]];
        mahalanobis(&Threads::uninterrupted(1), x.view(), &[1.0, 1.0], precision.view(), &mut out).unwrap();
        assert_eq!(out[..2], [1.0, 0.0]);
        assert!(out[2..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn rows_without_columns_are_at_the_mean() {
        let mut out = [7.0; 2];
        let (x, precision) = (Array2::<f64>::zeros((2, 0)), Array2::zeros((0, 0)));
        mahalanobis(&Threads::uninterrupted(1), x.view(), &[], precision.view(), &mut out).unwrap();
        assert_eq!(out, [0.0; 2]);
    }

    #[test]
    fn differences_beyond_all_numbers() {
        let size = 2.0_f64.powi(1023);
        let x = array![[size, 3.0], [-1.5 * size, 1.0], [size, 0.0]];
        let mut out = [0.0; 3];
        for (precision, expected) in [
            (array![[0.0, 0.0], [0.0, 1.0]], [9.0, 1.0, 0.0]),
            (array![[1.0, 0.0], [0.0, 1.0]], [f64::INFINITY, f64::INFINITY, f64::INFINITY]),
            (array![[-1.0, 0.0], [0.0, 1.0]], [0.0; 3]),
        ] {
            mahalanobis(&Threads::uninterrupted(1), x.view(), &[-size, 0.0], precision.view(), &mut out).unwrap();
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn a_negative_form_is_zero() {
        let (x, precision) = (Array2::from_elem((9, 3), 2.0_f32), Array2::from_diag_elem(3, -1.0));
        let mut out = [1.0; 9];
        mahalanobis(&Threads::uninterrupted(2), x.view(), &[0.0; 3], precision.view(), &mut out).unwrap();
        assert_eq!(out, [0.0; 9]);
    }
}
