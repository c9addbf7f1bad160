//! Mean, standard deviation, skewness and kurtosis, from the sums of powers.

use acm_core::simd::Vector;

/// A statistic of the sums of `N` powers.
pub trait Finish<const N: usize>: Copy + Sync {
    /// The statistic of `count` values, at least 1, from the sums of powers of their differences from `base`, all of
    /// values in units of `unit`.
    fn finish<V: Vector<f64>>(&self, unit: V, base: V, count: V, powers: [V; N]) -> V;
}

/// The mean.
#[derive(Clone, Copy)]
pub struct Mean;

impl Finish<1> for Mean {
    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, unit: V, base: V, count: V, [sum]: [V; 1]) -> V {
        base.add(sum.div(count)).mul(unit)
    }
}

/// The standard deviation by count - `ddof`.
#[derive(Clone, Copy)]
pub struct Spread {
    /// What the count is reduced by.
    pub ddof: f64,
}

impl Finish<2> for Spread {
    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, unit: V, _base: V, count: V, [sum, squares]: [V; 2]) -> V {
        let (zero, freedom) = (V::splat(0.0), count.sub(V::splat(self.ddof)));
        let variance = count.mul(squares).sub(sum.mul(sum)).div(count.mul(freedom)).mul(unit.mul(unit));
        // Rounding can leave less than nothing; what is no number is the difference of two infinities.
        let spread = variance.min(V::splat(f64::INFINITY)).max(zero).sqrt();
        V::select_less(zero, freedom, spread, V::splat(f64::NAN))
    }
}

/// The skewness, corrected for bias.
#[derive(Clone, Copy)]
pub struct Skewness;

impl Finish<3> for Skewness {
    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, _unit: V, _base: V, count: V, [sum, squares, cubes]: [V; 3]) -> V {
        let (mean, two) = (sum.div(count), V::splat(2.0));
        let cubes = two.mul(mean).mul(sum).sub(V::splat(3.0).mul(squares)).mul_add(mean, cubes);
        let squares = squares.sub(mean.mul(sum));
        let less = count.sub(V::splat(1.0));
        // By one product, so that cubes too small for numbers, and then it too is 0, give NaN.
        let scale = count.sub(two).mul(squares.mul(less.mul(squares).sqrt()));
        let skewness = count.mul(less).mul(cubes).div(scale);
        defined(count, 2.0, squares, skewness)
    }
}

/// The excess kurtosis, corrected for bias.
#[derive(Clone, Copy)]
pub struct Kurtosis;

impl Finish<4> for Kurtosis {
    #[inline(always)]
    fn finish<V: Vector<f64>>(&self, _unit: V, _base: V, count: V, [sum, squares, cubes, fourths]: [V; 4]) -> V {
        let (mean, one, three) = (sum.div(count), V::splat(1.0), V::splat(3.0));
        let bent = V::splat(6.0).mul(squares).sub(three.mul(mean).mul(sum));
        let fourths = bent.mul(mean).sub(V::splat(4.0).mul(cubes)).mul_add(mean, fourths);
        let squares = squares.sub(mean.mul(sum));
        let less = count.sub(one);
        let ratio = count.mul(count.add(one)).mul(fourths).div(squares.mul(squares)).sub(three.mul(less));
        let kurtosis = less.mul(ratio).div(count.sub(V::splat(2.0)).mul(count.sub(three)));
        defined(count, 3.0, squares, kurtosis)
    }
}

/// `shape` where more than `least` values are not all equal, else NaN.
#[inline(always)]
fn defined<V: Vector<f64>>(count: V, least: f64, squares: V, shape: V) -> V {
    let nan = V::splat(f64::NAN);
    let shape = V::select_less(V::splat(0.0), squares, shape, nan);
    V::select_less(V::splat(least), count, shape, nan)
}
