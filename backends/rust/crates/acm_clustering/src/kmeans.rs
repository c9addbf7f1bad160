//! One step of Lloyd's algorithm.

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, memory, simd};
use acm_linalg::distances;
use ndarray::{ArrayView2, Axis};

/// Bytes of `x` that get their labels before they are added up: they are still in the L3 cache then.
const CACHED: usize = 8 << 20;

/// Least rows whose sums are kept apart before they are added up.
const PART_ROWS: usize = 1024;

/// Most parts.
const MOST_PARTS: usize = 64;

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
    let mut sums = memory::filled(count * width, 0.0)?;
    let height = (CACHED / size_of::<T>() / width.max(1)).max(1);
    for (x, labels) in x.axis_chunks_iter(Axis(0), height).zip(labels.chunks_mut(height)) {
        distances::pairwise_distances_argmin(threads, x, centers, labels).map_err(|error| match error {
            Error::InvalidInput { argument: "y", problem } => Error::InvalidInput { argument: "centers", problem },
            error => error,
        })?;
        let further = sums_by_label(threads, Rows::new(x, "x")?, labels, count)?;
        sums.iter_mut().zip(further).for_each(|(sum, further)| *sum += further);
    }
    let centers = Rows::new(centers, "centers")?;
    sizes.fill(0);
    labels.iter().for_each(|&label| sizes[label as usize] += 1);
    for (k, (means, sums)) in means.chunks_exact_mut(width).zip(sums.chunks_exact(width)).enumerate() {
        match sizes[k] {
            0 => means.copy_from_slice(centers.row(k)),
            size => means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = T::from_f64(sum / size as f64)),
        }
    }
    Ok(())
}

/// The sum of the rows with each of `count` labels.
fn sums_by_label<T: Scalar>(threads: &Threads<'_>, x: Rows<'_, T>, labels: &[i64], count: usize) -> Result<Vec<f64>> {
    let (rows, width) = (x.count(), x.width());
    // Parts take no more memory than a quarter of x.
    let parts = (rows / (4 * count)).min(rows.div_ceil(PART_ROWS)).clamp(1, MOST_PARTS);
    let height = rows.div_ceil(parts).max(1);
    let mut sums = memory::filled(parts * count * width, 0.0)?;
    let tiles = sums.chunks_mut(count * width).zip(labels.chunks(height)).zip((0..rows).step_by(height));
    threads.for_each(rows * width, tiles, |((sums, labels), first)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for (row, &label) in (first..).zip(labels) {
                    let sums = &mut sums[label as usize * width..][..width];
                    sums.iter_mut().zip(x.row(row)).for_each(|(sum, value)| *sum += value.to_f64());
                }
            },
        );
        Ok(())
    })?;
    let (total, others) = sums.split_at_mut(count * width);
    for part in others.chunks_exact(count * width) {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    sums.truncate(count * width);
    Ok(sums)
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
    fn threads_change_no_bit() {
        let x = Array2::from_shape_fn((9000, 5), |(i, j)| ((i * 31 + j * 17) % 101) as f32 / 7.0);
        let centers = x.slice(ndarray::s![..40, ..]).to_owned();
        let run = |threads| {
            let (mut labels, mut means, mut sizes) = (vec![0; 9000], vec![0.0; 200], vec![0; 40]);
            let threads = Threads::uninterrupted(threads);
            lloyd_step(&threads, x.view(), centers.view(), &mut labels, &mut means, &mut sizes).unwrap();
            (labels, means, sizes)
        };
        assert_eq!(run(1), run(3));
    }
}
