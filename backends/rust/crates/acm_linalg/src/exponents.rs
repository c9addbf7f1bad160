//! Sums of squares and products whose terms are beyond the range of `f64` while the sum, at its own scale, is not.

use acm_core::{Result, Scalar, memory};

/// The power of two that brings a number close to 1; 1 for zero, NaN and infinity.
pub fn scale_of(size: f64) -> f64 {
    if size > 0.0 && size.is_finite() { size.log2().floor().clamp(-1000.0, 1000.0).exp2().recip() } else { 1.0 }
}

/// `row` less `mean`, and by which factor that is too small: so small that sums over the row are numbers, as those of the
/// largest numbers, or the difference of two, might not be.
pub fn shrunk_deviations<T: Scalar>(row: &[T], mean: &[f64]) -> Result<(Vec<f64>, f64)> {
    let factor = 2.0 * row.len().next_power_of_two() as f64;
    let deviations = row.iter().zip(mean).map(|(value, mean)| value.to_f64() / factor - mean / factor);
    Ok((memory::collected(deviations)?, factor))
}

/// The sum of the squares of `values` times `factor`.
pub fn sum_of_squares(values: &[f64], factor: f64) -> f64 {
    let scale = scale_of(largest(values));
    let sum: f64 = values.iter().map(|value| (value * scale).powi(2)).sum();
    let factor = factor / scale;
    sum * factor * factor
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// The sum of products of three times the square of `factor`, each term with an exponent of its own; of NaN and infinity as
/// arithmetic has it.
pub fn sum_of_products(terms: impl Iterator<Item = [f64; 3]> + Clone, factor: f64) -> f64 {
    let (factor, exponent) = split(factor);
    let split = terms.map(|factors| {
        let [a, b, c] = factors.map(split);
        (a.0 * b.0 * c.0, a.1 + b.1 + c.1)
    });
    let split = split.filter(|(value, _)| *value != 0.0);
    let top = split.clone().map(|(_, exponent)| exponent).max().unwrap_or(0);
    let sum = split.map(|(value, exponent)| value * power_of_two(exponent - top)).sum::<f64>();
    times_power_of_two(sum * factor * factor, top + 2 * exponent)
}

/// Mantissa, from 1 to 2, and exponent; zero, NaN and infinity as they are.
fn split(value: f64) -> (f64, i32) {
    const MANTISSA: u64 = (1 << 52) - 1;
    if value == 0.0 || !value.is_finite() {
        return (value, 0);
    }
    if value.is_subnormal() {
        let (mantissa, exponent) = split(value * power_of_two(64));
        return (mantissa, exponent - 64);
    }
    let exponent = (value.to_bits() >> 52 & 0x7ff) as i32 - 1023;
    (f64::from_bits(value.to_bits() & (MANTISSA | 1 << 63) | 1023 << 52), exponent)
}

/// `value` times 2 to the power of `exponent`, which may be beyond the range of `f64`.
fn times_power_of_two(value: f64, exponent: i32) -> f64 {
    let step = exponent.clamp(-1000, 1000);
    if step == exponent {
        return value * power_of_two(step);
    }
    let value = value * power_of_two(step);
    if value == 0.0 || !value.is_finite() { value } else { times_power_of_two(value, exponent - step) }
}

/// 2 to the power of `exponent`, but never less than the smallest normal number.
fn power_of_two(exponent: i32) -> f64 {
    f64::from(exponent.max(-1022)).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_beyond_the_range_add_up() {
        let (large, small) = (2.0_f64.powi(1023), 2.0_f64.powi(-1023));
        let terms = [[large, small, 3.0], [large, large, 0.0], [-1.0, 2.0, 0.25], [small, small, large]];
        assert_eq!(sum_of_products([[large, 0.0, large], [small, small, large]].into_iter(), large), large);
        assert_eq!(sum_of_products(terms.into_iter(), 1.0), 2.5);
        assert_eq!(sum_of_products([[large, large, small], [large, 1.0, -1.0]].into_iter(), 1.0), 0.0);
        assert_eq!(sum_of_products([[small, small, 4.0]].into_iter(), 1.0), 0.0);
        assert_eq!(sum_of_products([[small, small, 4.0]].into_iter(), large), 4.0);
        assert_eq!(sum_of_products([[large, large, -1.0]].into_iter(), 1.0), f64::NEG_INFINITY);
        assert!(sum_of_products([[f64::INFINITY, 0.0, 1.0]].into_iter(), 1.0).is_nan());
        assert_eq!(sum_of_products(std::iter::empty(), 1.0), 0.0);
    }

    #[test]
    fn squares_beyond_the_range_add_up() {
        let large = 2.0_f64.powi(600);
        assert_eq!(sum_of_squares(&[large, -large], large.recip()), 2.0);
        assert_eq!(sum_of_squares(&[large.recip()], large * 4.0), 16.0);
        assert_eq!(sum_of_squares(&[0.0], large), 0.0);
        assert_eq!(sum_of_squares(&[large], 1.0), f64::INFINITY);
    }
}
