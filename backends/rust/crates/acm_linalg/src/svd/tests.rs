use ndarray::Array2;

use super::*;

/// Values without pattern, of magnitudes from 1 down to 10^-`decades` by column.
fn sample(n: usize, d: usize, decades: f64) -> Array2<f64> {
    Array2::from_shape_fn((n, d), |(i, j)| {
        let value = ((i * 7919 + j * 104_729) % 10_007) as f64 / 10_007.0 - 0.5;
        value * 10.0_f64.powf(-decades * j as f64 / d as f64)
    })
}

fn decomposed(x: &Array2<f64>, count: usize) -> (Array2<f64>, Vec<f64>, Array2<f64>) {
    let mut u = Array2::zeros((x.nrows(), count));
    let (mut s, mut vt) = (vec![0.0; count], Array2::zeros((count, x.ncols())));
    let threads = Threads::uninterrupted(2);
    truncated_svd(&threads, x.view(), u.as_slice_mut().unwrap(), &mut s, vt.as_slice_mut().unwrap()).unwrap();
    (u, s, vt)
}

fn assert_close(actual: &Array2<f64>, expected: &Array2<f64>, tolerance: f64) {
    assert!(actual.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance), "{actual} is not {expected}");
}

#[test]
fn all_triplets_give_the_matrix_back() {
    for (n, d) in [(1, 1), (5, 3), (3, 5), (17, 17), (3000, 50), (40, 700)] {
        let x = sample(n, d, 2.0);
        let count = n.min(d);
        let (u, s, vt) = decomposed(&x, count);
        let scaled = Array2::from_shape_fn(u.dim(), |(i, j)| u[(i, j)] * s[j]);
        assert_close(&scaled.dot(&vt), &x, 1e-12);
        assert_close(&u.t().dot(&u), &Array2::eye(count), 1e-12);
        assert_close(&vt.dot(&vt.t()), &Array2::eye(count), 1e-12);
        assert!(s.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}

#[test]
fn few_triplets_by_the_gram_matrix_are_those_of_all_by_reflections() {
    let mut x = sample(4000, 30, 4.0);
    x.column_mut(7).fill(0.0);
    let twice = x.column(1).to_owned() * 2.0;
    x.column_mut(20).assign(&twice);
    let ((u, s, vt), (all_u, all_s, all_vt)) = (decomposed(&x, 5), decomposed(&x, 30));
    assert!(s[4] > 1e-2 * s[0] && all_s[29] < 1e-2 * all_s[0]);
    assert!(s.iter().zip(&all_s).all(|(a, b)| (a - b).abs() <= 1e-13 * b));
    assert_close(&u, &all_u.slice(ndarray::s![.., ..5]).to_owned(), 1e-11);
    assert_close(&vt, &all_vt.slice(ndarray::s![..5, ..]).to_owned(), 1e-11);
}

#[test]
fn small_columns_keep_their_digits() {
    let x = sample(500, 8, 0.0);
    let small = Array2::from_shape_fn(x.dim(), |(i, j)| x[(i, j)] * 2.0_f64.powi(-12 * j as i32));
    let (_, s, _) = decomposed(&small, 8);
    let (_, again, _) = decomposed(&small.slice(ndarray::s![.., ..;-1]).as_standard_layout().into_owned(), 8);
    for (a, b) in s.iter().zip(again) {
        assert!((a - b).abs() <= 1e-13 * b, "{a} is not {b}");
    }
}

#[test]
fn vectors_without_a_singular_value_are_orthonormal() {
    for x in [Array2::zeros((20, 6)), Array2::from_elem((30, 4), 2.5), Array2::zeros((3, 9))] {
        let count = x.nrows().min(x.ncols());
        let (u, _, vt) = decomposed(&x, count);
        assert_close(&u.t().dot(&u), &Array2::eye(count), 1e-12);
        assert_close(&vt.dot(&vt.t()), &Array2::eye(count), 1e-12);
    }
}

#[test]
fn vectors_of_dependent_rows_are_orthonormal() {
    let mut matrices = [
        // What rounding leaves of a direction is 3e-159: its square has no digits.
        Array2::from_shape_fn((6, 4), |(_, j)| [4.0, 16.0][j % 2]),
        Array2::from_shape_fn((7, 8), |(_, j)| [15.0, 2.0, 5.0, 11.0, 9.0, 19.0, 2.0, 15.0][j]),
        Array2::from_shape_fn((9, 6), |(i, j)| ((i % 4 + 1) << j) as f64),
        Array2::from_shape_fn((6, 6), |(i, j)| if i == 2 && j == 3 { 1e308 } else { 0.0 }),
        Array2::from_shape_fn((12, 12), |(i, j)| (i * j) as f64),
    ];
    matrices[0].row_mut(3).mapv_inplace(|value| value / 2.0);
    matrices[0].row_mut(5).mapv_inplace(|value| value / 2.0);
    for x in matrices.iter().flat_map(|x| [x.clone(), x.t().as_standard_layout().into_owned()]) {
        let count = x.nrows().min(x.ncols());
        let (u, s, vt) = decomposed(&x, count);
        assert_close(&u.t().dot(&u), &Array2::eye(count), 1e-13);
        assert_close(&vt.dot(&vt.t()), &Array2::eye(count), 1e-13);
        assert!(s.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}

#[test]
fn columns_that_depend_on_others_are_replaced() {
    // Nothing but the first column, twice over, with noise; and one that is not a number.
    let mut rows: Vec<f64> =
        (0..6).flat_map(|i| [1.0 + f64::from(i), 2.0 + 2.0 * f64::from(i), 1e-300, f64::NAN]).collect();
    rows[5] += 1e-15;
    orthonormal::orthonormalise(&Threads::uninterrupted(1), &mut rows, 4, 4).unwrap();
    let columns = Array2::from_shape_vec((6, 4), rows).unwrap();
    assert_close(&columns.t().dot(&columns), &Array2::eye(4), 1e-14);
}

#[test]
fn the_largest_numbers_have_means_and_singular_values() {
    let size = 2.0_f64.powi(1023);
    let x = ndarray::array![[1.0, -1.0], [1.5, 1.5], [1.0, 1.0], [0.5, -1.5]] * size;
    let (mut mean, mut components, mut variance) = ([0.0; 2], [0.0; 4], [0.0; 2]);
    pca_fit(&Threads::uninterrupted(1), x.view(), &mut mean, &mut components, &mut variance).unwrap();
    assert_eq!(mean, [size, 0.0]);
    assert!(components.iter().all(|value| value.is_finite()) && variance == [f64::INFINITY; 2]);
    let (_, s, _) = decomposed(&ndarray::array![[size, 0.0], [0.0, size / 2.0]], 2);
    assert_eq!(s, [size, size / 2.0]);
}

#[test]
fn squares_may_overflow_and_underflow() {
    for size in [1e200, 1e-200] {
        let (_, s, _) = decomposed(&(sample(50, 4, 0.0) * size), 4);
        let (_, plain, _) = decomposed(&sample(50, 4, 0.0), 4);
        for (a, b) in s.iter().zip(plain) {
            assert!((a / size - b).abs() <= 1e-13 * b);
        }
    }
}

#[test]
fn missing_values_are_refused() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut x = sample(40, 5, 0.0);
        x[(39, 4)] = bad;
        let (mut u, mut s, mut vt) = ([0.0; 80], [0.0; 2], [0.0; 10]);
        let outcome = truncated_svd(&Threads::uninterrupted(2), x.view(), &mut u, &mut s, &mut vt);
        assert_eq!(outcome, Err(Error::invalid("x", "holds NaN or infinity")));
    }
}

#[test]
fn the_fit_centres_its_columns() {
    let x = sample(1000, 6, 1.0);
    let shifted = &x + 1e6;
    let (mut mean, mut components, mut variance) = ([0.0; 6], [0.0; 18], [0.0; 3]);
    let threads = Threads::uninterrupted(2);
    pca_fit(&threads, x.view(), &mut mean, &mut components, &mut variance).unwrap();
    let (mut mean2, mut components2, mut variance2) = ([0.0; 6], [0.0; 18], [0.0; 3]);
    pca_fit(&threads, shifted.view(), &mut mean2, &mut components2, &mut variance2).unwrap();
    for (a, b) in variance.iter().zip(variance2) {
        assert!((a - b).abs() <= 1e-8 * b);
    }
}
