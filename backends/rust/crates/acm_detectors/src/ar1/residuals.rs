//! What a model does not explain.

use acm_core::rows::{Rows, one_a_column};
use acm_core::units::LARGE;
use acm_core::{Result, Scalar, Threads, memory, simd};
use ndarray::ArrayView2;

use super::SEGMENT_VALUES;

/// Writes what each value differs by from its prediction `mu + phi * (previous - mu)`, or from `mu` where there is no
/// finite previous value.
pub fn ar1_residuals<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    phi: &[T],
    mu: &[T],
    out: &mut [T],
) -> Result<()> {
    one_a_column("phi", phi, x.ncols())?;
    one_a_column("mu", mu, x.ncols())?;
    // What is left is a number where the distance from a huge mean, or an echo louder than the value, may not be.
    let is_loud = phi.iter().any(|phi| phi.to_f64().abs() > 1.0) || mu.iter().any(|mu| mu.to_f64().abs() > LARGE);
    match is_loud {
        true => by_parts::<T, 8>(threads, Rows::new(x, "x")?, phi, mu, out),
        false => by_parts::<T, 1>(threads, Rows::new(x, "x")?, phi, mu, out),
    }
}

/// The residuals, with differences that are so many times smaller.
fn by_parts<T: Scalar, const PARTS: i8>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    phi: &[T],
    mu: &[T],
    out: &mut [T],
) -> Result<()> {
    let length = (SEGMENT_VALUES / x.width()).max(1);
    let nothing = memory::filled(x.width(), T::NAN)?;
    threads.for_each(2 * out.len(), out.chunks_mut(length * x.width()).enumerate(), |(tile, out)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for (i, out) in (tile * length..).zip(out.chunks_exact_mut(x.width())) {
                    let previous = if i == 0 { &nothing } else { x.row(i - 1) };
                    residuals(x.row(i), previous, phi, mu, f64::from(PARTS), out);
                }
            },
        );
        Ok(())
    })
}

#[inline(always)]
fn residuals<T: Scalar>(row: &[T], previous: &[T], phi: &[T], mu: &[T], parts: f64, out: &mut [T]) {
    for ((((out, value), previous), phi), mu) in out.iter_mut().zip(row).zip(previous).zip(phi).zip(mu) {
        let (center, phi) = (mu.to_f64() / parts, phi.to_f64());
        let echo = if previous.is_finite() { phi * (previous.to_f64() / parts - center) } else { 0.0 };
        let residual = ((value.to_f64() / parts - center) - echo) * parts;
        *out = T::from_f64(if value.is_finite() { residual } else { f64::NAN });
    }
}
