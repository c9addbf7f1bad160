//! What remains to be done for a row once the nearest row in the kernel's own arithmetic is known.

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar};

use super::champions::Nearest;
use super::fill::squared_distance;

/// Squared distances of `f32` below this have lost digits, or all of them, to underflow.
const UNDERFLOW: f64 = 1e-30;

/// The final nearest row of one row.
pub struct Settled<T> {
    /// Its number.
    pub index: usize,
    /// Its distance.
    pub distance: T,
}

/// Checks row `i` of `x` and decides between rows of `y` that are too close to call in `T`.
#[inline(always)]
pub fn settled<T: Scalar>(x: Rows<'_, T>, i: usize, y: Rows<'_, T>, nearest: Nearest<T>) -> Result<Settled<T>> {
    // A NaN or infinity in the row leaves no finite distance, so that looking at every row's values is not needed.
    if !nearest.squared.is_finite() && !x.are_finite(i..i + 1) {
        return Err(Error::invalid("x", "holds NaN or infinity"));
    }
    if T::NARROWER_THAN_REFERENCE && too_close(nearest, x.width()) {
        return Ok(settle(x.row(i), y));
    }
    Ok(Settled { index: nearest.index, distance: nearest.squared.sqrt() })
}

/// True where rounding, overflow or underflow in `T` may have picked another row than `f64` would.
fn too_close<T: Scalar>(nearest: Nearest<T>, width: usize) -> bool {
    // Each of `width` terms and each addition is off by at most EPSILON, relatively, in both sums.
    let doubt = 1.0 + 2.0 * (width as f64 + 4.0) * T::EPSILON.to_f64();
    let (squared, runner_up) = (nearest.squared.to_f64(), nearest.runner_up.to_f64());
    !squared.is_finite() || runner_up <= squared * doubt + UNDERFLOW
}

/// The nearest row of `y` in `f64`, the lowest among equals.
#[cold]
fn settle<T: Scalar>(x: &[T], y: Rows<'_, T>) -> Settled<T> {
    let mut best = (f64::INFINITY, 0);
    for j in 0..y.count() {
        let squared = squared_distance(x, y.row(j));
        if squared < best.0 {
            best = (squared, j);
        }
    }
    Settled { index: best.1, distance: T::from_f64(best.0.sqrt()) }
}
