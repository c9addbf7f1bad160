//! AVX-512: 512-bit registers, 8 `f64` or 16 `f32`.

use std::arch::x86_64::*;

use super::avx2::{F32x8, F64x4};
use super::x86::vector;
use super::{Simd, Vector};

/// Proof that this processor has AVX-512F, AVX2 and FMA.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    /// # Safety
    /// This processor must have AVX-512F, AVX2 and FMA.
    pub unsafe fn new() -> Self {
        Avx512(())
    }
}

impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn vectorize<R>(self, body: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx2,fma")]
        fn compiled<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        // SAFETY: a value of `Avx512` exists only where the processor has the features.
        unsafe { compiled(body) }
    }
}

vector!(
    F64x8, f64 x 8, __m512d, _mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_add_pd, _mm512_sub_pd,
    _mm512_mul_pd, _mm512_div_pd, _mm512_fmadd_pd, _mm512_min_pd, _mm512_max_pd, sqrt_pd, select_less_pd;

    #[inline(always)]
    fn transpose(from: &[f64], row: usize, to: &mut [f64], column: usize) {
        transpose_by_quarters::<F64x4, f64>(from, row, to, column);
    }
);
vector!(
    F32x16, f32 x 16, __m512, _mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_add_ps, _mm512_sub_ps,
    _mm512_mul_ps, _mm512_div_ps, _mm512_fmadd_ps, _mm512_min_ps, _mm512_max_ps, _mm512_sqrt_ps, select_less_ps;

    #[inline(always)]
    fn transpose(from: &[f32], row: usize, to: &mut [f32], column: usize) {
        transpose_by_quarters::<F32x8, f32>(from, row, to, column);
    }
);

/// Quarters of a square fit the shorter registers of `V`, whose transposition takes the fewer instructions.
#[inline(always)]
fn transpose_by_quarters<V: Vector<T>, T: Copy>(from: &[T], row: usize, to: &mut [T], column: usize) {
    for i in [0, V::LANES] {
        for j in [0, V::LANES] {
            V::transpose(&from[i * row + j..], row, &mut to[j * column + i..], column);
        }
    }
}

/// The square root from an estimate of its reciprocal and two steps of Goldschmidt's algorithm, multiply-adds that run
/// side by side where the instruction keeps the processor waiting. The last step makes up for the rounding of the
/// others.
#[inline]
#[target_feature(enable = "avx512f")]
fn sqrt_pd(x: __m512d) -> __m512d {
    let half = _mm512_set1_pd(0.5);
    let reciprocal = _mm512_rsqrt14_pd(x);
    let (mut root, mut scale) = (_mm512_mul_pd(x, reciprocal), _mm512_mul_pd(half, reciprocal));
    for _ in 0..2 {
        let error = _mm512_fnmadd_pd(root, scale, half);
        root = _mm512_fmadd_pd(root, error, root);
        scale = _mm512_fmadd_pd(scale, error, scale);
    }
    let rest = _mm512_fnmadd_pd(root, root, x);
    root = _mm512_fmadd_pd(rest, scale, root);
    // Of zero and infinity, which are their own roots, the estimate is of no use.
    let own = _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(_mm512_mul_pd(x, half), x);
    _mm512_mask_mov_pd(root, own, x)
}

#[inline(always)]
fn select_less_pd(a: __m512d, b: __m512d, then: __m512d, otherwise: __m512d) -> __m512d {
    // SAFETY: only registers of `Avx512` call it, see `x86`.
    let less = unsafe { _mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b) };
    // SAFETY: as above.
    unsafe { _mm512_mask_blend_pd(less, otherwise, then) }
}

#[inline(always)]
fn select_less_ps(a: __m512, b: __m512, then: __m512, otherwise: __m512) -> __m512 {
    // SAFETY: only registers of `Avx512` call it, see `x86`.
    let less = unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) };
    // SAFETY: as above.
    unsafe { _mm512_mask_blend_ps(less, otherwise, then) }
}
