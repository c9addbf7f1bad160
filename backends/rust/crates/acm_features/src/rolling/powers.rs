//! Statistics of the sums of powers: mean, standard deviation, skewness, kurtosis.
//!
//! The powers are of differences from a value of the window, the one nearest to the boundary, so that neither an offset
//! nor what lies outside the window costs digits: all terms are of the size of the window's range, or less.

use acm_core::Scalar;
use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};

use super::Windows;
use super::halves::{Lane, Statistic, roomy_unit, widened};

/// Sums of the first to `N`th powers of a half's values.
#[derive(Debug, Clone, Copy)]
pub struct Sums<const N: usize> {
    /// The value that differences are taken from; arbitrary without values.
    base: Lanes,
    count: Lanes,
    powers: [Lanes; N],
}

/// A statistic of the sums of `N` powers.
pub trait Finish<const N: usize>: Copy + Sync {
    /// The statistic of `count` values, at least 1, from the sums of powers of their differences from `base`, all of
    /// values in units of `unit`.
    fn finish<V: Vector<f64>>(&self, unit: V, base: V, count: V, powers: [V; N]) -> V;
}

/// A [`Statistic`] by a [`Finish`].
#[derive(Clone, Copy)]
pub struct Powers<F, const N: usize> {
    finish: F,
    min_periods: f64,
    /// What values are counted in.
    unit: f64,
}

impl<F: Finish<N>, const N: usize> Powers<F, N> {
    /// Whether values are counted in a unit other than 1: third and fourth powers leave the range of numbers long
    /// before sums of them.
    const IS_ROOMY: bool = N <= 2;

    /// The statistic that `finish` makes of sums.
    pub fn new<T: Scalar>(windows: Windows<'_, T>, finish: F) -> Self {
        let unit = if Self::IS_ROOMY { roomy_unit(windows, 1) } else { 1.0 };
        Powers { finish, min_periods: windows.min_periods.max(1) as f64, unit }
    }
}

impl<T: Scalar, F: Finish<N>, const N: usize> Statistic<T> for Powers<F, N> {
    type Half = Sums<N>;

    // All columns of a panel in one register.
    const IS_WIDE: bool = true;

    const NOTHING: Sums<N> = Sums { base: [0.0; LANES], count: [0.0; LANES], powers: [[0.0; LANES]; N] };

    #[inline(always)]
    fn add<S: Simd>(&self, half: &mut Sums<N>, row: &Lanes<T>, _time: f64) {
        let (row, scale) = (widened(row), S::F64::splat(1.0 / self.unit));
        for j in (0..LANES).step_by(S::F64::LANES) {
            let value = S::F64::load(&row[j..]);
            let value = if Self::IS_ROOMY { value.mul(scale) } else { value };
            let lane = Lane::new(value, &mut half.base[j..], &mut half.count[j..]);
            let mut power = lane.difference;
            for (k, sum) in half.powers.iter_mut().enumerate() {
                power = if k == 0 { power } else { power.mul(lane.difference) };
                S::F64::load(&sum[j..]).add(power).store(&mut sum[j..]);
            }
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, before: &Sums<N>, since: &Sums<N>) -> Lanes<T> {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let (older, newer) = (load(&before.count), load(&since.count));
            let (base, shift) = based(older, newer, load(&before.base), load(&since.base));
            let mut powers = [shift; N];
            for (power, sums) in powers.iter_mut().zip(&since.powers) {
                *power = load(sums);
            }
            powers = shifted(newer, powers, shift);
            for (power, sums) in powers.iter_mut().zip(&before.powers) {
                *power = power.add(load(sums));
            }
            let count = older.add(newer);
            let result = self.finish.finish(S::F64::splat(self.unit), base, count, powers);
            S::F64::select_less(count, S::F64::splat(self.min_periods), S::F64::splat(f64::NAN), result)
                .store(&mut out[j..]);
        }
        out.map(T::from_f64)
    }
}

/// What both halves' differences are to be taken from, and by how much that enlarges those of the newer one.
#[inline(always)]
pub fn based<V: Vector<f64>>(older: V, newer: V, base: V, newer_base: V) -> (V, V) {
    let (zero, some) = (V::splat(0.0), V::splat(0.5));
    let shift = V::select_less(newer, some, zero, newer_base.sub(base));
    (V::select_less(older, some, newer_base, base), V::select_less(older, some, zero, shift))
}

/// The sums of powers of `count` numbers that are `shift` larger.
#[inline(always)]
fn shifted<V: Vector<f64>, const N: usize>(count: V, powers: [V; N], shift: V) -> [V; N] {
    let mut shifted = powers;
    for (k, sum) in shifted.iter_mut().enumerate() {
        // Horner's scheme of the binomial theorem.
        let mut binomial = 1.0;
        *sum = count;
        for (taken, power) in powers[..=k].iter().enumerate() {
            binomial *= (k + 1 - taken) as f64 / (taken + 1) as f64;
            *sum = sum.mul_add(shift, power.mul(V::splat(binomial)));
        }
    }
    shifted
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
