//! Values as suffixes and prefixes of windows take them in.

use acm_core::Scalar;
use acm_core::panels::Lanes;
use acm_core::simd::Vector;

/// A row in `f64`.
#[inline(always)]
pub fn widened<T: Scalar>(row: &Lanes<T>) -> Lanes {
    row.map(T::to_f64)
}

/// What a value adds to sums of its half.
pub struct Lane<V> {
    /// 1, or 0 for a missing value.
    pub one: V,
    /// The value's difference from the half's first value, or 0.
    pub difference: V,
}

impl<V: Vector<f64>> Lane<V> {
    /// Takes `value` into `count`s, and into `base`s where it is their first.
    #[inline(always)]
    pub fn new(value: V, base: &mut [f64], count: &mut [f64]) -> Self {
        let ([zero, some, one], counted) = ([0.0, 0.5, 1.0].map(V::splat), V::load(count));
        // 0, or NaN for values that are not finite.
        let nothing = value.sub(value);
        let from = V::select_less(counted, some, value, V::load(base));
        let one = V::select_less(nothing, some, one, zero);
        from.store(base);
        counted.add(one).store(count);
        Lane { one, difference: V::select_less(nothing, some, value.sub(from), zero) }
    }
}

/// What both halves' differences are to be taken from, and by how much that enlarges those of the newer one.
#[inline(always)]
pub fn based<V: Vector<f64>>(older: V, newer: V, base: V, newer_base: V) -> (V, V) {
    let (zero, some) = (V::splat(0.0), V::splat(0.5));
    let shift = V::select_less(newer, some, zero, newer_base.sub(base));
    (V::select_less(older, some, newer_base, base), V::select_less(older, some, zero, shift))
}
