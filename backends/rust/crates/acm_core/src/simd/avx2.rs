//! AVX2 and FMA: 256-bit registers, 4 `f64` or 8 `f32`.

use std::arch::x86_64::*;

use super::{Simd, Vector};

/// Proof that this processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    /// # Safety
    /// This processor must have AVX2 and FMA.
    pub unsafe fn new() -> Self {
        Avx2(())
    }
}

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;

    #[inline(always)]
    fn vectorize<R>(self, body: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        // SAFETY: a value of `Avx2` exists only where the processor has both features.
        unsafe { compiled(body) }
    }
}

// The methods below use instructions of AVX2 and FMA. Their types are private to `simd`, so code reaches them only
// as `S::F32` and `S::F64` of `S = Avx2`, in a task that `dispatch` started after finding both features.
macro_rules! vector {
    ($Name:ident, $T:ident x $lanes:literal, $register:ident, $splat:ident, $load:ident, $store:ident, $add:ident,
     $sub:ident, $mul:ident, $div:ident, $fma:ident, $min:ident, $max:ident, $sqrt:ident, $compare:ident, $blend:ident; $($more:item)*) => {
        #[doc = concat!(stringify!($lanes), " lanes of `", stringify!($T), "`.")]
        #[derive(Clone, Copy)]
        pub struct $Name($register);

        impl Vector<$T> for $Name {
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $T) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $splat(value) })
            }
            #[inline(always)]
            fn load(lanes: &[$T]) -> Self {
                let lanes = &lanes[..Self::LANES];
                // SAFETY: the processor has the feature, see above; the slice holds LANES values.
                Self(unsafe { $load(lanes.as_ptr()) })
            }
            #[inline(always)]
            fn store(self, lanes: &mut [$T]) {
                let lanes = &mut lanes[..Self::LANES];
                // SAFETY: the processor has the feature, see above; the slice holds LANES values.
                unsafe { $store(lanes.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $add(self.0, other.0) })
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $sub(self.0, other.0) })
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $mul(self.0, other.0) })
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $div(self.0, other.0) })
            }
            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $fma(self.0, factor.0, addend.0) })
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $min(self.0, other.0) })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $max(self.0, other.0) })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $sqrt(self.0) })
            }
            #[inline(always)]
            fn select_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
                // SAFETY: the processor has the feature, see above.
                let less = unsafe { $compare::<_CMP_LT_OQ>(a.0, b.0) };
                // SAFETY: the processor has the feature, see above.
                Self(unsafe { $blend(otherwise.0, then.0, less) })
            }
            $($more)*
        }
    };
}

vector!(
    F64x4, f64 x 4, __m256d, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd,
    _mm256_mul_pd, _mm256_div_pd, _mm256_fmadd_pd, _mm256_min_pd, _mm256_max_pd, _mm256_sqrt_pd, _mm256_cmp_pd, _mm256_blendv_pd;

    #[inline(always)]
    fn keep_between(self, low: Self, high: Self, out: &mut [f64]) -> usize {
        let out = &mut out[..Self::LANES];
        // SAFETY: the processor has the feature, see above.
        let above = unsafe { _mm256_cmp_pd::<_CMP_GT_OQ>(self.0, low.0) };
        // SAFETY: the processor has the feature, see above.
        let below = unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(self.0, high.0) };
        // SAFETY: the processor has the feature, see above.
        let between = unsafe { _mm256_and_pd(above, below) };
        // SAFETY: the processor has the feature, see above.
        let mask = unsafe { _mm256_movemask_pd(between) };
        let Front { halves, count } = &FRONT[mask as usize & 15];
        // SAFETY: the processor has the feature, see above; the array holds eight numbers of 32 bits.
        let order = unsafe { _mm256_loadu_si256(halves.as_ptr().cast()) };
        // SAFETY: the processor has the feature, see above.
        let lanes = unsafe { _mm256_castpd_ps(self.0) };
        // SAFETY: the processor has the feature, see above.
        let lanes = unsafe { _mm256_permutevar8x32_ps(lanes, order) };
        // SAFETY: the processor has the feature, see above; the slice holds LANES values of two halves.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr().cast(), lanes) };
        *count
    }
);
vector!(
    F32x8, f32 x 8, __m256, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps,
    _mm256_mul_ps, _mm256_div_ps, _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps, _mm256_sqrt_ps, _mm256_cmp_ps, _mm256_blendv_ps;
);

/// How to bring some of four lanes to the front.
struct Front {
    /// The places of their halves, of 32 bits each.
    halves: [u32; 8],
    /// How many they are.
    count: usize,
}

/// Indexed by the mask of the lanes that are brought to the front.
static FRONT: [Front; 16] = {
    let mut table = [const { Front { halves: [0; 8], count: 0 } }; 16];
    let mut mask = 0;
    while mask < 16 {
        let mut lane = 0;
        while lane < 4 {
            if mask & 1 << lane != 0 {
                let front = &mut table[mask];
                front.halves[2 * front.count] = 2 * lane;
                front.halves[2 * front.count + 1] = 2 * lane + 1;
                front.count += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
};
