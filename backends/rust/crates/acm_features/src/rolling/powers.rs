//! Mean, standard deviation, skewness and kurtosis of moving windows from sums of powers, combined by the binomial
//! theorem.
//!
//! ```text
//! of the rows on each side of a window's boundary: S_k = sum (x - base)^k, k = 1 .. N, base = the first value seen
//! combine: S_k(shift) = sum over i of binomial(k, i) S_i shift^(k - i)    Horner's scheme, shift = base - base
//! finish : central moments from the S_k, bias corrections as pandas'        (see finish)
//! ```
//!
//! Why: differences from a value inside the window cost no digits for an offset of the data, and nothing outside the
//! window takes part. Welford's update would need a division per row, Pébay's merge (2008) one per window and power.
//! Cost: N multiplications and additions a row and side, N(N + 1) / 2 a window to combine.

use acm_core::Scalar;
use acm_core::panels::{LANES, Lanes};
use acm_core::simd::{Simd, Vector};

use super::Windows;
use super::finish::Finish;
use super::units::mark;
use super::values::{Lane, based, widened};
use super::van_herk::Statistic;

/// Sums of the first to `N`th powers of a half's values.
#[derive(Debug, Clone, Copy)]
pub struct Sums<const N: usize> {
    /// The value that differences are taken from; arbitrary without values.
    base: Lanes,
    powers: [Lanes; N],
}

impl<const N: usize> Sums<N> {
    /// Adds the powers of a difference to the lanes from `j` on.
    #[inline(always)]
    fn add<V: Vector<f64>>(&mut self, j: usize, difference: V) {
        let mut power = difference;
        for (k, sum) in self.powers.iter_mut().enumerate() {
            power = if k == 0 { power } else { power.mul(difference) };
            V::load(&sum[j..]).add(power).store(&mut sum[j..]);
        }
    }
}

/// A [`Statistic`] by a [`Finish`].
#[derive(Clone, Copy)]
pub struct Powers<F, const N: usize> {
    finish: F,
    min_periods: f64,
}

impl<F: Finish<N>, const N: usize> Powers<F, N> {
    /// The statistic that `finish` makes of sums.
    pub fn new<T: Scalar>(windows: Windows<'_, T>, finish: F) -> Self {
        Powers { finish, min_periods: windows.min_periods.max(1) as f64 }
    }

    /// The statistic in the lanes from `j` on, of so many values in the halves, and what shows whether it is right; those
    /// of the newer half lie `shift` higher than its sums have them.
    #[inline(always)]
    fn finished<V: Vector<f64>>(
        &self,
        j: usize,
        [older, newer]: [V; 2],
        base: V,
        shift: V,
        sums: [&Sums<N>; 2],
    ) -> [V; 2] {
        let mut powers = [shift; N];
        for (power, sum) in powers.iter_mut().zip(&sums[1].powers) {
            *power = V::load(&sum[j..]);
        }
        powers = shifted(newer, powers, shift);
        for (power, sum) in powers.iter_mut().zip(&sums[0].powers) {
            *power = power.add(V::load(&sum[j..]));
        }
        let count = older.add(newer);
        let [result, gauge] = self.finish.finish(base, count, powers);
        [V::select_less(count, V::splat(self.min_periods), V::splat(f64::NAN), result), gauge]
    }
}

impl<T: Scalar, F: Finish<N>, const N: usize> Statistic<T> for Powers<F, N> {
    /// How many.
    type Seen = Lanes;
    type Sums = Sums<N>;

    const DEGREE: Option<i32> = Some(F::DEGREE);

    // All columns of a panel in one register.
    const IS_WIDE: bool = true;

    const UNSEEN: Lanes = [0.0; LANES];
    const NOTHING: Sums<N> = Sums { base: [0.0; LANES], powers: [[0.0; LANES]; N] };

    #[inline(always)]
    fn starting(&self, row: &Lanes<T>) -> Sums<N> {
        Sums { base: widened(row), ..<Self as Statistic<T>>::NOTHING }
    }

    #[inline(always)]
    fn add<S: Simd>(&self, seen: &mut Lanes, sums: &mut Sums<N>, row: &Lanes<T>, _time: f64) {
        let row = widened(row);
        for j in (0..LANES).step_by(S::F64::LANES) {
            let lane = Lane::new(S::F64::load(&row[j..]), &mut sums.base[j..], &mut seen[j..]);
            sums.add(j, lane.difference);
        }
    }

    #[inline(always)]
    fn add_all<S: Simd>(&self, sums: &mut Sums<N>, row: &Lanes<T>, _time: f64) {
        let row = widened(row);
        for j in (0..LANES).step_by(S::F64::LANES) {
            let difference = S::F64::load(&row[j..]).sub(S::F64::load(&sums.base[j..]));
            sums.add(j, difference);
        }
    }

    #[inline(always)]
    fn result<S: Simd>(&self, seen: [&Lanes; 2], sums: [&Sums<N>; 2], out_of_range: &mut Lanes) -> Lanes<T> {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let [older, newer] = seen.map(|lanes| S::F64::load(&lanes[j..]));
            let [base, newer_base] = sums.map(|half| S::F64::load(&half.base[j..]));
            let (base, shift) = based(older, newer, base, newer_base);
            let [result, gauge] = self.finished(j, [older, newer], base, shift, sums);
            result.store(&mut out[j..]);
            if !T::NARROWER_THAN_REFERENCE {
                // Too few values have no result that could be wrong.
                let [few, one] = [self.min_periods, 1.0].map(S::F64::splat);
                mark(&mut out_of_range[j..], S::F64::select_less(older.add(newer), few, one, gauge));
            }
        }
        out.map(T::from_f64)
    }

    #[inline(always)]
    fn result_all<S: Simd>(&self, rows: [f64; 2], sums: [&Sums<N>; 2], out_of_range: &mut Lanes) -> Lanes<T> {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let [base, newer_base] = sums.map(|half| S::F64::load(&half.base[j..]));
            let counts = rows.map(S::F64::splat);
            let [result, gauge] = self.finished(j, counts, base, newer_base.sub(base), sums);
            result.store(&mut out[j..]);
            if !T::NARROWER_THAN_REFERENCE {
                mark(&mut out_of_range[j..], gauge);
            }
        }
        out.map(T::from_f64)
    }
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
