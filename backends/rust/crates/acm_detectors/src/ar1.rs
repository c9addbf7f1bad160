//! Autoregression of the first order: each value as its predecessor's echo.

use acm_core::panels::{LANES, Lanes, Panel, panels};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};
use acm_features::moments::levels;
use acm_features::{Missing, robust_stats};
use ndarray::ArrayView2;

/// Coefficients are kept below 1 by this much, so that what they describe stays stationary.
const LARGEST: f64 = 0.999;

/// Fewest values that tell a coefficient.
const FEWEST: f64 = 3.0;

/// Values in a segment: as many as stay in a core's L2 cache.
const SEGMENT_VALUES: usize = 32 * 1024;

/// Most segments; their sums are joined by one thread.
const MOST_SEGMENTS: usize = 256;

/// What columns are centred at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Center {
    /// The mean of the finite values.
    Mean,
    /// Their median.
    Median,
}

/// What a value's predecessor is where its neighbour is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// The last finite value before the gap.
    Drop,
    /// None.
    Pair,
}

/// Writes each column's coefficient to `phi` and its centre to `mu`.
///
/// The coefficient is the sum of products of neighbours over the sum of squares of the earlier ones; 0 where that is no
/// more than `epsilon`, and for fewer than three values.
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn ar1_coefficients<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    epsilon: f64,
    center: Center,
    gaps: Gaps,
    phi: &mut [T],
    mu: &mut [T],
) -> Result<()> {
    one_a_column("phi", phi, x.ncols())?;
    one_a_column("mu", mu, x.ncols())?;
    let centers = centers(threads, x, center)?;
    let columns = simd::dispatch(Sums { threads, x: Rows::new(x, "x")?, gaps, centers: &centers })?;
    for (phi, sums) in phi.iter_mut().zip(&columns) {
        let told = (sums.count >= FEWEST) & (sums.squares > epsilon);
        *phi = T::from_f64(if told { (sums.products / sums.squares).clamp(-LARGEST, LARGEST) } else { 0.0 });
    }
    for (mu, [offset, shift]) in mu.iter_mut().zip(centers) {
        *mu = T::from_f64(offset + shift);
    }
    Ok(())
}

/// Writes what each value differs by from its prediction `mu + phi * (previous - mu)`, or from `mu` where there is no
/// finite previous value.
pub fn ar1_residuals<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    phi: &[T],
    mu: &[T],
    out: &mut [T],
) -> Result<()> {
    one_a_column("phi", phi, x.ncols())?;
    one_a_column("mu", mu, x.ncols())?;
    let (x, length) = (Rows::new(x, "x")?, (SEGMENT_VALUES / x.ncols()).max(1));
    let nothing = memory::filled(x.width(), T::NAN)?;
    threads.for_each(2 * out.len(), out.chunks_mut(length * x.width()).enumerate(), |(tile, out)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for (i, out) in (tile * length..).zip(out.chunks_exact_mut(x.width())) {
                    let previous = if i == 0 { &nothing } else { x.row(i - 1) };
                    residuals(x.row(i), previous, phi, mu, out);
                }
            },
        );
        Ok(())
    })
}

#[inline(always)]
fn residuals<T: Scalar>(row: &[T], previous: &[T], phi: &[T], mu: &[T], out: &mut [T]) {
    for ((((out, value), previous), phi), mu) in out.iter_mut().zip(row).zip(previous).zip(phi).zip(mu) {
        let (center, phi) = (mu.to_f64(), phi.to_f64());
        let echo = if previous.is_finite() { phi * (previous.to_f64() - center) } else { 0.0 };
        let residual = (value.to_f64() - center) - echo;
        *out = T::from_f64(if value.is_finite() { residual } else { f64::NAN });
    }
}

fn one_a_column<T>(argument: &'static str, values: &[T], width: usize) -> Result<()> {
    if values.len() == width {
        return Ok(());
    }
    Err(Error::invalid(argument, format!("has {} values, not one for each of {width} columns", values.len())))
}

/// Each column's centre in two parts, the second small: their sum, rounded to the size of an offset, would lose digits.
fn centers<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, center: Center) -> Result<Vec<[f64; 2]>> {
    Ok(match center {
        Center::Mean => levels(threads, x)?.iter().map(|column| [column.offset, column.mean()]).collect(),
        Center::Median => {
            let medians = robust_stats::medians(threads, x, Missing::NonFinite)?;
            medians.into_iter().map(|median| [median, 0.0]).collect()
        }
    })
}

/// Sums over a column's finite values, less its centre.
#[derive(Debug, Clone, Copy)]
struct Echo {
    count: f64,
    /// Of values and their predecessors.
    products: f64,
    /// Of predecessors.
    squares: f64,
    /// What can be a successor to what comes before; NaN if nothing can.
    first: f64,
    /// What can be a predecessor to what comes behind; NaN if nothing can.
    last: f64,
}

impl Echo {
    const NOTHING: Echo = Echo { count: 0.0, products: 0.0, squares: 0.0, first: f64::NAN, last: f64::NAN };

    /// Adds what comes behind.
    fn join(&mut self, behind: &Echo, gaps: Gaps) {
        let linked = !(self.last.is_nan() | behind.first.is_nan());
        let (product, square) = if linked { (self.last * behind.first, self.last * self.last) } else { (0.0, 0.0) };
        self.count += behind.count;
        self.products += product + behind.products;
        self.squares += square + behind.squares;
        if gaps == Gaps::Pair || !behind.last.is_nan() {
            self.last = behind.last;
        }
    }
}

/// The sums of each column.
struct Sums<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    gaps: Gaps,
    centers: &'a [[f64; 2]],
}

impl<T: Scalar> Task for Sums<'_, T> {
    type Output = Result<Vec<Echo>>;

    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let Sums { threads, x, gaps, centers } = self;
        let (rows, width) = (x.count(), x.width());
        let length = (SEGMENT_VALUES / width).max(rows.div_ceil(MOST_SEGMENTS)).max(1);
        let mut segments = memory::filled(rows.div_ceil(length) * width, Echo::NOTHING)?;
        threads.for_each(2 * rows * width, segments.chunks_mut(width).enumerate(), |(segment, sums)| {
            let rows = segment * length..((segment + 1) * length).min(rows);
            for panel in panels(x, 0..width) {
                let columns = panel.columns();
                let echoes = simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => echoes::<S, T>(whole, rows.clone(), &centers[columns.clone()], gaps),
                        None => echoes::<S, T>(panel, rows.clone(), &centers[columns.clone()], gaps),
                    },
                );
                for (sums, echo) in sums[columns].iter_mut().zip(echoes) {
                    *sums = echo;
                }
            }
            Ok(())
        })?;
        let mut columns = memory::filled(width, Echo::NOTHING)?;
        for segment in segments.chunks(width) {
            columns.iter_mut().zip(segment).for_each(|(column, behind)| column.join(behind, gaps));
        }
        Ok(columns)
    }
}

/// The sums over some rows of the columns of `panel`.
#[inline(always)]
fn echoes<S: Simd, T: Scalar>(
    panel: Panel<'_, T>,
    rows: std::ops::Range<usize>,
    centers: &[[f64; 2]],
    gaps: Gaps,
) -> [Echo; LANES] {
    let (mut offset, mut shift) = ([0.0; LANES], [0.0; LANES]);
    for (lane, center) in centers.iter().enumerate() {
        [offset[lane], shift[lane]] = *center;
    }
    let [mut count, mut products, mut squares, mut previous] = [[0.0; LANES]; 4];
    let mut first = [f64::NAN; LANES];
    let mut centred = [f64::NAN; LANES];
    for (i, row) in rows.map(|i| panel.row(i)).enumerate() {
        centred = deviations::<S, T>(&row, &offset, &shift);
        if i == 0 || gaps == Gaps::Drop {
            first = earliest::<S>(&count, &centred, &first);
        }
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let [zero, one, infinity] = [0.0, 1.0, f64::INFINITY].map(S::F64::splat);
            let (value, before) = (load(&centred), load(&previous));
            let size = value.max(zero.sub(value));
            let present = S::F64::select_less(size, infinity, value, zero);
            let counted = S::F64::select_less(size, infinity, one, zero);
            present.mul_add(before, load(&products)).store(&mut products[j..]);
            before.mul(counted).mul_add(before, load(&squares)).store(&mut squares[j..]);
            load(&count).add(counted).store(&mut count[j..]);
            let kept = if gaps == Gaps::Drop { before } else { zero };
            S::F64::select_less(size, infinity, value, kept).store(&mut previous[j..]);
        }
    }
    std::array::from_fn(|lane| Echo {
        count: count[lane],
        products: products[lane],
        squares: squares[lane],
        first: first[lane],
        last: match gaps {
            Gaps::Drop if count[lane] > 0.0 => previous[lane],
            Gaps::Drop => f64::NAN,
            Gaps::Pair => centred[lane],
        },
    })
}

/// A row's differences from its columns' centres; NaN where missing.
#[inline(always)]
fn deviations<S: Simd, T: Scalar>(row: &Lanes<T>, offset: &Lanes, shift: &Lanes) -> Lanes {
    let (row, mut out) = (row.map(T::to_f64), [0.0; LANES]);
    for j in (0..LANES).step_by(S::F64::LANES) {
        let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
        let (value, zero) = (load(&row), S::F64::splat(0.0));
        let centred = value.sub(load(offset)).sub(load(shift));
        let size = value.max(zero.sub(value));
        let [infinity, nan] = [f64::INFINITY, f64::NAN].map(S::F64::splat);
        S::F64::select_less(size, infinity, centred, nan).store(&mut out[j..]);
    }
    out
}

/// `value` where nothing has been counted yet, else `first`.
#[inline(always)]
fn earliest<S: Simd>(count: &Lanes, value: &Lanes, first: &Lanes) -> Lanes {
    let mut out = [0.0; LANES];
    for j in (0..LANES).step_by(S::F64::LANES) {
        let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
        S::F64::select_less(load(count), S::F64::splat(0.5), load(value), load(first)).store(&mut out[j..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn fit(x: &Array2<f64>, gaps: Gaps, threads: usize) -> (Vec<f64>, Vec<f64>) {
        let (mut phi, mut mu) = (vec![0.0; x.ncols()], vec![0.0; x.ncols()]);
        let threads = Threads::uninterrupted(threads);
        ar1_coefficients(&threads, x.view(), 1e-12, Center::Mean, gaps, &mut phi, &mut mu).unwrap();
        (phi, mu)
    }

    fn plain(column: &[f64], mu: f64, gaps: Gaps) -> f64 {
        let kept: Vec<f64> = column.iter().copied().filter(|v| gaps == Gaps::Pair || v.is_finite()).collect();
        let pairs = kept.windows(2).filter(|pair| pair.iter().all(|v| v.is_finite()));
        let (products, squares) = pairs.fold((0.0, 0.0), |(products, squares), pair| {
            let (earlier, later) = (pair[0] - mu, pair[1] - mu);
            (products + later * earlier, squares + earlier * earlier)
        });
        products / squares
    }

    #[test]
    fn coefficients_are_those_of_the_plain_formula() {
        for columns in [1, 8, 11] {
            let mut x = Array2::from_shape_fn((9000, columns), |(i, j)| ((i * (j + 3)) as f64 / 9.0).sin() + j as f64);
            for i in (5..9000).step_by(7).chain(100..8200) {
                x[(i, columns - 1)] = if i % 2 == 0 { f64::NAN } else { f64::INFINITY };
            }
            for gaps in [Gaps::Drop, Gaps::Pair] {
                let (phi, mu) = fit(&x, gaps, 2);
                for (j, column) in x.columns().into_iter().enumerate() {
                    let expected = plain(&column.to_vec(), mu[j], gaps).clamp(-LARGEST, LARGEST);
                    assert!((phi[j] - expected).abs() < 1e-12, "column {j}: {} is not {expected}", phi[j]);
                }
                assert_eq!(fit(&x, gaps, 1), (phi, mu));
            }
        }
    }

    #[test]
    fn residuals_know_no_missing_predecessor() {
        let x = Array2::from_shape_vec((5, 1), vec![3.0, 5.0, f64::NAN, 2.0, f64::INFINITY]).unwrap();
        let mut out = [0.0; 5];
        ar1_residuals(&Threads::uninterrupted(1), x.view(), &[0.5], &[1.0], &mut out).unwrap();
        assert_eq!([out[0], out[1], out[3]], [2.0, 3.0, 1.0]);
        assert!(out[2].is_nan() && out[4].is_nan());
    }
}
