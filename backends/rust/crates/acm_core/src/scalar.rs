//! The two number types kernels are written for, under one name.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use crate::simd::{Simd, Vector};

/// `f32` or `f64`: kernels are written once over this trait.
pub trait Scalar:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// A SIMD register of this type on the instruction set `S`.
    type Vector<S: Simd>: Vector<Self>;

    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// The distance from 1 to the next larger number.
    const EPSILON: Self;
    /// Added to a number from 0 to 2^22 it leaves that number, rounded, in the lowest bits: one addition where a
    /// conversion would be several instructions.
    const ROUNDS: Self;
    /// True when a reference that computes in `f64` sees digits that this type does not.
    const NARROWER_THAN_REFERENCE: bool;

    /// The lowest 22 bits.
    fn low_bits(self) -> usize;
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;
    /// The same number as `f64`; exact.
    fn to_f64(self) -> f64;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// True for neither NaN nor an infinity.
    fn is_finite(self) -> bool;
    /// True for NaN.
    fn is_nan(self) -> bool;
    /// The order of the real line with -NaN first and NaN last, for sorting and selecting.
    fn total_cmp(&self, other: &Self) -> std::cmp::Ordering;
}

macro_rules! scalar {
    ($T:ident, vector: $V:ident, narrower: $narrower:literal) => {
        impl Scalar for $T {
            type Vector<S: Simd> = S::$V;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const INFINITY: Self = $T::INFINITY;
            const NAN: Self = $T::NAN;
            const EPSILON: Self = $T::EPSILON;
            const ROUNDS: Self = 1.0 / $T::EPSILON;
            const NARROWER_THAN_REFERENCE: bool = $narrower;

            #[inline(always)]
            fn low_bits(self) -> usize {
                (self.to_bits() as u32 & ((1 << 22) - 1)) as usize
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $T
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                self.is_finite()
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                self.is_nan()
            }
            #[inline(always)]
            fn total_cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.total_cmp(other)
            }
        }
    };
}

scalar!(f32, vector: F32, narrower: true);
scalar!(f64, vector: F64, narrower: false);
