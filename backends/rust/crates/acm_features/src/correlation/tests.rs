use acm_core::{Scalar, Threads};
use ndarray::{Array2, ArrayViewMut1};

use super::*;

fn noise(rows: usize, columns: usize) -> Array2<f64> {
    let mut state = 1_u64;
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / 1e6 + ((i * (j % 3)) as f64).sin()
    })
}

fn with_gaps(mut x: Array2<f64>) -> Array2<f64> {
    for (k, value) in x.iter_mut().enumerate().filter(|(k, _)| k % 7 == 3 || k % 31 == 5) {
        *value = if k % 2 == 0 { f64::NAN } else { f64::INFINITY };
    }
    x
}

fn check<T: Scalar>(x: &Array2<f64>, tolerance: f64) {
    let narrow = x.mapv(T::from_f64);
    let mut out = Array2::from_elem((x.ncols(), x.ncols()), T::ZERO);
    pearson(&Threads::uninterrupted(2), narrow.view(), out.view_mut()).unwrap();
    let rows = acm_core::rows::Rows::new(narrow.view(), "x").unwrap();
    for ((i, j), value) in out.indexed_iter() {
        let expected = common::correlation(rows, i, j);
        let expected = if i == j && !expected.is_nan() { 1.0 } else { expected };
        assert!((value.to_f64() - expected).abs() <= tolerance || expected.is_nan() && value.is_nan(), "{i} {j}");
    }
}

#[test]
fn every_tile_equals_the_plain_formula() {
    for (rows, columns) in [(2, 1), (40, 5), (129, 131), (2500, 9)] {
        check::<f64>(&noise(rows, columns), 1e-12);
        check::<f32>(&noise(rows, columns), 1e-6);
        check::<f64>(&with_gaps(noise(rows, columns)), 1e-11);
        check::<f32>(&with_gaps(noise(rows, columns)), 3e-6);
    }
}

#[test]
fn columns_that_do_not_vary_where_they_meet_are_not_a_number() {
    let mut x = noise(60, 3);
    x.slice_mut(ndarray::s![30.., 0]).fill(3.7);
    x.slice_mut(ndarray::s![..30, 1]).fill(f64::NAN);
    check::<f64>(&x, 1e-12);
}

#[test]
fn ranks_share_ties_and_pass_over_gaps() {
    let x = ndarray::array![[2.0, 1.0], [f64::NAN, 0.0], [2.0, 5.0], [1.0, 7.0], [-0.0, 8.0], [0.0, 9.0]];
    let mut out = Array2::zeros((2, 2));
    spearman(&Threads::uninterrupted(1), x.view(), out.view_mut()).unwrap();
    let ranks = ndarray::array![[3.5, 0.0], [3.5, 1.0], [2.0, 2.0], [0.5, 3.0], [0.5, 4.0]];
    let expected = common::correlation(acm_core::rows::Rows::new(ranks.view(), "x").unwrap(), 0, 1);
    assert!((out[(0, 1)] - expected).abs() < 1e-15);
    assert_eq!([out[(0, 0)], out[(1, 1)]], [1.0, 1.0]);
}

#[test]
fn what_is_kept_is_the_dense_matrix_above_the_threshold() {
    for columns in [1, 7, 300] {
        let x = noise(50, columns);
        let threads = Threads::uninterrupted(2);
        let mut dense = Array2::zeros((columns, columns));
        pearson(&threads, x.view(), dense.view_mut()).unwrap();
        let kept = sparse_correlation(&threads, x.view(), 0.2).unwrap();
        let (mut data, mut indices) = (vec![0.0; kept.len()], vec![0; kept.len()]);
        let mut indptr = vec![0; columns + 1];
        kept.write(&mut data, &mut indices, &mut indptr).unwrap();
        let expected = dense.indexed_iter().filter(|(_, value)| value.abs() >= 0.2);
        let rows = (0..columns).flat_map(|row| (indptr[row]..indptr[row + 1]).map(move |_| row));
        let found = rows.zip(&indices).zip(&data).map(|((row, &column), value)| ((row, column as usize), value));
        assert!(found.eq(expected));
    }
}

/// The kept matrix in dense form, zero where nothing is kept.
fn kept_of(x: &Array2<f64>, threshold: f64, threads: usize) -> Array2<f64> {
    let kept = sparse_correlation(&Threads::uninterrupted(threads), x.view(), threshold).unwrap();
    let (mut data, mut indices) = (vec![0.0; kept.len()], vec![0; kept.len()]);
    let mut indptr = vec![0; x.ncols() + 1];
    kept.write(&mut data, &mut indices, &mut indptr).unwrap();
    let mut found = Array2::zeros((x.ncols(), x.ncols()));
    for row in 0..x.ncols() {
        let entries = indptr[row] as usize..indptr[row + 1] as usize;
        assert!(indices[entries.clone()].is_sorted());
        entries.for_each(|entry| found[(row, indices[entry] as usize)] = data[entry]);
    }
    found
}

/// Columns of which every two have a correlation close to 0.5, half of the pairs below it: from 1e-9 on.
fn pairs_about_a_half(rows: usize, columns: usize) -> Array2<f64> {
    let mut x = noise(rows, columns);
    for j in 0..columns / 2 {
        let mut pair = x.slice_mut(ndarray::s![.., 2 * j..2 * j + 2]);
        pair -= &pair.mean_axis(ndarray::Axis(0)).unwrap();
        let (a, mut b): (ArrayViewMut1<'_, f64>, ArrayViewMut1<'_, f64>) =
            pair.multi_slice_mut((ndarray::s![.., 0], ndarray::s![.., 1]));
        let shared = a.dot(&b) / a.dot(&a);
        b.scaled_add(-shared, &a);
        let wanted = 0.5 + (j as f64 + 1.0) * if j % 2 == 0 { 1e-9 } else { -1e-9 };
        b *= (1.0 - wanted * wanted).sqrt() / b.dot(&b).sqrt();
        b.scaled_add(wanted / a.dot(&a).sqrt(), &a);
        // What is seen with mean 0 and length 1 may be anywhere, of any size.
        b *= if j % 3 == 0 { -1e-3 } else { 1e3 };
        b += if j % 5 == 0 { 1e3 } else { 0.0 };
    }
    x
}

#[test]
fn a_screen_changes_nothing() {
    let mut x = pairs_about_a_half(300, 2000);
    x.slice_mut(ndarray::s![.., 1997..]).fill(1e6);
    let threads = Threads::uninterrupted(2);
    let mut dense = Array2::zeros((x.ncols(), x.ncols()));
    pearson(&threads, x.view(), dense.view_mut()).unwrap();
    let rescaled = rescaled::Rescaled::new(&threads, x.view()).unwrap();
    let standard = standard::Standard::new(&rescaled).unwrap();
    for (threshold, few) in [(0.5, true), (0.05, false), (0.0, false)] {
        assert_eq!(screen::screened(&threads, &standard, threshold).unwrap().is_some(), few);
        let found = kept_of(&x, threshold, 2);
        for (((i, j), found), dense) in found.indexed_iter().zip(&dense) {
            let expected = if dense.abs() >= threshold || i == j { *dense } else { 0.0 };
            assert!((found - expected).abs() < 1e-14 || found.is_nan() && expected.is_nan(), "{i} {j}");
        }
    }
    assert!(kept_of(&x, 0.5, 1).iter().zip(&kept_of(&x, 0.5, 3)).all(|(a, b)| a.to_bits() == b.to_bits()));
    let strong = (0..998).filter(|j| dense[(2 * j, 2 * j + 1)].abs() >= 0.5);
    assert!(strong.clone().count() == 499 && strong.into_iter().all(|j| j % 2 == 0));
}

#[test]
fn buckets_know_where_a_value_stands() {
    let drawn = noise(3000, 1).into_raw_vec_and_offset().0;
    let from_noise = |each: fn(f64) -> f64| drawn.iter().map(|&value| each(value)).collect::<Vec<f64>>();
    let columns = [
        vec![],
        vec![f64::INFINITY; 5],
        vec![-0.0, 0.0, 1.0, -1.0],
        vec![7.0; 500],
        from_noise(|value| value),
        from_noise(|value| value.round()),
        // Two clusters far apart, outliers that no width can hold, and widths that no slope can divide.
        from_noise(|value| value * 1e-3 + if value % 2.0 < 1.0 { 1e9 } else { 0.0 }),
        from_noise(|value| if value % 1.0 < 0.3 { f64::MAX } else { -f64::MAX * (value % 1.0) }),
        // More than one part, the last of them short.
        noise(150_000, 1).into_raw_vec_and_offset().0,
        from_noise(|value| value * 5e-324),
        from_noise(|value| if value % 1.0 < 0.5 { f64::INFINITY } else { (10.0 * value).exp() }),
    ];
    for values in columns {
        let mut buckets = buckets::Buckets::new(values.len()).unwrap();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        buckets.deal(&values, &mut || Ok(())).unwrap();
        assert_eq!(buckets.present(), values.iter().filter(|value| value.is_finite()).count());
        for (row, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let less = sorted.partition_point(|&other| other < value);
            let equal = sorted[less..].partition_point(|&other| other <= value);
            assert_eq!(buckets.place(row, value), buckets::Place { less, equal });
        }
    }
}

#[test]
fn ranks_of_columns_without_values_are_not_correlated() {
    let mut x = noise(5, 3);
    x.slice_mut(ndarray::s![.., 1..]).fill(f64::NAN);
    let mut out = Array2::zeros((3, 3));
    spearman(&Threads::uninterrupted(1), x.view(), out.view_mut()).unwrap();
    assert!(out.indexed_iter().all(|((i, j), value)| value.is_nan() == (i + j > 0)));
}

#[test]
fn values_of_any_size_are_correlated() {
    for size in [1e160, 1e200, 1.7e308, 1e-200, 1e-310] {
        for (gaps, x) in [(false, noise(300, 7)), (true, with_gaps(noise(300, 7)))] {
            let largest = x.iter().filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
            let mut x = x / largest;
            x.slice_mut(ndarray::s![.., 2..]).mapv_inplace(|value| value * size);
            // A column that varies by itself, but only by what does not show beside one value.
            if gaps {
                x.slice_mut(ndarray::s![1.., 4]).mapv_inplace(|value| value / size / 3.0);
                x[(0, 5)] = f64::NAN;
            }
            check::<f64>(&x, 1e-11);
        }
    }
}

#[test]
fn pairs_whose_sums_cancel_are_summed_up_again() {
    let mut x = noise(3000, 40);
    let (mut spiked, mut others) = x.multi_slice_mut((ndarray::s![.., ..20], ndarray::s![.., 20..]));
    spiked.row_mut(1500).fill(1e9);
    others.row_mut(1500).fill(f64::NAN);
    x.slice_mut(ndarray::s![..1000, 3]).fill(f64::NAN);
    x.slice_mut(ndarray::s![1501.., 5]).fill(0.0);
    x.slice_mut(ndarray::s![..1500, 6]).fill(f64::NAN);
    check::<f64>(&x, 1e-12);
    check::<f32>(&x, 1e-6);
}
