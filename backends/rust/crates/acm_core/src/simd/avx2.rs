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
    fn transpose(from: &[f64], row: usize, to: &mut [f64], column: usize) {
        // Neither `from_fn` nor `map`: the compiler calls them, and what they are given, as functions.
        let mut rows = [Self::splat(0.0).0; 4];
        for (i, lanes) in rows.iter_mut().enumerate() {
            *lanes = Self::load(&from[i * row..]).0;
        }
        // SAFETY: the processor has the feature, see above.
        let columns = unsafe { transposed_pd(rows) };
        columns.into_iter().enumerate().for_each(|(j, values)| Self(values).store(&mut to[j * column..]));
    }
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
        let Front { lanes: halves, count } = &FRONT_OF_FOUR[mask as usize & 15];
        // SAFETY: the processor has the feature, see above; the array holds eight bytes.
        let order = unsafe { _mm_loadl_epi64(halves.as_ptr().cast()) };
        // SAFETY: the processor has the feature, see above.
        let order = unsafe { _mm256_cvtepu8_epi32(order) };
        // SAFETY: the processor has the feature, see above.
        let lanes = unsafe { _mm256_castpd_ps(self.0) };
        // SAFETY: the processor has the feature, see above.
        let lanes = unsafe { _mm256_permutevar8x32_ps(lanes, order) };
        // SAFETY: the processor has the feature, see above; the slice holds LANES values of two halves.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr().cast(), lanes) };
        usize::from(*count)
    }
);
vector!(
    F32x8, f32 x 8, __m256, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps,
    _mm256_mul_ps, _mm256_div_ps, _mm256_fmadd_ps, _mm256_min_ps, _mm256_max_ps, _mm256_sqrt_ps, select_less_ps;

    #[inline(always)]
    fn transpose(from: &[f32], row: usize, to: &mut [f32], column: usize) {
        // See `F64x4`.
        let mut rows = [Self::splat(0.0).0; 8];
        for (i, lanes) in rows.iter_mut().enumerate() {
            *lanes = Self::load(&from[i * row..]).0;
        }
        // SAFETY: the processor has the feature, see above.
        let columns = unsafe { transposed_ps(rows) };
        columns.into_iter().enumerate().for_each(|(j, values)| Self(values).store(&mut to[j * column..]));
    }
    #[inline(always)]
    fn keep_between(self, low: Self, high: Self, out: &mut [f32]) -> usize {
        let out = &mut out[..Self::LANES];
        // SAFETY: the processor has the feature, see above.
        let above = unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, low.0) };
        // SAFETY: the processor has the feature, see above.
        let below = unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, high.0) };
        // SAFETY: the processor has the feature, see above.
        let between = unsafe { _mm256_and_ps(above, below) };
        // SAFETY: the processor has the feature, see above.
        let mask = unsafe { _mm256_movemask_ps(between) };
        let Front { lanes, count } = &FRONT_OF_EIGHT[mask as usize & 255];
        // SAFETY: the processor has the feature, see above; the array holds eight bytes.
        let order = unsafe { _mm_loadl_epi64(lanes.as_ptr().cast()) };
        // SAFETY: the processor has the feature, see above.
        let order = unsafe { _mm256_cvtepu8_epi32(order) };
        // SAFETY: the processor has the feature, see above.
        let kept = unsafe { _mm256_permutevar8x32_ps(self.0, order) };
        // SAFETY: the processor has the feature, see above; the slice holds LANES values.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), kept) };
        usize::from(*count)
    }
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

/// The columns of a square: pairs of rows interleaved, then halves put together.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed_pd(rows: [__m256d; 4]) -> [__m256d; 4] {
    let low = [_mm256_unpacklo_pd(rows[0], rows[1]), _mm256_unpackhi_pd(rows[0], rows[1])];
    let high = [_mm256_unpacklo_pd(rows[2], rows[3]), _mm256_unpackhi_pd(rows[2], rows[3])];
    [
        _mm256_permute2f128_pd::<0x20>(low[0], high[0]),
        _mm256_permute2f128_pd::<0x20>(low[1], high[1]),
        _mm256_permute2f128_pd::<0x31>(low[0], high[0]),
        _mm256_permute2f128_pd::<0x31>(low[1], high[1]),
    ]
}

/// The same of eight rows, of which the pairs are interleaved to fours first.
#[inline]
#[target_feature(enable = "avx2")]
fn transposed_ps(rows: [__m256; 8]) -> [__m256; 8] {
    let [low, high] =
        [0, 4].map(|first| interleaved_ps([rows[first], rows[first + 1], rows[first + 2], rows[first + 3]]));
    let columns = [0, 1, 2, 3].map(|j| _mm256_permute2f128_ps::<0x20>(low[j], high[j]));
    let further = [0, 1, 2, 3].map(|j| _mm256_permute2f128_ps::<0x31>(low[j], high[j]));
    std::array::from_fn(|j| if j < 4 { columns[j] } else { further[j - 4] })
}

/// Columns 0 to 3 of four rows, each followed by the column four further on.
#[inline]
#[target_feature(enable = "avx2")]
fn interleaved_ps([a, b, c, d]: [__m256; 4]) -> [__m256; 4] {
    let [first, second] = [_mm256_unpacklo_ps(a, b), _mm256_unpacklo_ps(c, d)];
    let [third, fourth] = [_mm256_unpackhi_ps(a, b), _mm256_unpackhi_ps(c, d)];
    [
        _mm256_shuffle_ps::<0x44>(first, second),
        _mm256_shuffle_ps::<0xEE>(first, second),
        _mm256_shuffle_ps::<0x44>(third, fourth),
        _mm256_shuffle_ps::<0xEE>(third, fourth),
    ]
}

/// How to bring some of the lanes to the front.
#[derive(Clone, Copy)]
struct Front {
    /// The places of their 32-bit lanes.
    lanes: [u8; 8],
    /// How many they are.
    count: u8,
}

/// Indexed by the mask of the lanes of 32 bits that are brought to the front.
static FRONT_OF_EIGHT: [Front; 256] = fronts(1);

/// Indexed by the mask of the lanes of 64 bits that are brought to the front.
static FRONT_OF_FOUR: [Front; 16] = fronts(2);

/// The fronts for lanes of so many lanes of 32 bits.
const fn fronts<const MASKS: usize>(parts: usize) -> [Front; MASKS] {
    let mut table = [Front { lanes: [0; 8], count: 0 }; MASKS];
    let mut mask = 0;
    while mask < MASKS {
        let mut lane = 0;
        while 1 << lane < MASKS {
            if mask & 1 << lane != 0 {
                let mut part = 0;
                while part < parts {
                    table[mask].lanes[parts * table[mask].count as usize + part] = (parts * lane + part) as u8;
                    part += 1;
                }
                table[mask].count += 1;
            }
            lane += 1;
        }
        mask += 1;
    }
    table
}
