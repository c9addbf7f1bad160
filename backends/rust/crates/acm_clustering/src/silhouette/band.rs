//! Distances of the rows of a band to all rows from the band on, summed along both sides.

use std::ops::Range;

use acm_core::Scalar;
use acm_core::micro::{BLOCK_ROWS, Register};
use acm_core::pack::{GROUP_BYTES, columns_in, panel_width};
use acm_core::simd::{MAX_LANES, Simd, Vector};
use acm_linalg::distances::fill::Distances;

use super::clusters::Clusters;

/// The most rows of a band.
pub const MAX_BAND_ROWS: usize = 96;

/// Distances that a lane adds up in the arithmetic of the rows: equal ones are rounded the same way every time, which
/// the difference of two means of thousands would show in `f32`.
const CHAIN: usize = 64;

/// Sorted rows of one cluster, at most [`MAX_BAND_ROWS`].
pub struct Band {
    /// The rows.
    pub rows: Range<usize>,
    /// Their cluster.
    pub cluster: usize,
}

/// What a band finds.
pub struct Findings<'a> {
    /// For each row of the band: its summed distance to the rows of its cluster from the band on is added.
    pub own: &'a mut [f64],
    /// For each row of the band: lowered to its mean distance to any later cluster.
    pub nearest_other: &'a mut [f64],
    /// For each sorted row after the band: its summed distance to the band's rows. Entries before have no meaning.
    pub to_band: &'a mut [f64],
}

/// Distances of a block of rows to a group of columns; rows past the end of the band are zero.
struct Tile<'a, T> {
    values: &'a mut [T],
    first_row: usize,
    columns: Range<usize>,
}

/// How many distances a tile has at most, for each of which a thread needs room.
pub fn tile_size<S: Simd, T: Scalar>(width: usize) -> usize {
    BLOCK_ROWS * columns_in::<S, T>(GROUP_BYTES, width)
}

impl Band {
    /// Computes the band's distances, a group of columns at a time, and adds what it finds.
    #[inline(always)]
    pub fn measure<S: Simd, T: Scalar>(
        &self,
        distances: &Distances<'_, S, T>,
        clusters: &Clusters,
        scratch: &mut [T],
        findings: &mut Findings<'_>,
    ) {
        let (panel, count) = (panel_width::<S, T>(), distances.x.count());
        let group = columns_in::<S, T>(GROUP_BYTES, distances.x.width());
        findings.to_band[self.rows.end..].fill(0.0);
        let mut running = [0.0; MAX_BAND_ROWS];
        // The first panel may begin before the band: its first columns are computed and passed over.
        for start in (self.rows.start / panel * panel..count).step_by(group) {
            let columns = start..(start + group).min(count);
            for first_row in self.rows.clone().step_by(BLOCK_ROWS) {
                let height = BLOCK_ROWS.min(self.rows.end - first_row);
                let values = &mut scratch[..BLOCK_ROWS * columns.len()];
                values[height * columns.len()..].fill(T::ZERO);
                distances.fill(first_row, start / panel, values.chunks_exact_mut(columns.len()).take(height));
                let tile = Tile { values, first_row, columns: columns.clone() };
                self.sum_rows::<S, T>(&tile, clusters, &mut running, findings);
                tile.add_columns(self.rows.end, findings.to_band);
            }
        }
    }

    /// Adds a tile's distances row by row; `running` holds each row's sum over the cluster not yet complete.
    #[inline(always)]
    fn sum_rows<S: Simd, T: Scalar>(
        &self,
        tile: &Tile<'_, T>,
        clusters: &Clusters,
        running: &mut [f64; MAX_BAND_ROWS],
        findings: &mut Findings<'_>,
    ) {
        let mut start = tile.columns.start.max(self.rows.start);
        let mut cluster = clusters.of(start);
        while start < tile.columns.end {
            let members = clusters.rows(cluster);
            let end = members.end.min(tile.columns.end);
            let sums = tile.row_sums::<S>(start..end);
            let first = tile.first_row - self.rows.start;
            for (i, sum) in (first..self.rows.len()).zip(sums) {
                running[i] += sum;
                if end == members.end {
                    self.complete(i, std::mem::take(&mut running[i]), cluster, members.len(), findings);
                }
            }
            (start, cluster) = (end, cluster + 1);
        }
    }

    /// Takes down the summed distance of the band's row `i` to the `members` of `cluster`.
    #[inline(always)]
    fn complete(&self, i: usize, sum: f64, cluster: usize, members: usize, findings: &mut Findings<'_>) {
        if cluster == self.cluster {
            findings.own[i] += sum;
        } else {
            findings.nearest_other[i] = findings.nearest_other[i].min(sum / members as f64);
        }
    }
}

impl<T: Scalar> Tile<'_, T> {
    /// Row `r` within `columns`, which are numbers of sorted rows.
    #[inline(always)]
    fn row(&self, r: usize, columns: Range<usize>) -> &[T] {
        let first = r * self.columns.len();
        &self.values[first + columns.start - self.columns.start..first + columns.end - self.columns.start]
    }

    /// The sum of each row over `columns`.
    #[inline(always)]
    fn row_sums<S: Simd>(&self, columns: Range<usize>) -> [f64; BLOCK_ROWS] {
        let mut totals = [0.0; BLOCK_ROWS];
        for start in columns.clone().step_by(CHAIN * Register::<S, T>::LANES) {
            let chain = start..(start + CHAIN * Register::<S, T>::LANES).min(columns.end);
            let sums = self.short_row_sums::<S>(chain);
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        }
        totals
    }

    /// The same of no more `columns` than a chain of additions adds up.
    #[inline(always)]
    fn short_row_sums<S: Simd>(&self, columns: Range<usize>) -> [f64; BLOCK_ROWS] {
        let lanes = Register::<S, T>::LANES;
        let rows: [&[T]; BLOCK_ROWS] = std::array::from_fn(|r| self.row(r, columns.clone()));
        let whole = columns.len() / lanes * lanes;
        // One chain of additions for each row: they run side by side.
        let mut sums = [Register::<S, T>::splat(T::ZERO); BLOCK_ROWS];
        for start in (0..whole).step_by(lanes) {
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum = sum.add(Register::<S, T>::load(&row[start..]));
            }
        }
        std::array::from_fn(|r| {
            let mut lanes = [T::ZERO; MAX_LANES];
            sums[r].store(&mut lanes);
            lanes.iter().chain(&rows[r][whole..]).map(|value| value.to_f64()).sum()
        })
    }

    /// Adds the sum of each column from `after` on to that column's entry of `totals`. Groups of wide rows are narrower
    /// than a band: a tile may end before its band does, and then has no such column.
    #[inline(always)]
    fn add_columns(&self, after: usize, totals: &mut [f64]) {
        let columns = self.columns.start.max(after)..self.columns.end;
        if columns.is_empty() {
            return;
        }
        let rows: [&[T]; BLOCK_ROWS] = std::array::from_fn(|r| self.row(r, columns.clone()));
        let totals = &mut totals[columns.clone()];
        let rows = rows.map(|row| &row[..totals.len()]);
        for (j, total) in totals.iter_mut().enumerate() {
            *total += rows.iter().fold(T::ZERO, |sum, row| sum + row[j]).to_f64();
        }
    }
}
