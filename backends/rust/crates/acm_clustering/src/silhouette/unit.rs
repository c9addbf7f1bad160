//! What distances are measured in: silhouettes are ratios, which no unit changes.

use acm_core::Scalar;
use acm_core::rows::Rows;
use acm_linalg::distances::extremes::{power_of_two, squares_fit};

/// Makes values around the largest, or the smallest, numbers ordinary ones.
const NEAR_ONE: f64 = power_of_two(700);

/// The largest values whose squares are in range.
const LARGE: f64 = power_of_two(470);

/// A power of two to multiply all values by.
#[derive(Clone, Copy)]
pub struct Unit {
    factor: f64,
    /// Whether squares of differences may overflow or underflow all the same.
    pub may_be_extreme: bool,
}

impl Unit {
    /// Values as they are: all their squares fit.
    pub const ONE: Self = Unit { factor: 1.0, may_be_extreme: false };

    /// So large that no sum of distances overflows: columns and rows take fewer of its powers of two.
    pub const FAR: Self = Unit { factor: power_of_two(-64), may_be_extreme: true };

    /// For the values of `x`, which are finite: one in which all squares are in range, if there is one, else a small
    /// one, in which no distance is less than a normal number.
    pub fn of<T: Scalar>(x: Rows<'_, T>) -> Self {
        if squares_fit(x, 0..x.count()) {
            return Self::ONE;
        }
        let sizes = x.values().iter().map(|value| value.to_f64().abs());
        let (smallest, largest) = sizes
            .filter(|&size| size > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(low, high), size| (low.min(size), high.max(size)));
        let all = |factor: f64| smallest * factor > power_of_two(-400) && largest * factor < power_of_two(400);
        match [NEAR_ONE, 1.0 / NEAR_ONE].into_iter().find(|&factor| all(factor)) {
            Some(factor) => Unit { factor, may_be_extreme: false },
            None => {
                let mut factors = (0..=100).rev().map(|tens| power_of_two(10 * tens));
                let factor = factors.find(|factor| largest * factor < LARGE);
                Unit { factor: factor.unwrap_or(1.0), may_be_extreme: true }
            }
        }
    }

    /// `value` in this unit.
    #[inline(always)]
    pub fn measure<T: Scalar>(self, value: T) -> f64 {
        value.to_f64() * self.factor
    }
}
