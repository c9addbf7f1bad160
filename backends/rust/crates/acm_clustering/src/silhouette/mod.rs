//! How well each row sits in its cluster.
//!
//! `s = (b - a) / max(a, b)`: `a` is the row's mean distance to the other rows of its cluster, `b` the smallest mean
//! distance to the rows of another cluster (Rousseeuw 1987, as in scikit-learn). A row alone in its cluster scores 0.
//!
//! Rows are sorted by cluster ([`clusters`]), so that distances to one cluster lie side by side. Each pair of rows is
//! computed once: [`band`] computes the distances of a few rows to all later ones and sums them along both sides;
//! [`sums`] adds up what bands found, in a fixed order.

mod band;
mod clusters;
mod sums;
mod unit;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, memory, simd};
use ndarray::ArrayView2;

use clusters::Clusters;
use sums::{MeanDistances, Sums};
use unit::Unit;

/// Rows that a thread copies between two looks at the queue.
const COPY_ROWS: usize = 1024;

/// Writes the silhouette of each row of `x` to `out`; `codes` are the rows' clusters, numbered from 0 without gaps.
///
/// NaN or infinity in `x` and codes that are not such numbers are errors. Memory grows with the size of `x` only.
pub fn silhouette_samples<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    codes: &[i64],
    out: &mut [T],
) -> Result<()> {
    let x = Rows::new(x, "x")?;
    if codes.len() != x.count() || out.len() != x.count() {
        return Err(Error::invalid("labels", "does not have one entry for each row of x"));
    }
    let clusters = Clusters::new(codes)?;
    if !x.are_finite(0..x.count()) {
        return Err(Error::invalid("x", "holds NaN or infinity"));
    }
    let unit = Unit::of(x);
    let mut means = match T::NARROWER_THAN_REFERENCE && unit.may_be_extreme {
        true => mean_distances::<T, f64>(threads, x, &clusters, Unit::ONE),
        false => mean_distances::<T, T>(threads, x, &clusters, unit),
    }?;
    if means.iter().any(MeanDistances::are_endless) {
        let far = mean_distances::<T, f64>(threads, x, &clusters, Unit::FAR)?;
        means.iter_mut().zip(far).filter(|(means, _)| means.are_endless()).for_each(|(means, far)| *means = far);
    }
    for (&row, means) in clusters.order().iter().zip(means) {
        out[row] = T::from_f64(score(means));
    }
    Ok(())
}

/// Mean distances of each row, in the order of clusters, with distances computed in `W` and measured in `unit`.
fn mean_distances<T: Scalar, W: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    clusters: &Clusters,
    unit: Unit,
) -> Result<Vec<MeanDistances>> {
    let width = x.width();
    let mut sorted = memory::filled(x.count() * width, W::ZERO)?;
    let tiles = sorted.chunks_mut((COPY_ROWS * width).max(1)).zip(clusters.order().chunks(COPY_ROWS));
    threads.for_each(x.count() * width, tiles, |(sorted, rows)| {
        for (sorted, &row) in sorted.chunks_exact_mut(width).zip(rows) {
            sorted.iter_mut().zip(x.row(row)).for_each(|(sorted, value)| *sorted = W::from_f64(unit.measure(*value)));
        }
        Ok(())
    })?;
    let sorted = ArrayView2::from_shape((x.count(), width), &sorted).map_err(|_| Error::OutOfMemory)?;
    let x = Rows::new(sorted, "x")?;
    simd::dispatch(Sums { threads, x, clusters, may_be_extreme: unit.may_be_extreme })
}

/// The silhouette; 0 for a row alone in its cluster and where both distances are 0, as scikit-learn has it.
fn score(means: MeanDistances) -> f64 {
    let score = (means.nearest_other - means.own) / means.own.max(means.nearest_other);
    if score.is_nan() { 0.0 } else { score }
}

#[cfg(test)]
mod tests;
