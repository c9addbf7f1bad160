//! Mean, standard deviation, skewness and kurtosis, from the sums of powers.

use acm_core::simd::Vector;

/// A statistic of the sums of `N` powers.
pub trait Finish<const N: usize>: Copy + Sync {
    /// The power of the values' unit that it is counted in.
    const DEGREE: i32;

    /// The statistic of `count` values, at least 1, from the sums of powers of their differences from `base`, and what
    /// shows whether these are right: a sum of squares, or 1 where small values lose nothing; NaN if any overflowed.
    fn finish<V: Vector<f64>>(&self, base: V, count: V, powers: [V; N]) -> [V; 2];
}

/// The mean.
#[derive(Clone, Copy)]
pub struct Mean;

impl Finish<1> for Mean {
    const DEGREE: i32 = 1;

    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, base: V, count: V, [sum]: [V; 1]) -> [V; 2] {
        [base.add(sum.div(count)), sum.mul_add(V::splat(0.0), V::splat(1.0))]
    }
}

/// The standard deviation by count - `ddof`.
#[derive(Clone, Copy)]
pub struct Spread {
    /// What the count is reduced by.
    pub ddof: f64,
}

impl Finish<2> for Spread {
    const DEGREE: i32 = 1;

    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, _base: V, count: V, [sum, squares]: [V; 2]) -> [V; 2] {
        let (zero, freedom) = (V::splat(0.0), count.sub(V::splat(self.ddof)));
        let squares = count.mul(squares).sub(sum.mul(sum));
        // Rounding can make the variance slightly negative.
        let spread = squares.div(count.mul(freedom)).max(zero).sqrt();
        [V::select_less(zero, freedom, spread, V::splat(f64::NAN)), squares.mul_add(zero, squares)]
    }
}

/// The skewness, corrected for bias.
#[derive(Clone, Copy)]
pub struct Skewness;

impl Finish<3> for Skewness {
    const DEGREE: i32 = 0;

    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, _base: V, count: V, [sum, squares, cubes]: [V; 3]) -> [V; 2] {
        let (mean, two) = (sum.div(count), V::splat(2.0));
        let cubes = two.mul(mean).mul(sum).sub(V::splat(3.0).mul(squares)).mul_add(mean, cubes);
        let squares = squares.sub(mean.mul(sum));
        let less = count.sub(V::splat(1.0));
        let scale = count.sub(two).mul(squares.mul(less.mul(squares).sqrt()));
        let skewness = count.mul(less).mul(cubes).div(scale);
        [defined(count, 2.0, squares, skewness), gauge(squares, [scale, skewness])]
    }
}

/// The excess kurtosis, corrected for bias.
#[derive(Clone, Copy)]
pub struct Kurtosis;

impl Finish<4> for Kurtosis {
    const DEGREE: i32 = 0;

    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, _base: V, count: V, [sum, squares, cubes, fourths]: [V; 4]) -> [V; 2] {
        let (mean, one, three) = (sum.div(count), V::splat(1.0), V::splat(3.0));
        let bent = V::splat(6.0).mul(squares).sub(three.mul(mean).mul(sum));
        let fourths = bent.mul(mean).sub(V::splat(4.0).mul(cubes)).mul_add(mean, fourths);
        let squares = squares.sub(mean.mul(sum));
        let less = count.sub(one);
        let scale = squares.mul(squares);
        let ratio = count.mul(count.add(one)).mul(fourths).div(scale).sub(three.mul(less));
        let kurtosis = less.mul(ratio).div(count.sub(V::splat(2.0)).mul(count.sub(three)));
        [defined(count, 3.0, squares, kurtosis), gauge(squares, [scale, ratio])]
    }
}

/// `squares`, NaN where a part of the result is no number.
#[inline(always)]
fn gauge<V: Vector<f64>>(squares: V, parts: [V; 2]) -> V {
    parts[0].mul_add(V::splat(0.0), parts[1].mul_add(V::splat(0.0), squares))
}

/// `shape` where more than `least` values are not all equal, else NaN.
#[inline(always)]
fn defined<V: Vector<f64>>(count: V, least: f64, squares: V, shape: V) -> V {
    let nan = V::splat(f64::NAN);
    let shape = V::select_less(V::splat(0.0), squares, shape, nan);
    V::select_less(V::splat(least), count, shape, nan)
}
