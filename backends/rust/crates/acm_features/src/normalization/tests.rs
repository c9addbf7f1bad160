use ndarray::Array2;

use super::*;

/// Scores of each column by the plain two-pass formulas.
fn reference<T: Scalar>(x: &Array2<T>, ddof: usize, floor: f64) -> Array2<f64> {
    let mut scores = x.mapv(T::to_f64);
    for mut column in scores.columns_mut() {
        let values: Vec<f64> = column.iter().copied().filter(|value| value.is_finite()).collect();
        // Not the first value, which may be an outlier: the plain sums below would feel it.
        let offset = values.get(values.len() / 2).copied().unwrap_or(f64::NAN);
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value - offset).sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - offset - mean).powi(2)).sum();
        let deviation = if values.len() > ddof { (squares / (count - ddof as f64)).sqrt() } else { f64::NAN };
        column.mapv_inplace(|value| (value - offset - mean) / if deviation < floor { floor } else { deviation });
    }
    scores
}

fn found<T: Scalar>(x: &Array2<T>, ddof: usize, threads: usize) -> Array2<T> {
    let mut out = Array2::from_elem(x.dim(), T::ZERO);
    let values = out.as_slice_mut().unwrap();
    let threads = Threads::uninterrupted(threads);
    zscore(&threads, x.view(), None, None, Method::Standard { ddof }, 1e-6, None, values).unwrap();
    out
}

fn compare<T: Scalar>(relative: f64, value: impl Fn(usize, usize) -> f64) {
    for (n, d) in [(1, 1), (2, 3), (5, 8), (13, 1), (7, 11), (1025, 3), (40_001, 5), (700, 129)] {
        let x = Array2::from_shape_fn((n, d), |(i, j)| T::from_f64(value(i, j)));
        for ddof in [0, 1, 6] {
            let scores = found(&x, ddof, 1);
            for (score, expected) in scores.iter().zip(&reference(&x, ddof, 1e-6)) {
                let score = score.to_f64();
                let close = (score - expected).abs() <= relative * (0.01 + expected.abs());
                assert!(
                    close || score == *expected || (score.is_nan() && expected.is_nan()),
                    "{score} {expected} {n} {d}"
                );
            }
            let bits = |x: &Array2<T>| x.mapv(|value| value.to_f64().to_bits());
            assert_eq!(bits(&found(&x, ddof, 3)), bits(&scores), "threads change the result");
        }
    }
}

/// Numbers from 0 to 1 without pattern.
fn noise(i: usize, j: usize) -> f64 {
    ((i * 7 + j * 13) as f64 * 0.618_033_988_749_895 + (i as f64).sqrt()).fract()
}

#[test]
fn standard_agrees_with_the_formulas() {
    compare::<f64>(1e-10, noise);
    compare::<f64>(1e-10, |i, j| 1e6 + noise(i, j));
    compare::<f32>(1e-5, |i, j| 100.0 + noise(i, j));
}

#[test]
fn what_is_not_finite_is_left_out_and_stays() {
    compare::<f64>(1e-10, |i, j| if noise(j, i) < 0.3 { f64::NAN } else { noise(i, j) });
    compare::<f64>(1e-10, |i, j| if noise(j, i) < 0.3 || j == 1 { f64::INFINITY } else { noise(i, j) });
    compare::<f32>(1e-5, |i, j| if i < 9000 { f64::NAN } else { noise(i, j) });
}

#[test]
fn a_constant_column_gives_zero() {
    let x = Array2::from_elem((10_001, 3), 1e6 + 0.3);
    assert!(found(&x, 0, 2).iter().all(|&score| score == 0.0));
}

#[test]
fn an_outlier_in_front_costs_no_digits() {
    compare::<f32>(1e-5, |i, j| if i == 0 { 1e4 } else { noise(i, j) });
    compare::<f64>(1e-10, |i, j| if i == 0 { 1e4 } else { noise(i, j) });
}

fn given(x: &[f64], center: f64, scale: f64, floor: f64, clip: Option<f64>) -> Vec<f64> {
    let x = Array2::from_shape_vec((x.len(), 1), x.to_vec()).unwrap();
    let mut out = vec![0.0; x.len()];
    let threads = Threads::uninterrupted(1);
    zscore(&threads, x.view(), Some(&[center]), Some(&[scale]), Method::Robust, floor, clip, &mut out).unwrap();
    out
}

#[test]
fn clipping_leaves_what_is_missing() {
    let scores = given(&[-9.0, 0.5, 9.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN], 0.0, 1.0, 1e-6, Some(1.5));
    assert_eq!(scores[..5], [-1.5, 0.5, 1.5, f64::INFINITY, f64::NEG_INFINITY]);
    assert!(scores[5].is_nan());
}

#[test]
fn the_floor_bounds_every_scale_but_nan() {
    assert_eq!(given(&[3.0], 1.0, -5.0, 0.5, None), [4.0]);
    assert!(given(&[3.0], 1.0, f64::NAN, 0.5, Some(1.0))[0].is_nan());
    assert_eq!(given(&[3.0], 1.0, f64::INFINITY, 0.5, None), [0.0]);
}

#[test]
fn scales_without_a_reciprocal_divide() {
    assert_eq!(given(&[3e-310, 0.0], 0.0, 1e-310, 1e-320, None)[1], 0.0);
    assert!((given(&[3e-310], 0.0, 1e-310, 1e-320, None)[0] - 3.0).abs() < 1e-10);
    assert!((given(&[1.5e308], 0.0, 1e308, 1e-6, None)[0] - 1.5).abs() < 1e-12);
}

#[test]
fn what_overflows_float32_alone_is_computed() {
    let (x, mut out) = (Array2::from_elem((1, 1), 3e38_f32), [0.0]);
    let threads = Threads::uninterrupted(1);
    zscore(&threads, x.view(), Some(&[-3e38]), Some(&[1e3]), Method::Robust, 1e-6, None, &mut out).unwrap();
    assert!((out[0] / 6e35 - 1.0).abs() < 1e-6);
}
