use ndarray::{Array2, Axis, array};

use super::*;

/// The definition, with the whole matrix of distances in `f64`.
fn by_definition(x: &Array2<f64>, codes: &[i64]) -> Vec<f64> {
    let count = 1 + *codes.iter().max().unwrap() as usize;
    let members = |c: usize| codes.iter().filter(|&&code| code as usize == c).count() as f64;
    let silhouette = |i: usize| {
        let mut sums = vec![0.0; count];
        for j in 0..codes.len() {
            sums[codes[j] as usize] += (&x.row(i) - &x.row(j)).mapv(|v| v * v).sum().sqrt();
        }
        let own = codes[i] as usize;
        let a = sums[own] / (members(own) - 1.0);
        let b = (0..count).filter(|&c| c != own).map(|c| sums[c] / members(c)).fold(f64::INFINITY, f64::min);
        let score = (b - a) / a.max(b);
        if score.is_nan() { 0.0 } else { score }
    };
    (0..codes.len()).map(silhouette).collect()
}

fn wavy(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7919 + j * 104_729) % 1009) as f64 / 100.0)
}

fn found<T: Scalar>(threads: usize, x: &Array2<T>, codes: &[i64]) -> Result<Vec<T>> {
    let mut out = vec![T::NAN; codes.len()];
    silhouette_samples(&Threads::uninterrupted(threads), x.view(), codes, &mut out).map(|()| out)
}

#[test]
fn it_is_the_definition() {
    for (rows, columns, clusters) in [(3, 1, 2), (10, 2, 9), (50, 3, 4), (301, 5, 3), (200, 17, 60), (700, 1, 2)] {
        let x = wavy(rows, columns);
        let codes: Vec<i64> = (0..rows as i64).map(|i| (i * i + i / 3) % clusters).collect();
        let codes = without_gaps(&codes);
        let expected = by_definition(&x, &codes);
        for (found, expected) in found(2, &x, &codes).unwrap().iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-12, "{rows} x {columns}, {clusters}: {found} {expected}");
        }
        for (found, expected) in found(1, &x.mapv(|v| v as f32), &codes).unwrap().iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{rows} x {columns}: {found} {expected}");
        }
    }
}

fn without_gaps(codes: &[i64]) -> Vec<i64> {
    let mut used = codes.to_vec();
    used.sort_unstable();
    used.dedup();
    codes.iter().map(|code| used.binary_search(code).unwrap() as i64).collect()
}

#[test]
fn threads_change_no_bit() {
    let x = wavy(3000, 6);
    let codes: Vec<i64> = (0..3000).map(|i| i % 7).collect();
    let one = found(1, &x, &codes).unwrap();
    assert_eq!(one, found(2, &x, &codes).unwrap());
    assert_eq!(one, found(5, &x, &codes).unwrap());
}

#[test]
fn equal_rows_and_lone_rows_score_zero() {
    let x = Array2::from_elem((6, 2), 0.5);
    assert_eq!(found(1, &x, &[0, 0, 0, 1, 1, 2]).unwrap(), [0.0; 6]);
}

#[test]
fn values_beyond_the_squares_of_f32_count() {
    let x = wavy(60, 3);
    let codes: Vec<i64> = (0..60).map(|i| i % 4).collect();
    for scale in [1e-37, 1e-30, 1e-15, 1e15, 1e30, 1e37] {
        let scaled = found(1, &x.mapv(|v| (v * scale) as f32), &codes).unwrap();
        for (found, expected) in scaled.iter().zip(by_definition(&x, &codes)) {
            assert!((f64::from(*found) - expected).abs() < 1e-6);
        }
    }
}

#[test]
fn silhouettes_know_no_unit() {
    let x = wavy(60, 3).mapv(|v| v + 1.0);
    let codes: Vec<i64> = (0..60).map(|i| i % 4).collect();
    for exponent in (-1020..=1018).step_by(6) {
        let scaled = x.mapv(|v| v * 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2));
        assert_eq!(found(1, &scaled, &codes), found(1, &x, &codes), "2^{exponent}");
    }
}

#[test]
fn clusters_of_every_size_are_measured_together() {
    let sizes = [1e-305, 1e-200, 1e-160, 1.0, 1e160, 1e200, 1e305];
    let near = array![[1.0, 2.0], [1.5, 2.0], [1.25, 3.0], [7.0, 8.0], [7.5, 8.25], [7.0, 9.0]];
    let codes: Vec<i64> = (0..14).flat_map(|cluster| [cluster; 3]).collect();
    let x = ndarray::concatenate(Axis(0), &sizes.map(|size| &near * size).each_ref().map(|x| x.view())).unwrap();
    let scores = found(1, &x, &codes).unwrap();
    for (k, _) in sizes.iter().enumerate() {
        // All that is smaller lies in the origin, all that is larger far away.
        let together = ndarray::concatenate![Axis(0), near, array![[0.0, 0.0], [0.0, 0.0]]];
        let (few, codes): (_, &[i64]) = match k {
            0 => (&near, &[0, 0, 0, 1, 1, 1]),
            _ => (&together, &[0, 0, 0, 1, 1, 1, 2, 2]),
        };
        for (found, expected) in scores[6 * k..].iter().zip(found(1, few, codes).unwrap()).take(6) {
            assert!((found - expected).abs() < 1e-12, "{k}: {found} {expected}");
        }
    }
}

#[test]
fn bad_input_is_an_error() {
    let mut x = wavy(4, 2);
    for codes in [[0, 0, 0, 0], [0, 1, 2, 3], [0, 1, 3, 1], [-1, 0, 1, 1], [0, 1, 1, i64::MAX]] {
        assert!(matches!(found(1, &x, &codes), Err(Error::InvalidInput { argument: "labels", .. })), "{codes:?}");
    }
    x[(3, 1)] = f64::NAN;
    assert_eq!(found(1, &x, &[0, 1, 0, 1]), Err(Error::invalid("x", "holds NaN or infinity")));
}

/// Clusters one after the other, and dealt out in turn.
fn codings(rows: usize, clusters: usize) -> [Vec<i64>; 2] {
    let dealt = |i: usize| (i % clusters) as i64;
    [(0..rows).map(|i| dealt(i * clusters / rows)).collect(), (0..rows).map(dealt).collect()]
}

/// Within the contract of silhouettes.
fn assert_close<T: Scalar>(found: T, expected: f64, of: &str) {
    let [relative, absolute] = if T::NARROWER_THAN_REFERENCE { [1e-5, 1e-6] } else { [1e-10, 1e-12] };
    let error = (found.to_f64() - expected).abs();
    assert!(error <= relative * expected.abs() + absolute, "{of}: {found:?} {expected}");
}

fn rows_of_any_width_are_measured<T: Scalar>() {
    // Widths around those at which a group of columns gets narrower than a band, or than a panel.
    for width in [1, 16, 63, 64, 65, 128, 170, 171, 200, 256, 257, 341, 400, 683, 1000, 1366, 2048, 4097] {
        for (rows, clusters) in [(5, 2), (17, 3), (97, 2), (130, 3), (130, 97), (199, 2), (301, 3)] {
            if rows * rows * width > 4_000_000 {
                continue;
            }
            let x = wavy(rows, width).mapv(|v| T::from_f64(v).to_f64());
            for codes in codings(rows, clusters) {
                let found = found(2, &x.mapv(T::from_f64), &codes).unwrap();
                for (found, expected) in found.iter().zip(by_definition(&x, &codes)) {
                    assert_close(*found, expected, &format!("{rows} x {width}, {clusters}"));
                }
            }
        }
    }
}

#[test]
fn rows_of_any_width_are_measured_f64() {
    rows_of_any_width_are_measured::<f64>();
}

#[test]
fn rows_of_any_width_are_measured_f32() {
    rows_of_any_width_are_measured::<f32>();
}

#[test]
fn sums_of_many_equal_distances_are_not_rounded_one_way() {
    let rows = 20_000;
    let x = Array2::from_shape_fn((rows, 1), |(i, _)| [0.0, 0.1, 0.3][i % 3]).mapv(|v: f64| f64::from(v as f32));
    let codes: Vec<i64> = (0..rows as i64).map(|i| i * 2 / rows as i64).collect();
    let (narrow, wide) = (found(2, &x.mapv(|v| v as f32), &codes).unwrap(), found(2, &x, &codes).unwrap());
    narrow.into_iter().zip(wide).for_each(|(narrow, wide)| assert_close(narrow, wide, "many equal distances"));
}
