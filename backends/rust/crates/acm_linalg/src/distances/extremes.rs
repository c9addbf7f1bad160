//! Distances whose squares overflow or underflow although they themselves are ordinary numbers.
//!
//! Kernels add up squares as they are. What comes out too small to have all its digits, or infinite, is computed again
//! with differences times a power of two, which changes no digit of them.

use std::ops::Range;

use acm_core::Scalar;
use acm_core::rows::Rows;

use super::assigned::squared_between;

/// From here on sums of squares in `f64` have lost no digit that shows: each square is off by 2^-1075 at most.
const LEAST_SQUARED: f64 = power_of_two(-960);

/// The same in `f32`, of up to 2^26 squares.
const LEAST_SQUARED_IN_F32: f64 = power_of_two(-100);

/// Makes a large difference one whose square is in range, and its inverse a small one.
const UNIT: f64 = power_of_two(600);

/// Smallest, apart from 0, and largest values whose differences have squares in range.
const FITTING: [f64; 2] = [power_of_two(-420), power_of_two(480)];

/// The same in `f32`.
const FITTING_IN_F32: [f64; 2] = [power_of_two(-26), power_of_two(50)];

/// 2 to the power of `exponent`, from -1022 to 1023.
pub const fn power_of_two(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// The least sum of squares in the arithmetic of `T` that has all its digits.
#[inline(always)]
pub fn least_squared<T: Scalar>() -> T {
    T::from_f64(if T::NARROWER_THAN_REFERENCE { LEAST_SQUARED_IN_F32 } else { LEAST_SQUARED })
}

/// Whether a sum of squares is finite and has all its digits.
#[inline(always)]
pub fn is_in_range<T: Scalar>(squared: T) -> bool {
    squared >= least_squared() && squared < T::INFINITY
}

/// Whether all squared distances between such rows are in range, or 0 as those of equal rows.
pub fn squares_fit<T: Scalar>(x: Rows<'_, T>, rows: Range<usize>) -> bool {
    let [smallest, largest] = if T::NARROWER_THAN_REFERENCE { FITTING_IN_F32 } else { FITTING }.map(T::from_f64);
    x.all(
        rows,
        #[inline(always)]
        |value| (value.abs() < largest) & ((value.abs() >= smallest) | (value == T::ZERO)),
    )
}

/// `|x - y|`, whatever its size.
#[inline(always)]
pub fn between<T: Scalar, U: Scalar>(x: &[T], y: &[U]) -> f64 {
    let squared = squared_between(x, y);
    if is_in_range(squared) { squared.sqrt() } else { between_extremes(x, y) }
}

/// The same where the sum of squares is out of range.
#[cold]
#[inline(never)]
fn between_extremes<T: Scalar, U: Scalar>(x: &[T], y: &[U]) -> f64 {
    match largest_difference(x, y, 1.0) {
        // NaN is no largest: the rest of the row, or what is added up, tells.
        largest if largest < 1.0 => squared_after(x, y, UNIT).sqrt() / UNIT,
        _ => squared_after(x, y, 1.0 / UNIT).sqrt() * UNIT,
    }
}

/// The largest `|x_k - y_k|`, in which both are multiplied by `unit`; NaN is passed over.
#[inline(always)]
fn largest_difference<T: Scalar, U: Scalar>(x: &[T], y: &[U], unit: f64) -> f64 {
    let differences = x.iter().zip(y).map(|(x, y)| (x.to_f64() * unit - y.to_f64() * unit).abs());
    differences.fold(0.0, |most, difference| if difference > most { difference } else { most })
}

/// The sum of squares of differences times `unit`.
#[inline(always)]
fn squared_after<T: Scalar, U: Scalar>(x: &[T], y: &[U], unit: f64) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x.to_f64() - y.to_f64()) * unit).map(|difference| difference * difference).sum()
}

/// The nearest row of `y`, the lowest among equals, and its distance, where the squared distance to row `guess` is the
/// smallest but out of range.
#[cold]
#[inline(never)]
pub fn nearest_of_extremes<T: Scalar, U: Scalar>(x: &[T], y: Rows<'_, U>, guess: usize) -> (usize, f64) {
    // Rows before it are at a distance.
    if x.iter().zip(y.row(guess)).all(|(x, y)| x.to_f64() == y.to_f64()) {
        return (guess, 0.0);
    }
    let farthest = |j| largest_difference(x, y.row(j), 1.0);
    let nearest = (0..y.count()).map(farthest).fold(f64::INFINITY, f64::min);
    if nearest == 0.0 {
        return ((0..y.count()).find(|&j| farthest(j) == 0.0).unwrap_or(guess), 0.0);
    }
    // Large values are divided first: their differences may overflow, too.
    let [before, after] = match nearest {
        nearest if nearest < LEAST_SQUARED.sqrt() => [1.0, UNIT],
        _ => [1.0 / UNIT, 1.0],
    };
    let squared = |j: usize| {
        let differences = x.iter().zip(y.row(j)).map(|(x, y)| (x.to_f64() * before - y.to_f64() * before) * after);
        differences.map(|difference| difference * difference).sum::<f64>()
    };
    let mut found = (guess, f64::INFINITY);
    for j in 0..y.count() {
        let squared = squared(j);
        if squared < found.1 {
            found = (j, squared);
        }
    }
    (found.0, between(x, y.row(found.0)))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn distances_of_every_size_have_all_their_digits() {
        for exponent in -1020..1020 {
            let unit = 2.0_f64.powi(exponent);
            let (x, y) = ([3.0 * unit, unit, 0.0], [0.0, -3.0 * unit, 0.0]);
            assert_eq!(between(&x, &y), 5.0 * unit, "2^{exponent}");
        }
        assert_eq!(between(&[1e308, 1e308], &[1e308, 1e308]), 0.0);
        assert_eq!(between(&[f64::MAX], &[f64::MIN]), f64::INFINITY);
        assert_eq!(between(&[f64::INFINITY], &[1.0]), f64::INFINITY);
        assert!(between(&[f64::NAN, 1.0], &[1.0, 1e300]).is_nan());
        assert!(between(&[f64::INFINITY], &[f64::INFINITY]).is_nan());
    }

    fn nearest(x: &[f64], y: &Array2<f64>) -> usize {
        nearest_of_extremes(x, Rows::new(y.view(), "y").unwrap(), 0).0
    }

    #[test]
    fn the_nearest_of_extremes_is_found() {
        for unit in [1e-300, 1e-200, 1e-165, 1e165, 1e200, 1e307] {
            assert_eq!(nearest(&[0.0, 0.0], &array![[4.0, 4.0], [3.0, 0.0], [0.0, -3.0]].mapv(|v| v * unit)), 1);
            assert_eq!(nearest(&[unit, 2.0 * unit], &array![[unit, unit], [unit, 2.0 * unit]]), 1);
            assert_eq!(nearest(&[0.0, 1e300], &array![[unit, 0.0], [2.0 * unit, 1e300], [unit, 1e300]]), 2);
        }
        assert_eq!(nearest(&[f64::MAX], &array![[f64::MIN], [f64::MIN / 2.0]]), 1);
        assert_eq!(nearest(&[0.0], &array![[1e-200], [0.0], [0.0]]), 1);
    }

    #[test]
    fn squares_of_ordinary_rows_fit() {
        let fits = |value: f64| {
            let x = array![[0.0, 1.0], [value, -1.0]];
            squares_fit(Rows::new(x.view(), "x").unwrap(), 0..2)
        };
        let fits_f32 = |value: f32| {
            let x = array![[0.0, 1.0], [value, -1.0]];
            squares_fit(Rows::new(x.view(), "x").unwrap(), 0..2)
        };
        assert!([1e-100, -1e100].map(fits) == [true; 2] && [1e-7, -1e15].map(fits_f32) == [true; 2]);
        assert!([1e-160, 1e160, f64::NAN, f64::INFINITY].map(fits) == [false; 4]);
        assert!([1e-10, 1e17, f32::NAN, f32::INFINITY].map(fits_f32) == [false; 4]);
    }
}
