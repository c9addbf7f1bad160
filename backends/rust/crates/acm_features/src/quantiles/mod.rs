//! Quantiles of columns.
//!
//! They are found by [`buckets`], or, where too many values of a long column fall into one of them, as medians are.

mod buckets;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use crate::Missing;
use crate::robust_stats;

/// More of a long column than this share is not copied: contracts allow a tenth.
const MOST_KEPT: f64 = 1.0 / 16.0;

/// More quantiles than this are found faster by buckets, if memory for whole columns can be had.
const MOST_SEARCHES: usize = 16;

/// Buckets count up to here.
const MOST_COUNTED: usize = u32::MAX as usize;

/// What to take where a quantile lies between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// In proportion.
    Linear,
    /// The lower one.
    Lower,
    /// The higher one.
    Higher,
    /// Their mean.
    Midpoint,
    /// The nearer one; of two equally near, the one of even rank.
    Nearest,
}

/// A place among the values of a column, by which share of them lies below it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// From 0 to 1.
    pub level: f64,
    /// What to take between two values.
    pub method: Method,
}

/// Two neighbouring ranks, or one twice, and how far from the first of them the quantile lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The rank below.
    pub low: usize,
    /// The rank above.
    pub high: usize,
    share: f64,
}

impl Default for Quantile {
    fn default() -> Self {
        Quantile::MEDIAN
    }
}

impl Quantile {
    /// The median.
    pub const MEDIAN: Quantile = Quantile { level: 0.5, method: Method::Midpoint };

    /// Where it lies among `count` sorted values, of which there must be one at least.
    pub fn among(self, count: usize) -> Place {
        let place = (count - 1) as f64 * self.level;
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        let at = |rank: usize| Place { low: rank, high: rank, share: 0.0 };
        match self.method {
            Method::Linear => Place { low, high, share: place - low as f64 },
            Method::Midpoint => Place { low, high, share: 0.5 },
            Method::Lower => at(low),
            Method::Higher => at(high),
            Method::Nearest => at(place.round_ties_even() as usize),
        }
    }
}

impl Place {
    /// What lies there between the values of its ranks. No sum or difference of the two is taken, which could overflow;
    /// never -0, so that the order of equal values does not show.
    pub fn value(self, low: f64, high: f64) -> f64 {
        if low == high || self.share == 0.0 { low + 0.0 } else { low * (1.0 - self.share) + high * self.share }
    }
}

/// Writes, row by row, each of the `levels` of every column; NaN where a column has no values.
pub fn column_quantiles<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    levels: &[f64],
    method: Method,
    missing: Missing,
    out: &mut [T],
) -> Result<()> {
    let width = x.ncols();
    if out.len() != levels.len() * width {
        return Err(Error::invalid("out", "does not have a row for each quantile"));
    }
    let quantiles = memory::collected(levels.iter().map(|&level| Quantile { level, method }))?;
    let mut found = memory::filled(out.len(), f64::NAN)?;
    let share = if quantiles.len() > MOST_SEARCHES { 1.0 } else { MOST_KEPT };
    let left_out = match x.nrows() {
        0..=MOST_COUNTED => buckets::quantiles(threads, Rows::new(x, "x")?, &quantiles, missing, share, &mut found)?,
        _ => memory::collected(0..width)?,
    };
    if !left_out.is_empty() {
        robust_stats::quantiles(threads, x, &left_out, &quantiles, missing, &mut found)?;
    }
    for (j, found) in found.chunks_exact(levels.len()).enumerate() {
        for (row, &value) in out.chunks_exact_mut(width).zip(found) {
            row[j] = T::from_f64(value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn found(x: &Array2<f64>, levels: &[f64], method: Method, missing: Missing) -> Vec<f64> {
        let mut out = vec![0.0; levels.len() * x.ncols()];
        column_quantiles(&Threads::uninterrupted(2), x.view(), levels, method, missing, &mut out).unwrap();
        out
    }

    #[test]
    fn methods_differ_between_two_values() {
        let x = Array2::from_shape_vec((5, 1), vec![4.0, f64::NAN, 1.0, 3.0, 2.0]).unwrap();
        for (method, expected) in [
            (Method::Linear, [1.0, 2.05, 2.5, 4.0]),
            (Method::Lower, [1.0, 2.0, 2.0, 4.0]),
            (Method::Higher, [1.0, 3.0, 3.0, 4.0]),
            (Method::Midpoint, [1.0, 2.5, 2.5, 4.0]),
            (Method::Nearest, [1.0, 2.0, 3.0, 4.0]),
        ] {
            let values = found(&x, &[0.0, 0.35, 0.5, 1.0], method, Missing::Nan);
            assert!(values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{method:?}: {values:?}");
        }
    }

    #[test]
    fn every_rank_is_found() {
        for count in [1, 2, 7, 8, 9, 1000, 40_001, 512 * 1024] {
            let x = Array2::from_shape_fn((count, 2), |(i, _)| ((i * 7919) % count) as f64);
            let levels: Vec<f64> = (0..=9).map(|i| ((i * 5) % 10) as f64 / 9.0).collect();
            let values = found(&x, &levels, Method::Lower, Missing::NonFinite);
            for (row, level) in values.chunks(2).zip(&levels) {
                assert_eq!(row, [((count - 1) as f64 * level).floor(); 2]);
            }
        }
    }

    #[test]
    fn buckets_that_fill_unevenly_change_nothing() {
        let count = 3000;
        let wide = |i: usize| if i.is_multiple_of(7) { 1e300 } else { -(i as f64) * 1e-300 };
        let ties = |i: usize| (i % 3) as f64;
        let outliers = |i: usize| if i < 70 { 1e9 * i as f64 } else { (i % 100) as f64 };
        for value in [&wide as &dyn Fn(usize) -> f64, &ties, &outliers, &|_| 0.5] {
            for width in [1, 3, 8, 9] {
                let x = Array2::from_shape_fn((count, width), |(i, j)| value((i * 7919 + j) % count));
                let levels = [0.0, 0.01, 0.5, 0.5, 0.99, 1.0];
                let values = found(&x, &levels, Method::Linear, Missing::NonFinite);
                for (j, column) in x.columns().into_iter().enumerate() {
                    let mut sorted = column.to_vec();
                    sorted.sort_by(f64::total_cmp);
                    for (row, &level) in values.chunks(width).zip(&levels) {
                        let at = Quantile { level, method: Method::Linear }.among(count);
                        assert_eq!(row[j], at.value(sorted[at.low], sorted[at.high]));
                    }
                }
            }
        }
    }

    #[test]
    fn infinities_and_empty_columns() {
        let x = Array2::from_shape_vec((2, 2), vec![f64::INFINITY, f64::NAN, 1.0, f64::NAN]).unwrap();
        let values = found(&x, &[0.0, 0.5], Method::Linear, Missing::Nan);
        assert_eq!([values[0], values[2]], [1.0, f64::INFINITY]);
        assert!(values[1].is_nan() && values[3].is_nan());
        assert_eq!(found(&x, &[0.5], Method::Linear, Missing::NonFinite)[0], 1.0);
    }
}
