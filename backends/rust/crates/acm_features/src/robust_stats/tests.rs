use ndarray::Array2;

use super::*;

/// The median of `values` by sorting.
fn sorted_median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if values[(n - 1) / 2] == values[n / 2] => values[n / 2],
        n => values[(n - 1) / 2] / 2.0 + values[n / 2] / 2.0,
    }
}

/// By sorting distances that `rounded` has gone over.
fn reference<T: Scalar>(x: &Array2<T>, missing: Missing, rounded: fn(f64) -> f64) -> Vec<(f64, f64)> {
    let column = |column: ndarray::ArrayView1<'_, T>| {
        let values: Vec<f64> = column.iter().filter(|v| !missing.includes(**v)).map(|v| v.to_f64()).collect();
        let median = sorted_median(values.clone());
        let deviations: Vec<f64> = values.iter().map(|value| rounded((value - median).abs())).collect();
        (median, if median.is_finite() { sorted_median(deviations) } else { f64::NAN })
    };
    x.columns().into_iter().map(column).collect()
}

/// As half of it is kept in a `T`.
fn kept<T: Scalar>(distance: f64) -> f64 {
    2.0 * T::from_f64(distance / 2.0).to_f64()
}

fn found<T: Scalar>(x: &Array2<T>, missing: Missing, threads: usize) -> Vec<(f64, f64)> {
    let threads = Threads::uninterrupted(threads);
    let (median, half) = medians_and_half_deviations(&threads, x.view(), missing).unwrap();
    let mad: Vec<f64> = half.iter().map(|half| 2.0 * half).collect();
    median.into_iter().zip(mad).collect()
}

/// Equal, and NaN where the other is.
fn assert_same(found: &[(f64, f64)], expected: &[(f64, f64)], what: &str) {
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    for (j, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(same(a.0, b.0) && same(a.1, b.1), "{what}, column {j}: {a:?} is not {b:?}");
    }
    assert_eq!(found.len(), expected.len());
}

/// Numbers from 0 to 1 that look random.
fn noise(i: usize, j: usize) -> f64 {
    let mut state =
        (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (j as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
    state = (state ^ state >> 31).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

const SHAPES: [(usize, usize); 10] =
    [(1, 1), (2, 3), (3, 8), (7, 9), (999, 2), (1000, 1), (1001, 17), (5003, 1), (40_000, 3), (2_500, 50)];

type Pattern = (&'static str, fn(usize, usize, usize) -> f64);

const PATTERNS: [Pattern; 9] = [
    ("random", |i, j, _| noise(i, j)),
    ("quantised", |i, j, _| (noise(i, j) * 9.0).round()),
    ("constant", |_, j, _| 0.1 + j as f64),
    ("sorted", |i, _, _| i as f64),
    ("organ pipe", |i, _, n| (i as f64 - n as f64 / 2.0).abs()),
    ("periodic", |i, j, _| (i % (2 + j)) as f64),
    ("two levels", |i, _, n| if i < n / 2 { -1.0 } else { 1e9 + i as f64 }),
    ("heavy tails", |i, j, _| (noise(i, j) - 0.5).powi(-9)),
    ("signed zeros", |i, j, _| if noise(i, j) < 0.5 { -0.0 } else { 0.0 }),
];

fn compare<T: Scalar>(gap: f64, fill: T, missing: Missing) {
    for (n, d) in SHAPES {
        for (name, pattern) in PATTERNS {
            let value = |(i, j): (usize, usize)| if noise(j, i) < gap { fill } else { T::from_f64(pattern(i, j, n)) };
            let x = Array2::from_shape_fn((n, d), value);
            let result = found(&x, missing, 1);
            let what = format!("{name} {n} x {d}, {gap} of {fill:?}");
            assert_same(&result, &reference(&x, missing, kept::<T>), &what);
            for (found, exact) in result.iter().zip(reference(&x, missing, |distance| distance)) {
                let close = (found.1 - exact.1).abs() <= T::EPSILON.to_f64() * exact.1;
                assert!(close || found.1 == exact.1 || found.1.is_nan(), "{what}: {found:?}, {exact:?}");
            }
            let bits =
                |columns: &[(f64, f64)]| columns.iter().map(|c| (c.0.to_bits(), c.1.to_bits())).collect::<Vec<_>>();
            assert_eq!(bits(&found(&x, missing, 3)), bits(&result), "threads change {name} {n} x {d}");
        }
    }
}

#[test]
fn agrees_with_sorting() {
    compare::<f64>(0.0, 0.0, Missing::NonFinite);
    compare::<f32>(0.0, 0.0, Missing::NonFinite);
}

#[test]
fn gaps_are_left_out() {
    for gap in [0.05, 0.5, 0.999, 1.0] {
        compare::<f64>(gap, f64::NAN, Missing::Nan);
        compare::<f64>(gap, f64::NEG_INFINITY, Missing::NonFinite);
    }
    compare::<f32>(0.05, f32::NAN, Missing::NonFinite);
}

#[test]
fn infinities_may_be_numbers() {
    for share in [0.1, 0.49, 0.5, 0.7, 1.0] {
        compare::<f64>(share, f64::INFINITY, Missing::Nan);
        compare::<f32>(share, f32::NEG_INFINITY, Missing::Nan);
    }
}

#[test]
fn between_infinities_lies_no_number() {
    let x = Array2::from_shape_fn((4, 1), |(i, _)| if i < 2 { f64::NEG_INFINITY } else { f64::INFINITY });
    assert_same(&found(&x, Missing::Nan, 1), &[(f64::NAN, f64::NAN)], "infinities");
}

#[test]
fn the_middle_of_huge_values_does_not_overflow() {
    let x = Array2::from_shape_fn((4, 1), |(i, _)| 1.7e308 - i as f64 * 1e307);
    let (median, mad) = found(&x, Missing::NonFinite, 1)[0];
    assert!((median / 1.55e308 - 1.0).abs() < 1e-12 && mad.is_finite());
}

#[test]
fn distances_may_be_larger_than_all_numbers() {
    let x = Array2::from_shape_fn((3, 1), |(i, _)| [f32::MIN, f32::MAX / 2.0, f32::MAX][i]);
    let expected = (f32::MAX / 2.0).into();
    assert_same(&found(&x, Missing::NonFinite, 1), &[(expected, expected)], "huge");
    let x = Array2::from_shape_fn((4, 1), |(i, _)| [f32::MIN, f32::MIN, f32::MAX, f32::MAX][i]);
    assert_same(&found(&x, Missing::NonFinite, 1), &[(0.0, f32::MAX.into())], "huge on both sides");
    // Infinities that count bring such a distance to the middle.
    let x = Array2::from_shape_fn((5, 1), |(i, _)| [f32::MIN, f32::MIN, f32::MAX, f32::INFINITY, f32::INFINITY][i]);
    assert_same(&found(&x, Missing::Nan, 1), &[(f32::MAX.into(), 2.0 * f64::from(f32::MAX))], "huge and infinite");
}

#[test]
fn a_sample_that_misleads_is_found_out() {
    // The sampled rows hold other values than the rest: the first brackets miss.
    for (n, sign) in [(20_000, -1.0), (20_000, 1.0), (40_000, -1.0), (40_000, 1.0)] {
        let sampled: std::collections::HashSet<usize> = sampled_rows(n, sample_size(n)).collect();
        let level = |i: usize| if sampled.contains(&i) { sign * 1e6 } else { 0.0 };
        let x = Array2::from_shape_fn((n, 2), |(i, j)| level(i) + noise(i, j));
        assert_same(&found(&x, Missing::NonFinite, 2), &reference(&x, Missing::NonFinite, kept::<f64>), "misled");
    }
}

#[test]
fn sampled_rows_exist() {
    for n in (1..3000).chain([1_000_000]) {
        assert!(sampled_rows(n, sample_size(n)).all(|row| row < n));
        assert!(sampled_rows(n, n.min(64)).all(|row| row < n));
    }
}
