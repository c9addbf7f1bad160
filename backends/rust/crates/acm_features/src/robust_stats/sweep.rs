//! One pass over a matrix for all columns whose search goes on: tiles of rows, in them blocks of columns, transposed.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use acm_core::simd;
use acm_core::{Result, Scalar, Threads, memory};

use super::search::{Bracket, Counts, Search, Tally};
use crate::Missing;

/// Columns that are transposed together: a cache line of `f64`.
pub const BLOCK_COLUMNS: usize = 8;

/// Values in a tile: as much as stays in a core's L2 cache.
const TILE_VALUES: usize = 64 * 1024;

/// A column's piece in a tile is at least this long, or what is done once a piece would cost more than its values.
const SHORTEST_PIECE: usize = 256;

/// Distance between transposed columns beyond their length; keeps them out of each other's cache sets.
const PADDING: usize = 8;

/// The matrix, row after row, and what counts in it.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    /// All values.
    pub values: &'a [T],
    /// Values in a row.
    pub width: usize,
    /// What is left out.
    pub missing: Missing,
}

impl<T: Scalar> Matrix<'_, T> {
    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.values.len() / self.width
    }

    /// A value as `f64`, NaN if it is missing.
    #[inline(always)]
    pub fn value(&self, row: usize, column: usize) -> f64 {
        self.clean(self.values[row * self.width + column])
    }

    #[inline(always)]
    fn clean(&self, value: T) -> f64 {
        if self.missing.includes(value) { f64::NAN } else { value.to_f64() }
    }

    /// Writes the columns from `first` on, of some rows, one after the other at every `stride` places of `out`.
    #[inline(always)]
    fn transpose(&self, rows: Range<usize>, first: usize, stride: usize, out: &mut [f64]) {
        let rows = self.values[rows.start * self.width..rows.end * self.width].chunks_exact(self.width);
        let last = self.width.min(first + BLOCK_COLUMNS);
        if last - first == BLOCK_COLUMNS {
            for (i, row) in rows.enumerate() {
                let row = &row[first..][..BLOCK_COLUMNS];
                for j in 0..BLOCK_COLUMNS {
                    out[j * stride + i] = self.clean(row[j]);
                }
            }
        } else {
            for (i, row) in rows.enumerate() {
                for (j, &value) in row[first..last].iter().enumerate() {
                    out[j * stride + i] = self.clean(value);
                }
            }
        }
    }
}

/// What of a value is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The value.
    Value,
    /// Its distance from the median of its column.
    Deviation,
}

/// Counts all values beside the brackets of `searches`, one search a column.
pub fn sweep<T: Scalar>(
    threads: &Threads<'_>,
    x: Matrix<'_, T>,
    subject: Subject,
    searches: &[Search],
) -> Result<Vec<Tally>> {
    let mut tallies = memory::with_capacity(x.width)?;
    tallies.resize_with(x.width, Mutex::<Tally>::default);
    let height = (TILE_VALUES / x.width).max(SHORTEST_PIECE).min(x.height());
    let stride = height.next_multiple_of(PADDING) + PADDING;
    let prepare = || memory::filled((BLOCK_COLUMNS + 1) * stride, 0.0);
    let work = x.values.len().saturating_mul(2);
    let tiles = (0..x.height()).step_by(height);
    threads.for_each_with(work, tiles, prepare, |scratch, first| {
        let rows = first..(first + height).min(x.height());
        let (block, between) = scratch.split_at_mut(BLOCK_COLUMNS * stride);
        let blocks = searches.chunks(BLOCK_COLUMNS).zip(tallies.chunks(BLOCK_COLUMNS)).enumerate();
        for (b, (searches, tallies)) in blocks {
            if searches.iter().all(|search| search.bracket().is_none()) {
                continue;
            }
            simd::vectorized(
                #[inline(always)]
                || x.transpose(rows.clone(), b * BLOCK_COLUMNS, stride, block),
            );
            for ((search, tally), piece) in searches.iter().zip(tallies).zip(block.chunks_mut(stride)) {
                let Some(bracket) = search.bracket() else { continue };
                let piece = &mut piece[..rows.len()];
                let (counts, kept) = simd::vectorized(
                    #[inline(always)]
                    || {
                        if subject == Subject::Deviation {
                            subtract(search.median(), piece);
                        }
                        (count(piece, bracket), keep(piece, bracket, between))
                    },
                );
                tally.lock().unwrap_or_else(PoisonError::into_inner).add(counts, &between[..kept])?;
            }
        }
        Ok(())
    })?;
    Ok(tallies.into_iter().map(|tally| tally.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

#[inline(always)]
fn subtract(median: f64, piece: &mut [f64]) {
    for value in piece {
        *value = (*value - median).abs();
    }
}

#[inline(always)]
fn count(piece: &[f64], Bracket { low, high }: Bracket) -> Counts {
    let mut counts = Counts::default();
    for &value in piece {
        counts.all += usize::from(!value.is_nan());
        counts.below += usize::from(value < low);
        counts.at_low += usize::from(value == low);
        counts.at_high += usize::from(value == high);
    }
    counts
}

/// Writes the values inside the bracket to the start of `between`; answers how many they are.
#[inline(always)]
fn keep(piece: &[f64], Bracket { low, high }: Bracket, between: &mut [f64]) -> usize {
    let mut kept = 0;
    for &value in piece {
        between[kept] = value;
        kept += usize::from((value > low) & (value < high));
    }
    kept
}
