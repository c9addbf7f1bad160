use acm_core::rows::Rows;
use acm_core::simd;
use acm_core::{Error, Result, Scalar, Threads};
use ndarray::{Array2, ArrayView2};

use super::differences::Search;
use super::pairwise::Rectangle;
use super::symmetric::Symmetric;
use super::*;

/// Rows of x, rows of y, columns: around the sizes of blocks, panels, groups and tiles.
const SHAPES: [(usize, usize, usize); 12] = [
    (1, 1, 1),
    (5, 7, 3),
    (6, 8, 2),
    (7, 16, 50),
    (13, 17, 1),
    (97, 193, 4),
    (300, 2, 9),
    (2, 3000, 40),
    (3, 5, 0),
    (10, 40, 1000),
    (3, 9, 2500),
    (40, 98, 70),
];

/// Whole numbers, so that sums of squares are exact and ties are true ties.
fn numbers<T: Scalar>(rows: usize, columns: usize, seed: usize) -> Array2<T> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        T::from_f64((((i * columns + j + seed) * 2_654_435_761) >> 7) as f64 % 10.0)
    })
}

fn naive<T: Scalar>(x: &Array2<T>, y: &Array2<T>) -> Array2<f64> {
    Array2::from_shape_fn((x.nrows(), y.nrows()), |(i, j)| {
        let squares = x.row(i).iter().zip(y.row(j)).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum::<f64>();
        squares.sqrt()
    })
}

fn assert_close<T: Scalar>(found: &Array2<T>, expected: &Array2<f64>) {
    assert_eq!(found.dim(), expected.dim());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found.to_f64() - expected).abs() <= 4.0 * T::EPSILON.to_f64() * expected, "{found:?} {expected}");
    }
}

fn pairwise<T: Scalar>(threads: usize, x: &Array2<T>, y: Option<&Array2<T>>) -> Array2<T> {
    let mut out = Array2::from_elem((x.nrows(), y.unwrap_or(x).nrows()), T::NAN);
    let threads = Threads::uninterrupted(threads);
    pairwise_euclidean(&threads, x.view(), y.map(|y| y.view()), out.view_mut()).unwrap();
    out
}

fn nearest<T: Scalar>(threads: usize, x: ArrayView2<'_, T>, y: ArrayView2<'_, T>) -> Result<(Vec<i64>, Vec<T>)> {
    let (mut indices, mut distances) = (vec![-1; x.nrows()], vec![T::NAN; x.nrows()]);
    let threads = Threads::uninterrupted(threads);
    pairwise_distances_argmin_min(&threads, x, y, &mut indices, &mut distances)?;
    Ok((indices, distances))
}

fn lowest_of_smallest(distances: &Array2<f64>) -> Vec<i64> {
    let lowest = |row: ndarray::ArrayView1<'_, f64>| {
        (0..row.len()).fold(0, |best, j| if row[j] < row[best] { j } else { best }) as i64
    };
    distances.rows().into_iter().map(lowest).collect()
}

fn all_kernels_agree_with_naive<T: Scalar>() {
    for (n, m, d) in SHAPES {
        let (x, y) = (numbers::<T>(n, d, 1), numbers::<T>(m, d, 7));
        let expected = naive(&x, &y);
        assert_close(&pairwise(2, &x, Some(&y)), &expected);
        assert_close(&pairwise(2, &y, None), &naive(&y, &y));
        let (indices, distances) = nearest(2, x.view(), y.view()).unwrap();
        assert_eq!(indices, lowest_of_smallest(&expected), "{n} {m} {d}");
        for (i, distance) in distances.iter().enumerate() {
            let expected = expected[(i, indices[i] as usize)];
            assert!((distance.to_f64() - expected).abs() <= 4.0 * T::EPSILON.to_f64() * expected);
        }
    }
}

#[test]
fn all_kernels_agree_with_naive_f64() {
    all_kernels_agree_with_naive::<f64>();
}

#[test]
fn all_kernels_agree_with_naive_f32() {
    all_kernels_agree_with_naive::<f32>();
}

#[test]
fn threads_change_no_bit() {
    let (x, y) = (numbers::<f64>(500, 21, 3).mapv(f64::sqrt), numbers::<f64>(700, 21, 5).mapv(f64::sqrt));
    for threads in [2, 5] {
        assert_eq!(pairwise(1, &x, Some(&y)), pairwise(threads, &x, Some(&y)));
        assert_eq!(pairwise(1, &y, None), pairwise(threads, &y, None));
        assert_eq!(nearest(1, x.view(), y.view()), nearest(threads, x.view(), y.view()));
    }
}

#[test]
fn the_baseline_computes_the_same() {
    let (x, y) = (numbers::<f64>(101, 9, 3), numbers::<f64>(75, 9, 5));
    let threads = Threads::uninterrupted(2);
    let (rows, columns) = (Rows::new(x.view(), "x").unwrap(), Rows::new(y.view(), "y").unwrap());
    let mut out = Array2::zeros((101, 75));
    simd::dispatch_baseline(Rectangle {
        threads: &threads,
        x: rows,
        y: columns,
        out: out.view_mut(),
        may_be_extreme: true,
    })
    .unwrap();
    assert_close(&out, &naive(&x, &y));
    let mut out = Array2::zeros((101, 101));
    simd::dispatch_baseline(Symmetric { threads: &threads, x: rows, out: out.view_mut() }).unwrap();
    assert_close(&out, &naive(&x, &x));
    let mut indices = vec![-1; 101];
    let search = Search::new(&threads, x.view(), y.view(), &mut indices, None).unwrap();
    simd::dispatch_baseline(search).unwrap();
    assert_eq!(indices, lowest_of_smallest(&naive(&x, &y)));
}

/// Numbers between 0 and 1 without a pattern.
fn irregular(rows: usize, columns: usize, seed: f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        (((i * columns + j) as f64 + seed).sin() * 43_758.545).fract().abs()
    })
}

fn assert_nearest(x: &Array2<f64>, y: &Array2<f64>) {
    let (indices, distances) = nearest(2, x.view(), y.view()).unwrap();
    let expected = naive(x, y);
    assert_eq!(indices, lowest_of_smallest(&expected));
    for (i, distance) in distances.into_iter().enumerate() {
        let expected = expected[(i, indices[i] as usize)];
        assert!((distance - expected).abs() <= 4.0 * f64::EPSILON * expected);
    }
}

#[test]
fn scores_find_what_differences_do() {
    let (mut x, y) = (irregular(5000, 20, 0.3), irregular(90, 20, 0.7));
    // Ambiguous, but few.
    x.rows_mut().into_iter().step_by(50).for_each(|mut row| row *= 1e5);
    assert_nearest(&x, &y);
    // All ambiguous, so that differences are computed of all after the first few.
    assert_nearest(&x, &ndarray::concatenate![ndarray::Axis(0), y, y]);
    // Two strips.
    assert_nearest(&irregular(64, 40, 0.1), &irregular(30_000, 40, 0.9));
}

#[test]
fn searches_by_scores_refuse_nan_and_bear_what_float32_does_not() {
    let (x, y) = (irregular(100, 5, 0.3), irregular(40, 5, 0.7));
    let with = |array: &Array2<f64>, value| {
        let mut array = array.clone();
        array[(31, 3)] = value;
        array
    };
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = |argument| Err(Error::invalid(argument, "holds NaN or infinity"));
        assert_eq!(nearest(2, with(&x, value).view(), y.view()), refused("x"));
        assert_eq!(nearest(2, x.view(), with(&y, value).view()), refused("y"));
    }
    for value in [1e-300, 1e30, -1e150] {
        assert_nearest(&with(&x, value), &y);
        assert_nearest(&x, &with(&y, value));
    }
}

#[test]
fn equal_rows_are_equally_near_wherever_they_are() {
    // So wide that after some 260 rows a new strip begins, with few rows or many.
    let width = 2001;
    let (x, row) = (numbers::<f64>(8, width, 3).mapv(f64::sqrt), numbers::<f64>(1, width, 5).mapv(f64::sqrt));
    for copies in 240..300 {
        let y = row.broadcast((copies, width)).unwrap().to_owned();
        assert_eq!(nearest(2, x.view(), y.view()).unwrap().0, [0; 8], "{copies}");
    }
}

/// Whole numbers times 2^`exponent`, which change no digit of any distance.
fn scaled<T: Scalar>(rows: usize, columns: usize, seed: usize, exponent: i64) -> Array2<T> {
    let unit = |exponent: i64| T::from_f64(extremes::power_of_two(exponent));
    numbers::<T>(rows, columns, seed).mapv(|value| value * unit(exponent / 2) * unit(exponent - exponent / 2))
}

fn distances_keep_their_digits_at_every_scale<T: Scalar>(exponents: impl Iterator<Item = i64>) {
    for exponent in exponents {
        for (n, m, d) in [(50, 40, 3), (7, 5, 70), (20, 100, 66), (100, 20, 1)] {
            let (x, y) = (scaled::<T>(n, d, 1, exponent), scaled::<T>(m, d, 2, exponent));
            let [expected, own] = [&numbers::<f64>(m, d, 2), &numbers(n, d, 1)].map(|y| naive(&numbers(n, d, 1), y));
            let restored = |out: Array2<T>| {
                let unit = |exponent: i64| extremes::power_of_two(exponent);
                out.mapv(|value| T::from_f64(value.to_f64() * unit(-exponent / 2) * unit(exponent / 2 - exponent)))
            };
            assert_close(&restored(pairwise(2, &x, Some(&y))), &expected);
            assert_close(&restored(pairwise(2, &x, None)), &own);
            let (indices, distances) = nearest(2, x.view(), y.view()).unwrap();
            assert_eq!(indices, lowest_of_smallest(&expected), "2^{exponent}, {n} {m} {d}");
            let distances = restored(Array2::from_shape_vec((n, 1), distances).unwrap());
            let least = |i: usize| expected[(i, indices[i] as usize)];
            assert_close(&distances, &Array2::from_shape_fn((n, 1), |(i, _)| least(i)));
        }
    }
}

#[test]
fn distances_keep_their_digits_at_every_scale_f64() {
    distances_keep_their_digits_at_every_scale::<f64>((-1020..=1010).step_by(29));
}

#[test]
fn distances_keep_their_digits_at_every_scale_f32() {
    distances_keep_their_digits_at_every_scale::<f32>((-125..=120).step_by(5));
}

#[test]
fn small_distances_among_large_ones_keep_their_digits() {
    // Pairs that are equal but for one tiny coordinate, among rows that are far away.
    let mut x = numbers::<f64>(40, 5, 1).mapv(|value| value * 1e200);
    let mut y = x.clone();
    x.column_mut(4).fill(0.0);
    y.column_mut(4).assign(&ndarray::Array1::from_shape_fn(40, |j| 1e-200 * (j + 1) as f64));
    let found = pairwise(1, &x, Some(&y));
    assert!((0..40).all(|i| found[(i, i)] == y[(i, 4)]));
    let (indices, distances) = nearest(1, x.view(), y.view()).unwrap();
    assert!((0..40).all(|i| distances[i] == y[(indices[i] as usize, 4)] && distances[i] <= y[(i, 4)]));
}

#[test]
fn nan_spreads_in_matrices_and_is_refused_by_searches() {
    let (mut x, y) = (numbers::<f64>(20, 3, 1), numbers::<f64>(9, 3, 2));
    x[(7, 1)] = f64::NAN;
    let full = pairwise(1, &x, Some(&y));
    let own = pairwise(1, &x, None);
    assert!((0..20).all(|i| full.row(i).iter().all(|v| v.is_nan() == (i == 7))));
    assert!((0..20).all(|i| own.row(i)[7].is_nan() && own[(i, i)].is_nan() == (i == 7)));
    let refused = |argument| Err(Error::invalid(argument, "holds NaN or infinity"));
    assert_eq!(nearest(1, x.view(), y.view()), refused("x"));
    assert_eq!(nearest(1, y.view(), x.view()), refused("y"));
    x[(7, 1)] = f64::NEG_INFINITY;
    assert_eq!(nearest(1, x.view(), y.view()), refused("x"));
}

#[test]
fn an_interrupt_stops_them() {
    // More arithmetic than two threads of any processor do between two looks for an interrupt.
    let x = Array2::<f64>::zeros((3000, 4000));
    let interrupted = || true;
    let threads = Threads::new(2, &interrupted);
    let mut out = Array2::zeros((3000, 3000));
    assert_eq!(pairwise_euclidean(&threads, x.view(), None, out.view_mut()), Err(Error::Interrupted));
    let outcome = pairwise_distances_argmin(&threads, x.view(), x.view(), &mut [0; 3000]);
    assert_eq!(outcome, Err(Error::Interrupted));
}

#[test]
fn wrong_shapes_are_errors() {
    let (x, y) = (Array2::<f64>::zeros((3, 2)), Array2::<f64>::zeros((3, 4)));
    let threads = Threads::uninterrupted(1);
    let mut out = Array2::zeros((3, 3));
    assert!(pairwise_euclidean(&threads, x.view(), Some(y.view()), out.view_mut()).is_err());
    assert!(pairwise_euclidean(&threads, x.view(), Some(x.slice(ndarray::s![..2, ..])), out.view_mut()).is_err());
    assert!(nearest(1, x.view(), y.view()).is_err());
    assert!(nearest(1, x.view(), x.slice(ndarray::s![..0, ..])).is_err());
}
