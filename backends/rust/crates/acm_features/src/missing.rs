//! What counts as missing.

use acm_core::Scalar;

/// Which values an operation leaves out or replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// NaN and infinities.
    NonFinite,
    /// NaN only; infinities are numbers.
    Nan,
}

impl Missing {
    /// Whether `value` is missing.
    #[inline(always)]
    pub fn includes<T: Scalar>(self, value: T) -> bool {
        match self {
            Missing::NonFinite => !value.is_finite(),
            Missing::Nan => value.is_nan(),
        }
    }
}
