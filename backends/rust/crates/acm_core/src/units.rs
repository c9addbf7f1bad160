//! Units in which sums of powers stay within the range of numbers: powers of two, which cost no digit.
//!
//! Ordinary values have the unit 1. Where a sum is out of range (overflowed, or so small that its terms may have been
//! 0) its values are rescaled to a unit of their size, and summed up again.

use crate::rows::Rows;
use crate::{Result, Scalar, memory};

/// Sizes of values whose fourth powers, and those of their least differences, stay within the range of `f64` in any
/// sum. Of two numbers the difference is 0 or at least 2^-54 of the larger.
pub const FITTING: [f64; 2] = [power(-100), power(100)];

/// A lower bound of a sum of squares wherever values fit, or larger ones make up for those that do not.
pub const LEAST_SQUARES: f64 = power(-400);

/// Its upper bound then.
const LARGEST_SQUARES: f64 = power(400);

/// Exponents of the least and the largest unit: of these and their reciprocals products stay normal numbers.
const EXPONENTS: [i32; 2] = [-1000, 1000];

/// Differences from smaller numbers than this do not overflow.
pub const LARGE: f64 = power(900);

/// 2^`exponent`, which must be that of a normal number.
#[inline(always)]
pub const fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Whether values of that size need no unit; 0 does not either.
#[inline(always)]
pub fn fits(size: f64) -> bool {
    (size == 0.0) | (FITTING[0]..=FITTING[1]).contains(&size)
}

/// Whether a sum of squares shows that nothing was lost in it. That of equal values does not.
#[inline(always)]
pub fn is_sound(squares: f64) -> bool {
    (squares > LEAST_SQUARES) & (squares < LARGEST_SQUARES)
}

/// The exponent of the unit for values of which `largest` is the largest magnitude: 0 if they fit, the least of all
/// for zeros, which are the same in every unit.
pub fn exponent_for(largest: f64) -> i32 {
    match fits(largest) {
        true if largest == 0.0 => EXPONENTS[0],
        true => 0,
        false => ((largest.to_bits() >> 52) as i32 - 1022).clamp(EXPONENTS[0], EXPONENTS[1]),
    }
}

/// The largest finite magnitude of each of some columns.
pub fn largest_in<T: Scalar>(x: Rows<'_, T>, columns: &[usize]) -> Result<Vec<f64>> {
    let mut largest = memory::filled(columns.len(), 0.0)?;
    for row in (0..x.count()).map(|row| x.row(row)) {
        for (largest, &column) in largest.iter_mut().zip(columns) {
            let size = row[column].to_f64().abs();
            *largest = if size > *largest && size.is_finite() { size } else { *largest };
        }
    }
    Ok(largest)
}

/// `value` counted in the unit with that exponent, one that [`exponent_for`] gives.
#[inline(always)]
pub fn counted(value: f64, exponent: i32) -> f64 {
    if exponent == 0 { value } else { value * power(-exponent) }
}

/// `value` times 2^`exponent`, whatever the exponent; infinite or 0 where that is no number.
#[inline(always)]
pub fn times_power(value: f64, exponent: i32) -> f64 {
    if exponent == 0 { value } else { times_power_by_steps(value, exponent) }
}

fn times_power_by_steps(mut value: f64, mut rest: i32) -> f64 {
    while rest != 0 {
        let step = rest.clamp(EXPONENTS[0], EXPONENTS[1]);
        value *= power(step);
        rest -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact() {
        for exponent in -1022..=1023 {
            assert_eq!(power(exponent), 2f64.powi(exponent));
        }
        assert_eq!(times_power(f64::MIN_POSITIVE, 2045), power(1023));
        assert_eq!(times_power(3.0, -1074), 3.0 * f64::from_bits(1));
        assert_eq!(
            [times_power(1.0, 1024), times_power(-1.0, 4000), times_power(1.0, -1100)],
            [f64::INFINITY, f64::NEG_INFINITY, 0.0]
        );
        assert!(times_power(f64::NAN, 2000).is_nan());
    }

    #[test]
    fn units_are_of_the_size_of_the_values() {
        for largest in [1e-320, 1e-308, 1e-200, 1e-31, 1e31, 1e200, f64::MAX] {
            let counted = times_power(largest, -exponent_for(largest));
            assert!((power(-100)..power(25)).contains(&counted), "{largest}: {counted}");
        }
        assert_eq!([0.0, 1e-30, 1.0, 1e30].map(exponent_for), [-1000, 0, 0, 0]);
    }
}
