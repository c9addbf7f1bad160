//! What every processor of the architecture has: SSE2 on x86-64, NEON on aarch64, plain arithmetic elsewhere.
//!
//! Registers are small arrays; the compiler turns their loops into instructions of the baseline.

use super::{Simd, Vector};

/// The instructions this crate is compiled for anyway.
#[derive(Clone, Copy)]
pub struct Baseline;

/// 128 bits of `T` as an array.
#[derive(Clone, Copy)]
pub struct Lanes<T, const N: usize>([T; N]);

impl Simd for Baseline {
    type F32 = Lanes<f32, 4>;
    type F64 = Lanes<f64, 2>;
    // Some architectures have twice as many.
    const REGISTERS: usize = 16;

    #[inline(always)]
    fn vectorize<R>(self, body: impl FnOnce() -> R) -> R {
        body()
    }
}

impl<T: Copy, const N: usize> Lanes<T, N> {
    #[inline(always)]
    fn zip(self, other: Self, each: impl Fn(T, T) -> T) -> Self {
        Lanes(std::array::from_fn(|lane| each(self.0[lane], other.0[lane])))
    }
}

macro_rules! vector {
    ($T:ident x $lanes:literal) => {
        impl Vector<$T> for Lanes<$T, $lanes> {
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $T) -> Self {
                Lanes([value; $lanes])
            }
            #[inline(always)]
            fn load(lanes: &[$T]) -> Self {
                Lanes(std::array::from_fn(|lane| lanes[lane]))
            }
            #[inline(always)]
            fn store(self, lanes: &mut [$T]) {
                lanes[..$lanes].copy_from_slice(&self.0);
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.zip(other, |a, b| a + b)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.zip(other, |a, b| a - b)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.zip(other, |a, b| a * b)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                self.zip(other, |a, b| a / b)
            }
            #[inline(always)]
            // aarch64 has fused multiply-add in its baseline, so there it is one instruction.
            #[allow(clippy::disallowed_methods)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                Lanes(std::array::from_fn(|lane| {
                    if cfg!(target_arch = "aarch64") {
                        self.0[lane].mul_add(factor.0[lane], addend.0[lane])
                    } else {
                        self.0[lane] * factor.0[lane] + addend.0[lane]
                    }
                }))
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                self.zip(other, |a, b| if a < b { a } else { b })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                self.zip(other, |a, b| if a > b { a } else { b })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Lanes(self.0.map($T::sqrt))
            }
            #[inline(always)]
            fn select_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
                Lanes(std::array::from_fn(|lane| if a.0[lane] < b.0[lane] { then.0[lane] } else { otherwise.0[lane] }))
            }
        }
    };
}

vector!(f32 x 4);
vector!(f64 x 2);
