//! Mean and variance of each column's finite values, from one pass over memory.
//!
//! Each tile of rows is gone through while it is in the cache: first for its mean, then for the squares of the
//! distances from that mean, all of differences from a value of the column. Tiles are joined by the update of Chan,
//! Golub and LeVeque (1983), in an order that depends on the shape alone.

use acm_core::{Result, Scalar, Threads, memory, simd};
use ndarray::ArrayView2;

use crate::by_column::values_of;

/// Columns that are summed side by side in registers.
const BLOCK: usize = 8;

/// Values in a tile: gone through twice while in a core's L1 or L2 cache.
const TILE_VALUES: usize = 8 * 1024;

/// A tile has at least this many rows, or joining tiles would cost more than summing them.
const LEAST_ROWS: usize = 64;

/// Least values of a segment, whose tiles one thread joins.
const SEGMENT_VALUES: usize = 4 * TILE_VALUES;

/// Most segments; their moments are joined by one thread.
const MOST_SEGMENTS: usize = 256;

/// Count, mean and sum of squares of some values of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// One of the values.
    pub offset: f64,
    count: f64,
    /// The mean of the differences from `offset`.
    mean: f64,
    /// The sum of the squared differences from the mean.
    squares: f64,
}

impl Moments {
    const NONE: Moments = Moments { offset: f64::NAN, count: 0.0, mean: 0.0, squares: 0.0 };

    /// The mean's distance from `offset`; NaN without values.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.mean } else { f64::NAN }
    }

    /// The standard deviation by count - `ddof`; NaN with no more than `ddof` values.
    pub fn deviation(&self, ddof: usize) -> f64 {
        let freedom = self.count - ddof as f64;
        if freedom > 0.0 { (self.squares / freedom).sqrt() } else { f64::NAN }
    }

    /// Adds the moments of other values of the column.
    fn join(&mut self, other: &Moments) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let count = self.count + other.count;
            let distance = ((other.offset - self.offset) + other.mean) - self.mean;
            self.mean += distance * (other.count / count);
            self.squares += other.squares + distance * distance * (self.count * (other.count / count));
            self.count = count;
        }
    }
}

/// The moments of each column.
pub fn moments<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>) -> Result<Vec<Moments>> {
    let (width, values) = (x.ncols(), values_of(x)?);
    // Narrow rows are seen as parts of wider ones, whose columns are joined in the end.
    let wide = width * BLOCK.div_ceil(width);
    let tile = (TILE_VALUES / wide).max(LEAST_ROWS) * wide;
    let segment = values.len().div_ceil(MOST_SEGMENTS).max(SEGMENT_VALUES).next_multiple_of(tile);
    let segments = values.len().div_ceil(segment);
    let mut parts = memory::filled(segments * wide, Moments::NONE)?;
    threads.for_each(
        values.len().saturating_mul(2),
        values.chunks(segment).zip(parts.chunks_mut(wide)),
        |(x, all)| {
            for (t, values) in x.chunks(tile).enumerate() {
                let rows = values.chunks_exact(wide);
                let rest = rows.remainder();
                simd::vectorized(
                    #[inline(always)]
                    || add_tile(&values[..values.len() - rest.len()], x.get((t + 1) * tile..).unwrap_or_default(), all),
                );
                if !rest.is_empty() {
                    let mut row = memory::filled(wide, T::NAN)?;
                    row[..rest.len()].copy_from_slice(rest);
                    add_tile(&row, &[], all);
                }
            }
            Ok(())
        },
    )?;
    let mut columns = memory::filled(width, Moments::NONE)?;
    for row in parts.chunks(width) {
        columns.iter_mut().zip(row).for_each(|(all, part)| all.join(part));
    }
    Ok(columns)
}

/// Adds the moments of a tile's columns, as many as `all` has, and meanwhile brings the `next` tile into the cache.
#[inline(always)]
fn add_tile<T: Scalar>(tile: &[T], next: &[T], all: &mut [Moments]) {
    let width = all.len();
    if tile.is_empty() {
        return;
    }
    for first in (0..width).step_by(BLOCK) {
        // The last block begins early enough to be whole; of what it has in common with its neighbour nothing is added.
        let start = first.min(width - BLOCK);
        let rows = tile.chunks_exact(width).map(
            #[inline(always)]
            |row| {
                let (block, _) = row[start..].as_chunks::<BLOCK>();
                block[0].map(T::to_f64)
            },
        );
        let block = block_moments(
            rows,
            #[inline(always)]
            |row| simd::prefetch(next.get(row * width + start..(row * width + start) + BLOCK).unwrap_or_default()),
        );
        for (all, part) in all[start..].iter_mut().zip(&block).skip(first - start) {
            all.join(part);
        }
    }
}

/// The moments of neighbouring columns, given row by row; calls `beside` with the number of each row.
#[inline(always)]
fn block_moments(rows: impl Iterator<Item = [f64; BLOCK]> + Clone, beside: impl Fn(usize)) -> [Moments; BLOCK] {
    let mut offset = [f64::NAN; BLOCK];
    for row in rows.clone() {
        for (offset, value) in offset.iter_mut().zip(row) {
            if offset.is_nan() && value.is_finite() {
                *offset = value;
            }
        }
        if !offset.iter().any(|offset| offset.is_nan()) {
            break;
        }
    }
    let (mut sum, mut count) = ([0.0; BLOCK], [0.0; BLOCK]);
    for (i, row) in rows.clone().enumerate() {
        beside(i);
        for j in 0..BLOCK {
            let finite = row[j].is_finite();
            sum[j] += if finite { row[j] - offset[j] } else { 0.0 };
            count[j] += if finite { 1.0 } else { 0.0 };
        }
    }
    let mean: [f64; BLOCK] = std::array::from_fn(|j| if count[j] > 0.0 { sum[j] / count[j] } else { 0.0 });
    let mut squares = [0.0; BLOCK];
    for row in rows {
        for j in 0..BLOCK {
            let distance = (row[j] - offset[j]) - mean[j];
            squares[j] += if row[j].is_finite() { distance * distance } else { 0.0 };
        }
    }
    std::array::from_fn(|j| Moments { offset: offset[j], count: count[j], mean: mean[j], squares: squares[j] })
}
