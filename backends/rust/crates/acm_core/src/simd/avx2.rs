//! AVX2 and FMA: 256-bit registers, 4 `f64` or 8 `f32`.

use std::arch::x86_64::*;

use super::x86::vector;
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
    const REGISTERS: usize = 16;

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

vector!(
    F64x4, f64 x 4, __m256d, _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd,
    _mm256_mul_pd, _mm256_div_pd, _mm256_fmadd_pd, _mm256_min_pd, _mm256_max_pd, _mm256_sqrt_pd, select_less_pd;

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
    _mm256_mul_ps, _mm256_div_ps, _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps, _mm256_sqrt_ps, select_less_ps;
);

#[inline(always)]
fn select_less_pd(a: __m256d, b: __m256d, then: __m256d, otherwise: __m256d) -> __m256d {
    // SAFETY: only registers of `Avx2` call it, see `x86`.
    let less = unsafe { _mm256_cmp_pd::<_CMP_LT_OQ>(a, b) };
    // SAFETY: as above.
    unsafe { _mm256_blendv_pd(otherwise, then, less) }
}

#[inline(always)]
fn select_less_ps(a: __m256, b: __m256, then: __m256, otherwise: __m256) -> __m256 {
    // SAFETY: only registers of `Avx2` call it, see `x86`.
    let less = unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) };
    // SAFETY: as above.
    unsafe { _mm256_blendv_ps(otherwise, then, less) }
}

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
