//! Gaps filled.

mod carry;

pub use self::carry::{Direction, fill_along};

use acm_core::rows::one_a_column;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use crate::Missing;
use crate::by_column::map_by_column;
use crate::robust_stats;

/// Writes `x` with each missing value replaced by its column's `fill`, by default the median of the column's values;
/// the gaps of a column without values become NaN.
pub fn impute<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    fill: Option<&[T]>,
    missing: Missing,
    out: &mut [T],
) -> Result<()> {
    let medians: Vec<T>;
    let fill = match fill {
        Some(fill) => fill,
        None => {
            medians = memory::collected(robust_stats::medians(threads, x, missing)?.into_iter().map(T::from_f64))?;
            &medians
        }
    };
    one_a_column("fill", fill, x.ncols())?;
    match missing {
        Missing::NonFinite => map_by_column(
            threads,
            x,
            [fill],
            out,
            #[inline(always)]
            |x, [fill]| if x.is_finite() { x } else { fill },
        ),
        Missing::Nan => map_by_column(
            threads,
            x,
            [fill],
            out,
            #[inline(always)]
            |x, [fill]| if x.is_nan() { fill } else { x },
        ),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn imputed<T: Scalar>(x: &Array2<T>, fill: Option<&[T]>, missing: Missing, threads: usize) -> Array2<T> {
        let mut out = Array2::from_elem(x.dim(), T::ZERO);
        impute(&Threads::uninterrupted(threads), x.view(), fill, missing, out.as_slice_mut().unwrap()).unwrap();
        out
    }

    fn with_gaps<T: Scalar>(n: usize, d: usize) -> Array2<T> {
        Array2::from_shape_fn((n, d), |(i, j)| match (i * 31 + j * 17) % 11 {
            0 => T::NAN,
            1 => T::INFINITY,
            k => T::from_f64((k * i) as f64),
        })
    }

    fn compare<T: Scalar>() {
        for (n, d) in [(1, 1), (2, 3), (3001, 1), (1003, 50), (40, 1000), (100_000, 7)] {
            let x = with_gaps::<T>(n, d);
            let fill: Vec<T> = (0..d).map(|j| T::from_f64(-1.0 - j as f64)).collect();
            for missing in [Missing::NonFinite, Missing::Nan] {
                let choose = |(_, j), value| if missing.includes(value) { fill[j] } else { value };
                let expected = Array2::from_shape_fn((n, d), |at| choose(at, x[at]));
                assert_eq!(imputed(&x, Some(&fill), missing, 2), expected);
            }
        }
    }

    #[test]
    fn gaps_become_the_fill() {
        compare::<f64>();
        compare::<f32>();
    }

    #[test]
    fn gaps_become_the_median() {
        let x = ndarray::array![[1.0, f64::NAN], [f64::INFINITY, f64::NAN], [3.0, f64::NAN]];
        let out = imputed(&x, None, Missing::NonFinite, 1);
        assert_eq!(out.column(0).to_vec(), [1.0, 2.0, 3.0]);
        assert!(out.column(1).iter().all(|value| value.is_nan()));
        assert_eq!(imputed(&x, None, Missing::Nan, 1)[(1, 0)], f64::INFINITY);
    }

    #[test]
    fn a_fill_of_another_length_is_refused() {
        let x = Array2::from_elem((2, 3), 0.0);
        let refused = impute(&Threads::uninterrupted(1), x.view(), Some(&[1.0]), Missing::Nan, &mut [0.0; 6]);
        assert!(refused.is_err());
    }
}
