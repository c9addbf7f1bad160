use ndarray::Array2;

use super::*;

type Kernel<T> = fn(&Threads<'_>, Windows<'_, T>, ArrayViewMut2<'_, T>) -> Result<()>;

/// Rows enough for several parts, columns enough for a panel and a rest; levels, gaps, infinities and ties.
fn sensors(rows: usize, columns: usize) -> Array2<f64> {
    let mut state = 1_u64;
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match state >> 58 {
            0 => f64::NAN,
            1 => f64::INFINITY,
            _ => ((state >> 40) % 1000) as f64 / 8.0 + 1e6 * ((i / 50 + j) % 2) as f64,
        }
    })
}

fn run<T: Scalar>(kernel: Kernel<T>, x: &Array2<T>, window: usize, min_periods: usize, threads: usize) -> Array2<T> {
    let mut out = Array2::from_elem(x.dim(), T::ZERO);
    let windows = Windows { x: x.view(), window, min_periods };
    kernel(&Threads::uninterrupted(threads), windows, out.view_mut()).unwrap();
    out
}

/// The same without gaps.
fn whole_sensors(rows: usize, columns: usize) -> Array2<f64> {
    sensors(rows, columns).mapv(|value| if value.is_finite() { value } else { 17.0 })
}

/// Compares with `plain`, a function of the values of one window.
fn check(kernel: Kernel<f64>, tolerance: f64, plain: fn(&[f64]) -> f64) {
    for (x, window, min_periods) in [
        (sensors(1300, 11), 7, 3),
        (sensors(700, 3), 300, 100),
        (sensors(40, 9), 40, 5),
        (sensors(30, 2), 99, 1),
        (sensors(20, 8), 1, 1),
        (sensors(1200, 1), 1100, 500),
        (whole_sensors(900, 11), 7, 7),
        (whole_sensors(1100, 9), 256, 200),
        (whole_sensors(1100, 8), 257, 257),
        (whole_sensors(1700, 3), 513, 1),
        (whole_sensors(60, 9), 1, 1),
    ] {
        let out = run(kernel, &x, window, min_periods, 2);
        for ((i, j), &actual) in out.indexed_iter() {
            let values: Vec<f64> =
                (i.saturating_sub(window - 1)..=i).map(|i| x[(i, j)]).filter(|value| value.is_finite()).collect();
            let expected = if values.len() < min_periods { f64::NAN } else { plain(&values) };
            let near = (actual - expected).abs() <= tolerance * (1.0 + expected.abs());
            assert!(near || actual.is_nan() && expected.is_nan(), "row {i}: {actual} is not {expected}");
        }
    }
}

/// The sum of a power of the distances from the mean.
fn about_mean(values: &[f64], power: i32) -> f64 {
    let above: Vec<f64> = values.iter().map(|value| value - values[0]).collect();
    let mean = above.iter().sum::<f64>() / above.len() as f64;
    above.iter().map(|value| (value - mean).powi(power)).sum()
}

fn mean(values: &[f64]) -> f64 {
    values[0] + values.iter().map(|value| value - values[0]).sum::<f64>() / values.len() as f64
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

#[test]
fn moments_are_those_of_two_passes() {
    check(rolling_mean, 1e-14, mean);
    check(
        |threads, windows, out| rolling_std(threads, windows, 1, out),
        1e-12,
        |values| (about_mean(values, 2) / (values.len() as f64 - 1.0)).sqrt(),
    );
    check(rolling_skew, 1e-11, |values| {
        let (n, squares) = (values.len() as f64, about_mean(values, 2));
        if n < 3.0 { f64::NAN } else { n * (n - 1.0).sqrt() / (n - 2.0) * about_mean(values, 3) / squares.powf(1.5) }
    });
    check(rolling_kurt, 1e-11, |values| {
        let (n, squares) = (values.len() as f64, about_mean(values, 2));
        let ratio = n * (n + 1.0) * about_mean(values, 4) / (squares * squares) - 3.0 * (n - 1.0);
        if n < 4.0 { f64::NAN } else { (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ratio }
    });
}

#[test]
fn order_statistics_are_exact() {
    check(rolling_min, 0.0, |values| values.iter().copied().fold(f64::INFINITY, f64::min));
    check(rolling_max, 0.0, |values| values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    check(rolling_median, 0.0, median);
    check(
        |threads, windows, out| rolling_mad(threads, windows, 2.0, out),
        0.0,
        |values| {
            let center = median(values);
            2.0 * median(&values.iter().map(|value| (value - center).abs()).collect::<Vec<_>>())
        },
    );
}

#[test]
fn extremes_of_wide_panels_are_those_of_narrow_ones() {
    for (wide, window, min_periods) in [
        (sensors(1300, 21), 7, 3),
        (whole_sensors(900, 16), 7, 7),
        (whole_sensors(1100, 50), 256, 300),
        (sensors(700, 35), 300, 1),
    ] {
        // Whole numbers, which `f32` holds.
        let x = wide.mapv(f64::round);
        for (narrow, kernel) in [
            (rolling_min as Kernel<f32>, rolling_min as Kernel<f64>),
            (rolling_max as Kernel<f32>, rolling_max as Kernel<f64>),
        ] {
            let expected = run(kernel, &x, window, min_periods, 1);
            let actual = run(narrow, &x.mapv(|value| value as f32), window, min_periods, 2);
            let same = |(&a, &b): (&f32, &f64)| f64::from(a) == b || a.is_nan() && b.is_nan();
            assert!(actual.iter().zip(&expected).all(same));
        }
    }
}

#[test]
fn slopes_of_lines_are_exact_whatever_is_missing() {
    let mut x = Array2::from_shape_fn((90, 9), |(i, j)| 1e6 + (i * j) as f64);
    x[(40, 3)] = f64::NAN;
    x[(41, 3)] = f64::NEG_INFINITY;
    let slopes = run(rolling_slope, &x, 12, 2, 2);
    for ((i, j), &slope) in slopes.indexed_iter() {
        assert!(if i == 0 { slope.is_nan() } else { slope == j as f64 }, "row {i} column {j}: {slope}");
    }
}

#[test]
fn slopes_of_whole_windows_are_those_of_two_passes() {
    for (columns, window) in [(11, 7), (9, 256), (8, 257), (3, 513), (8, 2)] {
        let x = whole_sensors(1100, columns);
        let slopes = run(rolling_slope, &x, window, window, 2);
        for ((i, j), &slope) in slopes.indexed_iter().filter(|((i, _), _)| i + 1 >= window) {
            let (first, middle) = (i + 1 - window, (window as f64 - 1.0) / 2.0);
            let above = |t: usize| x[(first + t, j)] - x[(first, j)];
            let squares: f64 = (0..window).map(|t| (t as f64 - middle).powi(2)).sum();
            let products: f64 = (0..window).map(|t| (t as f64 - middle) * above(t)).sum();
            let expected = products / squares;
            assert!((slope - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{slope} is not {expected}");
        }
    }
}

#[test]
fn what_left_the_window_leaves_nothing_behind() {
    let spread: Kernel<f64> = |threads, windows, out| rolling_std(threads, windows, 1, out);
    for place in 0..40 {
        let mut x = Array2::from_shape_fn((40, 8), |(i, j)| ((i * 7 + j * 3) % 10) as f64);
        let usual: Vec<_> = [rolling_mean, spread, rolling_slope].map(|kernel| run(kernel, &x, 10, 10, 1)).into();
        x.row_mut(place).fill(1e18);
        for (kernel, usual) in [rolling_mean, spread, rolling_slope].into_iter().zip(usual) {
            let found = run(kernel, &x, 10, 10, 1);
            for i in (9..40).filter(|&i| place > i || place + 10 <= i) {
                for (&found, &usual) in found.row(i).iter().zip(usual.row(i)) {
                    assert!((found - usual).abs() < 1e-13, "row {i}, 1e18 in row {place}: {found} is not {usual}");
                }
            }
        }
    }
}

#[test]
fn a_constant_window_has_no_shape() {
    let mut x = Array2::from_elem((60, 3), 0.1_f32);
    x[(20, 0)] = 1e20;
    x[(30, 1)] = f32::INFINITY;
    let spread: Kernel<f32> = |threads, windows, out| rolling_std(threads, windows, 1, out);
    assert!(run(spread, &x, 10, 5, 1).row(40).iter().all(|&spread| spread == 0.0));
    assert!(run(rolling_slope, &x, 10, 5, 1).row(40).iter().all(|&slope| slope == 0.0));
    for kernel in [rolling_skew as Kernel<f32>, rolling_kurt] {
        assert!(run(kernel, &x, 10, 5, 1).row(40).iter().all(|shape| shape.is_nan()));
    }
}

#[test]
fn threads_do_not_show() {
    let x = sensors(5000, 10);
    for kernel in [rolling_mean as Kernel<f64>, rolling_kurt, rolling_slope, rolling_max, rolling_median] {
        let bits = |threads| run(kernel, &x, 33, 20, threads).mapv(f64::to_bits);
        assert_eq!(bits(1), bits(3));
    }
}

#[test]
fn wrong_arguments_are_refused() {
    let x = Array2::<f64>::zeros((4, 2));
    let threads = Threads::uninterrupted(1);
    let windows = Windows { x: x.view(), window: 0, min_periods: 1 };
    assert!(rolling_mean(&threads, windows, Array2::zeros((4, 2)).view_mut()).is_err());
    let windows = Windows { window: 2, ..windows };
    assert!(rolling_median(&threads, windows, Array2::zeros((3, 2)).view_mut()).is_err());
}

#[test]
fn windows_of_any_size_give_the_same() {
    // Each panel has its size, and every 97 rows are smaller: powers of two change no digit.
    let scaled = |x: &Array2<f64>, exponents: [i32; 2], degree: i32| {
        let mut scaled = x.clone();
        for ((i, j), value) in scaled.indexed_iter_mut() {
            let exponent = exponents[j / 8 % 2] - if i / 97 % 2 == 0 { 0 } else { 300 };
            *value = acm_core::units::times_power(*value, degree * exponent);
        }
        scaled
    };
    let std: Kernel<f64> = |threads, windows, out| rolling_std(threads, windows, 1, out);
    for (kernel, degree) in
        [(rolling_mean as Kernel<f64>, 1), (std, 1), (rolling_skew, 0), (rolling_kurt, 0), (rolling_slope, 1)]
    {
        for (x, window) in [(sensors(700, 11), 7), (whole_sensors(970, 11), 30), (whole_sensors(1200, 9), 400)] {
            let plain = run(kernel, &x, window, 4, 2);
            for exponents in [[-400, 1000], [700, -700], [-280, 500]] {
                let [expected, ones] = [&plain, &Array2::ones(x.dim())].map(|x| scaled(x, exponents, degree));
                let found = run(kernel, &scaled(&x, exponents, 1), window, 4, 2);
                for ((i, j), &found) in found.indexed_iter() {
                    // Windows across two sizes are others.
                    if i % 97 + 1 >= window.min(i + 1) {
                        let near = (found - expected[(i, j)]).abs() <= 1e-9 * (expected[(i, j)].abs() + ones[(i, j)]);
                        assert!(near || found == expected[(i, j)] || found.is_nan() && expected[(i, j)].is_nan());
                    }
                }
            }
        }
    }
}
