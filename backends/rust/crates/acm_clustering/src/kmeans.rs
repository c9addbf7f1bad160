//! One step of Lloyd's algorithm.

use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, cache, memory, simd};
use acm_linalg::distances;
use ndarray::{ArrayView2, Axis};

/// Up to so many centres a thread labels rows and adds them up at once. Among more, the search prepares scores, which
/// pays for many rows only.
const FEW: usize = 16;

/// Longer rows are searched by all threads: preparing centres for the few that a cache holds would cost as much.
const SHORT: usize = 256;

/// Bytes of `x` that a thread labels before it adds them up: they are still in its L2 cache then.
const CACHED: usize = cache::L2_BYTES;

/// Bytes that all threads label before they add them up: they are still in the L3 cache.
const CACHED_BY_ALL: usize = cache::L3_BYTES / 4;

/// Least rows whose sums are kept apart before they are added up.
const PART_ROWS: usize = 1024;

/// Most parts.
const MOST_PARTS: usize = 64;

/// A share of values whose sums overflow: no number of rows is larger than its inverse.
const SHARE: f64 = distances::extremes::power_of_two(-64);

/// Writes to `labels` the nearest row of `centers` for each row of `x`, the lowest among equals, to `means` the mean of
/// the rows with each label, and to `sizes` their number. A centre without rows is its own mean.
///
/// NaN or infinity in `x` or `centers` is an error. Sums are taken in `f64`.
pub fn lloyd_step<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    centers: ArrayView2<'_, T>,
    labels: &mut [i64],
    means: &mut [T],
    sizes: &mut [i64],
) -> Result<()> {
    let (count, width) = centers.dim();
    if means.len() != count * width || sizes.len() != count {
        return Err(Error::invalid("out", "does not have one mean and one size for each centre"));
    }
    if labels.len() != x.nrows() {
        return Err(Error::invalid("out", "does not have one label for each row of x"));
    }
    let all = Rows::new(x, "x")?;
    let nearest = |threads: &Threads<'_>, x: ArrayView2<'_, T>, labels: &mut [i64]| {
        distances::pairwise_distances_argmin(threads, x, centers, labels).map_err(|error| match error {
            // The first of the arguments is to blame, also where its NaN lies in rows not yet looked at.
            Error::InvalidInput { argument: "y", problem } => {
                let argument = if all.are_finite(0..all.count()) { "centers" } else { "x" };
                Error::InvalidInput { argument, problem }
            }
            error => error,
        })
    };
    let sums = if (1..=FEW).contains(&count) && width <= SHORT {
        let label = |rows: Range<usize>, labels: &mut [i64]| {
            nearest(&Threads::uninterrupted(1), x.slice_axis(Axis(0), rows.into()), labels)
        };
        sums_by_label(threads, all, labels, count, Some(&label))?
    } else {
        let mut sums = memory::filled(count * width, 0.0)?;
        let height = rows_in::<T>(CACHED_BY_ALL, width);
        for (x, labels) in x.axis_chunks_iter(Axis(0), height).zip(labels.chunks_mut(height)) {
            nearest(threads, x, labels)?;
            let further = sums_by_label(threads, Rows::new(x, "x")?, labels, count, None)?;
            sums.iter_mut().zip(further).for_each(|(sum, further)| *sum += further);
        }
        sums
    };
    let centers = Rows::new(centers, "centers")?;
    sizes.fill(0);
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    for (k, (means, sums)) in means.chunks_exact_mut(width).zip(sums.chunks_exact(width)).enumerate() {
        match sizes[k] {
            0 => means.copy_from_slice(centers.row(k)),
            size => means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = T::from_f64(sum / size as f64)),
        }
    }
    if sums.iter().any(|sum| !sum.is_finite()) {
        means_of_huge(all, labels, sizes, means)?;
    }
    Ok(())
}

/// Computes means again whose sums overflowed: small shares of values are added up instead.
#[cold]
fn means_of_huge<T: Scalar>(x: Rows<'_, T>, labels: &[i64], sizes: &[i64], means: &mut [T]) -> Result<()> {
    let width = x.width();
    let mut shares = memory::filled(means.len(), 0.0)?;
    for (row, &label) in labels.iter().enumerate() {
        let shares = &mut shares[label as usize * width..][..width];
        shares.iter_mut().zip(x.row(row)).for_each(|(sum, value)| *sum += value.to_f64() * SHARE);
    }
    for (i, (mean, share)) in means.iter_mut().zip(shares).enumerate().filter(|(_, (mean, _))| !mean.is_finite()) {
        *mean = T::from_f64(share / sizes[i / width] as f64 / SHARE);
    }
    Ok(())
}

/// Rows of `width` values in so many bytes.
fn rows_in<T>(bytes: usize, width: usize) -> usize {
    (bytes / size_of::<T>() / width.max(1)).max(1)
}

/// Writes the labels of a range of rows.
type Label<'a> = dyn Fn(Range<usize>, &mut [i64]) -> Result<()> + Sync + 'a;

/// The sum of the rows with each of `count` labels, which `label` writes first, if there is one.
fn sums_by_label<T: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    labels: &mut [i64],
    count: usize,
    label: Option<&Label<'_>>,
) -> Result<Vec<f64>> {
    let (rows, width) = (x.count(), x.width());
    // As many sums as a quarter of the values of x, at most.
    let parts = (rows / (4 * count)).min(rows.div_ceil(PART_ROWS)).clamp(1, MOST_PARTS);
    let (height, cached) = (rows.div_ceil(parts).max(1), rows_in::<T>(CACHED, width));
    let mut sums = memory::filled(parts * count * width, 0.0)?;
    let tiles = sums.chunks_mut(count * width).zip(labels.chunks_mut(height)).zip((0..rows).step_by(height));
    let work = rows * width * if label.is_some() { count + 1 } else { 1 };
    threads.for_each_long(
        work,
        tiles,
        || Ok(()),
        |(), ((sums, labels), first), look| {
            for (labels, first) in labels.chunks_mut(cached).zip((first..).step_by(cached)) {
                if let Some(label) = label {
                    label(first..first + labels.len(), labels)?;
                }
                simd::vectorized(
                    #[inline(always)]
                    || add_rows(x, first, labels, sums),
                );
                look()?;
            }
            Ok(())
        },
    )?;
    let (total, others) = sums.split_at_mut(count * width);
    for part in others.chunks_exact(count * width) {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    sums.truncate(count * width);
    Ok(sums)
}

/// Adds the rows of `x` from `first` on to the sums of their labels.
#[inline(always)]
fn add_rows<T: Scalar>(x: Rows<'_, T>, first: usize, labels: &[i64], sums: &mut [f64]) {
    let width = x.width();
    for (row, &label) in (first..).zip(labels) {
        let sums = &mut sums[label as usize * width..][..width];
        for (sum, value) in sums.iter_mut().zip(x.row(row)) {
            *sum += value.to_f64();
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn rows_move_their_centres() {
        let (x, centers) = (array![[0.0], [1.0], [9.0]], array![[2.0], [8.0], [50.0]]);
        let (mut labels, mut means, mut sizes) = ([7; 3], [7.0; 3], [7; 3]);
        let threads = Threads::uninterrupted(2);
        lloyd_step(&threads, x.view(), centers.view(), &mut labels, &mut means, &mut sizes).unwrap();
        assert_eq!((labels, means, sizes), ([0, 0, 1], [0.5, 9.0, 50.0], [2, 1, 0]));
    }

    #[test]
    fn means_of_huge_values_are_theirs() {
        let huge = f64::MAX / 2.0;
        let x = array![[huge, 1.0], [huge, 3.0], [-huge, 2.0], [-huge, 4.0], [huge, 2.0], [-huge, 3.0], [huge, 2.0]];
        let centers = array![[huge, 0.0], [-huge, 0.0], [0.0, 0.0]];
        let (mut labels, mut means, mut sizes) = ([7; 7], [7.0; 6], [7; 3]);
        let threads = Threads::uninterrupted(2);
        lloyd_step(&threads, x.view(), centers.view(), &mut labels, &mut means, &mut sizes).unwrap();
        assert_eq!((labels, sizes), ([0, 0, 1, 1, 0, 1, 0], [4, 3, 0]));
        assert_eq!(means, [huge, 2.0, -huge, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn the_first_array_with_nan_is_blamed() {
        let (mut x, mut centers) = (Array2::<f64>::zeros((3000, 300)), Array2::zeros((3, 300)));
        let blamed = |x: &Array2<f64>, centers: &Array2<f64>| {
            let (mut labels, mut means, mut sizes) = (vec![0; 3000], vec![0.0; 900], [0; 3]);
            let threads = Threads::uninterrupted(2);
            lloyd_step(&threads, x.view(), centers.view(), &mut labels, &mut means, &mut sizes)
        };
        centers[(1, 2)] = f64::NAN;
        assert_eq!(blamed(&x, &centers), Err(Error::invalid("centers", "holds NaN or infinity")));
        x[(2999, 299)] = f64::INFINITY;
        assert_eq!(blamed(&x, &centers), Err(Error::invalid("x", "holds NaN or infinity")));
        let narrow = |x: &Array2<f64>| x.slice(ndarray::s![.., 290..]).to_owned();
        let threads = Threads::uninterrupted(2);
        let mut labels = vec![0; 3000];
        let outcome = lloyd_step(
            &threads,
            narrow(&x).view(),
            narrow(&centers.clone().mapv(|_: f64| f64::NAN)).view(),
            &mut labels,
            &mut [0.0; 30],
            &mut [0; 3],
        );
        assert_eq!(outcome, Err(Error::invalid("x", "holds NaN or infinity")));
    }

    #[test]
    fn threads_change_no_bit() {
        let x = Array2::from_shape_fn((9000, 5), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 7.0);
        for count in [8, 40] {
            let centers = x.slice(ndarray::s![..count, ..]).to_owned();
            let run = |threads| {
                let (mut labels, mut means, mut sizes) = (vec![0; 9000], vec![0.0; 5 * count], vec![0; count]);
                let threads = Threads::uninterrupted(threads);
                lloyd_step(&threads, x.view(), centers.view(), &mut labels, &mut means, &mut sizes).unwrap();
                (labels, means, sizes)
            };
            let (labels, means, sizes) = run(1);
            assert_eq!(run(3), (labels.clone(), means.clone(), sizes.clone()));
            let mut alone = vec![0; 9000];
            let threads = Threads::uninterrupted(1);
            distances::pairwise_distances_argmin(&threads, x.view(), centers.view(), &mut alone).unwrap();
            assert_eq!(labels, alone);
            let of_first = || x.rows().into_iter().zip(&labels).filter(|&(_, &label)| label == 0).map(|(row, _)| row);
            assert_eq!(of_first().count() as i64, sizes[0]);
            let total: f64 = of_first().map(|row| f64::from(row[0])).sum();
            assert!((total / sizes[0] as f64 - f64::from(means[0])).abs() < 1e-5);
        }
    }
}
