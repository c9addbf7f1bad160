//! The distance of each row to one row of another matrix.

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, cache, simd};
use ndarray::ArrayView2;

use super::extremes::between;

/// Values of `x` in a tile: some 0.1 ms of reading.
const TILE_VALUES: usize = 4 * cache::L2_VALUES;

/// Sums that run side by side, so that additions need not wait for each other.
const LANES: usize = 8;

/// Writes `distances[i] = |x_i - c_l|` with `l = labels[i]`; NaN where there is no row `l`.
pub fn assigned_distances<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    centers: ArrayView2<'_, T>,
    labels: &[i64],
    distances: &mut [T],
) -> Result<()> {
    let (x, centers) = (Rows::new(x, "x")?, Rows::new(centers, "centers")?);
    if centers.width() != x.width() {
        return Err(Error::invalid("centers", format!("has rows of another length than x, {}", x.width())));
    }
    if labels.len() != x.count() || distances.len() != x.count() {
        return Err(Error::invalid("labels", "does not have one entry for each row of x"));
    }
    let height = (TILE_VALUES / x.width().max(1)).max(1);
    let tiles = (0..x.count()).step_by(height).zip(labels.chunks(height).zip(distances.chunks_mut(height)));
    threads.for_each(x.count() * x.width(), tiles, |(first, (labels, distances))| {
        simd::vectorized(
            #[inline(always)]
            || {
                for (i, (&label, distance)) in labels.iter().zip(distances).enumerate() {
                    let center = usize::try_from(label).ok().filter(|&label| label < centers.count());
                    *distance =
                        center.map_or(T::NAN, |center| T::from_f64(between(x.row(first + i), centers.row(center))));
                }
            },
        );
        Ok(())
    })
}

/// `|x - y|^2` in `f64`.
#[inline(always)]
pub fn squared_between<T: Scalar, U: Scalar>(x: &[T], y: &[U]) -> f64 {
    let mut sums = [0.0; LANES];
    for (x, y) in x.chunks(LANES).zip(y.chunks(LANES)) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            let difference = x.to_f64() - y.to_f64();
            *sum += difference * difference;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn each_row_meets_its_own_centre() {
        let x = Array2::from_shape_fn((50_000, 11), |(i, j)| (i * 31 + j * 7) as f32 % 13.0);
        let centers = Array2::from_shape_fn((5, 11), |(i, j)| (i + j) as f32);
        let labels: Vec<i64> = (0..50_000).map(|i| i % 7 - 1).collect();
        let mut distances = vec![0.0; 50_000];
        assigned_distances(&Threads::uninterrupted(2), x.view(), centers.view(), &labels, &mut distances).unwrap();
        for (i, (&label, &distance)) in labels.iter().zip(&distances).enumerate() {
            if (0..5).contains(&label) {
                let difference = &x.row(i) - &centers.row(label as usize);
                assert!((distance - difference.dot(&difference).sqrt()).abs() < 1e-4);
            } else {
                assert!(distance.is_nan());
            }
        }
    }
}
