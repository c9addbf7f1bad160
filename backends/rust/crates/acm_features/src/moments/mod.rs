//! Sums of powers of the columns' finite values, in one pass over memory.
//!
//! Each tile of rows is gone through while it is in the cache: first for its mean, then for powers of the distances
//! from that mean, all of differences from a value of the column. Tiles are joined by the updates of Chan, Golub and
//! LeVeque (1983) and Pébay (2008), in an order that depends on the shape alone.
//!
//! Sums are counted in units of their own (see [`acm_core::units`]): 1, but for columns of a tile whose sums are out of
//! range.

mod higher_moments;
mod lag_sums;
mod mean_variance;
mod units;

use acm_core::simd::{Simd, Task};
use acm_core::{Result, Scalar, Threads, cache, memory, simd};
use ndarray::ArrayView2;

use crate::by_column::values_of;

pub use self::higher_moments::{Pairs, Shape, shapes};
pub use self::lag_sums::{LagSums, lag_sums};
pub use self::mean_variance::MeanVariance;

/// Columns that are summed side by side in registers.
const BLOCK: usize = 8;

/// Values in a tile: gone through twice while in a core's L1 or L2 cache.
const TILE_VALUES: usize = cache::L2_VALUES / 4;

/// A tile has at least this many rows, or joining tiles would cost more than summing them.
const LEAST_ROWS: usize = 64;

/// Least values of a segment, whose tiles one thread joins.
const SEGMENT_VALUES: usize = 4 * TILE_VALUES;

/// Most segments; their summaries are joined by one thread.
const MOST_SEGMENTS: usize = 256;

/// A summary of some values of a column, in order.
pub(crate) trait Summary: Copy + Send {
    /// Of no values.
    const NONE: Self;

    /// Whether it is about the values before those of the tile, too.
    const HAS_PAIRS: bool;

    /// Whether nothing was lost in sums that are counted in 1.
    fn is_sound(&self) -> bool;

    /// The largest magnitude among its values, where that is known of sums that are not sound.
    fn size(&self) -> Option<f64> {
        None
    }

    /// The sums of the same values, which `counted` holds in a unit with that exponent.
    fn in_unit(&self, counted: Self, exponent: i32) -> Self;

    /// Adds the summary of further values of the column.
    fn join(&mut self, other: &Self);

    /// Of neighbouring columns in a tile.
    fn of<T: Scalar, S: Simd>(block: Block<'_, T>) -> [Self; BLOCK];
}

/// Neighbouring columns of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a, T> {
    /// The values before the tile that belong to its first row's predecessors, then the tile.
    values: &'a [T],
    /// How many values come before the tile: what lies this far back is the value before in the same column.
    back: usize,
    /// The values after the tile.
    next: &'a [T],
    width: usize,
    first_column: usize,
}

impl<T: Scalar> Block<'_, T> {
    /// How many rows the tile has.
    fn height(&self) -> usize {
        (self.values.len() - self.back) / self.width
    }

    /// The tile's values, row by row.
    #[inline(always)]
    fn rows(&self) -> impl Iterator<Item = [f64; BLOCK]> + Clone {
        self.rows_from(self.back)
    }

    /// The same, and meanwhile the next tile is brought into the cache.
    #[inline(always)]
    fn rows_while_fetching(&self) -> impl Iterator<Item = [f64; BLOCK]> {
        self.while_fetching(self.rows())
    }

    #[inline(always)]
    fn while_fetching(&self, rows: impl Iterator<Item = [f64; BLOCK]>) -> impl Iterator<Item = [f64; BLOCK]> {
        rows.enumerate().map(
            #[inline(always)]
            move |(i, row)| {
                self.fetch(i);
                row
            },
        )
    }

    /// Asks for a row of the next tile.
    #[inline(always)]
    fn fetch(&self, i: usize) {
        let start = i * self.width + self.first_column;
        simd::prefetch(self.next.get(start..start + BLOCK).unwrap_or_default());
    }

    /// What `rows_before` gives, and meanwhile the next tile is brought into the cache.
    #[inline(always)]
    fn rows_before_while_fetching(&self) -> impl Iterator<Item = [f64; BLOCK]> {
        self.while_fetching(self.rows_before())
    }

    /// The value before each of them in its column, NaN where there is none.
    #[inline(always)]
    fn rows_before(&self) -> impl Iterator<Item = [f64; BLOCK]> + Clone {
        self.rows_from(0)
    }

    #[inline(always)]
    fn rows_from(&self, start: usize) -> impl Iterator<Item = [f64; BLOCK]> + Clone {
        let first = self.first_column;
        self.slices(start).map(
            #[inline(always)]
            move |row| {
                let (block, _) = row[first..].as_chunks::<BLOCK>();
                block[0].map(T::to_f64)
            },
        )
    }

    /// As many whole rows as the tile has, from `start` on in its values.
    #[inline(always)]
    fn slices(&self, start: usize) -> std::slice::ChunksExact<'_, T> {
        self.values[start..][..self.values.len() - self.back].chunks_exact(self.width)
    }

    /// A finite value of each column, NaN where there is none.
    #[inline(always)]
    fn offsets(&self) -> [f64; BLOCK] {
        let mut offset = [f64::NAN; BLOCK];
        for row in self.rows() {
            for (offset, value) in offset.iter_mut().zip(row) {
                if offset.is_nan() && value.is_finite() {
                    *offset = value;
                }
            }
            if !offset.iter().any(|offset| offset.is_nan()) {
                break;
            }
        }
        offset
    }
}

/// Mean and variance of each column, counted in 1.
pub fn means_and_variances<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>) -> Result<Vec<MeanVariance>> {
    let mut columns = means_and_variances_in_units(threads, x)?;
    columns.iter_mut().for_each(|column| *column = column.recounted(0));
    Ok(columns)
}

/// Mean and variance of each column, each counted in a unit in which they are numbers.
pub fn means_and_variances_in_units<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
) -> Result<Vec<MeanVariance>> {
    summaries(threads, x)
}

/// The summary of each column.
pub(crate) fn summaries<T: Scalar, S: Summary>(threads: &Threads<'_>, x: ArrayView2<'_, T>) -> Result<Vec<S>> {
    let (width, values) = (x.ncols(), values_of(x)?);
    // Narrow rows are seen as parts of wider ones, whose columns are joined in the end.
    let wide = width * BLOCK.div_ceil(width);
    let tile = (TILE_VALUES / wide).max(LEAST_ROWS) * wide;
    let segment = values.len().div_ceil(MOST_SEGMENTS).max(SEGMENT_VALUES).next_multiple_of(tile);
    let segments = values.len().div_ceil(segment);
    let mut parts = memory::filled(segments * wide, S::NONE)?;
    let starts = (0..values.len()).step_by(segment);
    threads.for_each(values.len().saturating_mul(2), starts.zip(parts.chunks_mut(wide)), |(start, all)| {
        let mut rest = start..values.len().min(start + segment);
        while !rest.is_empty() {
            let rows = rest.len().min(tile) / wide;
            let end = if rest.start == 0 || rows == 0 { wide.min(rest.len()) } else { rows * wide } + rest.start;
            if rest.start == 0 || rows == 0 {
                // Before the first row there is none, and the last wide row may end early.
                let mut row = memory::filled(width + wide, T::NAN)?;
                let before = width.min(rest.start);
                row[width - before..][..before + end - rest.start].copy_from_slice(&values[rest.start - before..end]);
                simd::dispatch(Tile { values: &row, back: width, next: &[], all })?;
            } else {
                let (values, next) = (&values[rest.start - width..end], &values[end..rest.end]);
                simd::dispatch(Tile { values, back: width, next, all })?;
            }
            rest.start = end;
        }
        Ok(())
    })?;
    let mut columns = memory::filled(width, S::NONE)?;
    for row in parts.chunks(width) {
        columns.iter_mut().zip(row).for_each(|(all, part)| all.join(part));
    }
    Ok(columns)
}

/// A tile, which comes after `back` values before it, and the summaries of its columns, to which it is added.
struct Tile<'a, T, P> {
    values: &'a [T],
    back: usize,
    next: &'a [T],
    all: &'a mut [P],
}

impl<T: Scalar, P: Summary> Task for Tile<'_, T, P> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        simd.vectorize(
            #[inline(always)]
            || self.add(simd),
        )
    }
}

impl<T: Scalar, P: Summary> Tile<'_, T, P> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S) -> Result<()> {
        let Tile { values, back, next, all } = self;
        let width = all.len();
        for first in (0..width).step_by(BLOCK) {
            // The last block begins early enough to be whole; of what it has in common with its neighbour nothing is
            // added.
            let first_column = first.min(width - BLOCK);
            let block = Block { values, back, next, width, first_column };
            let mut parts = P::of::<T, S>(block);
            if !parts.iter().all(P::is_sound) {
                units::recompute_rescaled(simd, &block, &mut parts)?;
            }
            for (all, part) in all[first_column..].iter_mut().zip(&parts).skip(first - first_column) {
                all.join(part);
            }
        }
        Ok(())
    }
}
