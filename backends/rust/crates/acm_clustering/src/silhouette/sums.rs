//! Mean distances of every row to its own and to the nearest other cluster, from what the bands find.

use acm_core::micro::BLOCK_ROWS;
use acm_core::pack::Panels;
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads, memory};
use acm_linalg::distances::fill::Distances;

use super::band::{Band, Findings, MAX_BAND_ROWS, tile_size};
use super::clusters::Clusters;

/// Bands computed side by side before their findings are added up, in order. More would need more memory.
const ROUND: usize = 16;

/// Elementary steps of a band, about 10 ms, so that an interrupt is seen in time.
const BAND_STEPS: usize = 200_000_000;

/// Rows that one thread adds findings for.
const SLICE_ROWS: usize = 4096;

/// What the silhouette of a row is made of.
#[derive(Clone, Copy)]
pub struct MeanDistances {
    /// Mean distance to the other rows of its cluster; NaN if there is none.
    pub own: f64,
    /// Smallest mean distance to the rows of another cluster.
    pub nearest_other: f64,
}

impl MeanDistances {
    /// Whether a sum of distances has overflowed.
    pub fn are_endless(&self) -> bool {
        self.own.max(self.nearest_other) == f64::INFINITY
    }
}

/// Computes [`MeanDistances`] of each of the sorted rows `x`.
pub struct Sums<'a, T> {
    /// The threads that compute.
    pub threads: &'a Threads<'a>,
    /// The sorted rows.
    pub x: Rows<'a, T>,
    /// The cluster of each row.
    pub clusters: &'a Clusters,
    /// False where no square of a difference overflows or underflows.
    pub may_be_extreme: bool,
}

/// Sums for each sorted row, as far as the bands so far have found them.
struct Totals {
    own: Vec<f64>,
    nearest_other: Vec<f64>,
    /// Distance to the cluster of the last band, as far as its bands are added up.
    to_cluster: Vec<f64>,
}

impl<T: Scalar> Task for Sums<'_, T> {
    type Output = Result<Vec<MeanDistances>>;

    const MAY_BE_WIDE: bool = true;

    fn is_wide(&self) -> bool {
        simd::has_whole_wide_registers()
    }

    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let count = self.x.count();
        let panels = Panels::<S, T>::transposed(simd, self.threads, self.x, 0..count)?;
        let distances = Distances { x: self.x, y: self.x, panels: &panels, may_be_extreme: self.may_be_extreme };
        let bands = self.bands()?;
        let mut to_band = memory::filled(ROUND.min(bands.len()) * count, 0.0)?;
        let mut totals = Totals {
            own: memory::filled(count, 0.0)?,
            nearest_other: memory::filled(count, f64::INFINITY)?,
            to_cluster: memory::filled(count, 0.0)?,
        };
        for round in bands.chunks(ROUND) {
            self.measure(simd, &distances, round, &mut totals, &mut to_band)?;
            totals.add(self.threads, self.clusters, round, &to_band)?;
        }
        totals.means(self.clusters)
    }
}

impl<T: Scalar> Sums<'_, T> {
    /// Cuts every cluster into bands.
    fn bands(&self) -> Result<Vec<Band>> {
        let steps_a_row = self.x.count().saturating_mul(self.x.width() + 1);
        let height = (BAND_STEPS / steps_a_row / BLOCK_ROWS * BLOCK_ROWS).clamp(BLOCK_ROWS, MAX_BAND_ROWS);
        let mut bands = memory::with_capacity(self.x.count() / height + self.clusters.count())?;
        for cluster in 0..self.clusters.count() {
            let rows = self.clusters.rows(cluster);
            let starts = rows.clone().step_by(height);
            let all = starts.map(|start| Band { rows: start..(start + height).min(rows.end), cluster });
            memory::extend(&mut bands, all)?;
        }
        Ok(bands)
    }

    fn measure<S: Simd>(
        &self,
        simd: S,
        distances: &Distances<'_, S, T>,
        round: &[Band],
        totals: &mut Totals,
        to_band: &mut [f64],
    ) -> Result<()> {
        let (clusters, count, width) = (self.clusters, self.x.count(), self.x.width());
        let (first, rows) = (round[0].rows.start, round.iter().map(|band| band.rows.len()).sum::<usize>());
        let own = cut(&mut totals.own[first..], round)?;
        let nearest_other = cut(&mut totals.nearest_other[first..], round)?;
        let findings = own.into_iter().zip(nearest_other).zip(to_band.chunks_exact_mut(count));
        let work = rows.saturating_mul(count - first).saturating_mul(width + 1);
        let prepare = || memory::filled(tile_size::<S, T>(width).min(BLOCK_ROWS * count), T::ZERO);
        self.threads.for_each_with(work, round.iter().zip(findings), prepare, |scratch, (band, found)| {
            let ((own, nearest_other), to_band) = found;
            let mut findings = Findings { own, nearest_other, to_band };
            simd.vectorize(
                #[inline(always)]
                || band.measure(distances, clusters, scratch, &mut findings),
            );
            Ok(())
        })
    }
}

impl Totals {
    /// Adds what the bands of a round found for later rows, band after band.
    fn add(&mut self, threads: &Threads<'_>, clusters: &Clusters, round: &[Band], to_band: &[f64]) -> Result<()> {
        let count = self.own.len();
        let slices = (self.own.chunks_mut(SLICE_ROWS).zip(self.nearest_other.chunks_mut(SLICE_ROWS)))
            .zip(self.to_cluster.chunks_mut(SLICE_ROWS));
        let starts = (0..count).step_by(SLICE_ROWS);
        threads.for_each(round.len() * count, starts.zip(slices), |(start, ((own, nearest_other), to_cluster))| {
            for (band, to_band) in round.iter().zip(to_band.chunks_exact(count)) {
                let members = clusters.rows(band.cluster);
                let at = |row: usize| row.clamp(start, start + own.len()) - start;
                let (within, beyond) = (at(band.rows.end)..at(members.end), at(members.end)..own.len());
                let to_band = &to_band[start..start + own.len()];
                for (total, found) in own[within.clone()].iter_mut().zip(&to_band[within]) {
                    *total += found;
                }
                for (total, found) in to_cluster[beyond.clone()].iter_mut().zip(&to_band[beyond.clone()]) {
                    *total += found;
                }
                if band.rows.end == members.end {
                    for (least, total) in nearest_other[beyond.clone()].iter_mut().zip(&mut to_cluster[beyond]) {
                        *least = least.min(std::mem::take(total) / members.len() as f64);
                    }
                }
            }
            Ok(())
        })
    }

    fn means(&self, clusters: &Clusters) -> Result<Vec<MeanDistances>> {
        let mut means = memory::with_capacity(self.own.len())?;
        for cluster in 0..clusters.count() {
            let rows = clusters.rows(cluster);
            let others = (rows.len() - 1) as f64;
            let sums = self.own[rows.clone()].iter().zip(&self.nearest_other[rows]);
            let sums = sums.map(|(own, &nearest_other)| MeanDistances { own: own / others, nearest_other });
            memory::extend(&mut means, sums)?;
        }
        Ok(means)
    }
}

/// Cuts `values` into one piece for each band.
fn cut<'a>(mut values: &'a mut [f64], bands: &[Band]) -> Result<Vec<&'a mut [f64]>> {
    memory::collected(bands.iter().map_while(|band| values.split_off_mut(..band.rows.len())))
}
