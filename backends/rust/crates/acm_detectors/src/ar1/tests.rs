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
    for (columns, gappy) in [(1, true), (8, true), (11, true), (1, false), (3, false), (11, false)] {
        let mut x = Array2::from_shape_fn((9000, columns), |(i, j)| ((i * (j + 3)) as f64 / 9.0).sin() + j as f64);
        for i in (5..9000).step_by(7).chain(100..8200).filter(|_| gappy) {
            x[(i, columns - 1)] = if i % 2 == 0 { f64::NAN } else { f64::INFINITY };
        }
        // Among them the last row of a segment of eleven columns.
        for i in (1..9000).step_by(3).filter(|_| gappy && columns > 1) {
            x[(i, 0)] = f64::INFINITY;
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

#[test]
fn a_gap_in_the_last_row_is_seen() {
    let mut x = Array2::from_shape_fn((90_000, 2), |(i, j)| ((i * (j + 3)) as f64 / 9.0).sin());
    x[(89_999, 1)] = f64::NAN;
    let (phi, mu) = fit(&x, Gaps::Drop, 2);
    let expected = plain(&x.column(1).to_vec(), mu[1], Gaps::Drop);
    assert!((phi[1] - expected).abs() < 1e-12);
}

#[test]
fn a_column_that_leaves_its_median_in_the_end_only_has_no_echo() {
    let mut x = Array2::from_elem((5000, 9), 0.1);
    x.row_mut(4999).fill(1e6);
    let [mut phi, mut mu] = [[1.0; 9]; 2];
    let threads = Threads::uninterrupted(1);
    ar1_coefficients(&threads, x.view(), 1e-12, Center::Median, Gaps::Drop, &mut phi, &mut mu).unwrap();
    assert_eq!((phi, mu), ([0.0; 9], [0.1; 9]));
}
