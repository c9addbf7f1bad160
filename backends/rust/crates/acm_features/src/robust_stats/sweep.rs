//! One pass over a matrix for all columns whose selection goes on: the counting step of Floyd and Rivest's algorithm.
//!
//! ```text
//! for each tile of rows that fits the L2 cache (handed to threads):
//!     for each block of 8 columns: transpose the tile's part, so that a column is contiguous
//!         for each column of the block: count below / at low / at high, compress what lies inside the bracket (SIMD)
//!         add counts and kept values to the column's tally
//! ```
//!
//! Why tiles: a row-major matrix read column by column misses the cache once a value. Transposing 8 columns (a cache
//! line) reads each line once. Cost: one read of the matrix, one write and read of a tile within the L2 cache.

use std::ops::{AddAssign, Range};
use std::sync::{Mutex, PoisonError};

use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, cache, memory};

use super::search::{Bracket, Counts, Search, Tally, half_distance};
use crate::Missing;

/// Columns that are transposed together: a cache line of `f64`.
pub const BLOCK_COLUMNS: usize = 8;

/// Values in a tile: as much as stays in a core's L2 cache, beside the columns that are transposed.
const TILE_VALUES: usize = cache::L2_VALUES;

/// How many rows ahead of those being transposed are brought into the cache.
const ROWS_AHEAD: usize = 16;

/// A column's piece in a tile is at least this long, or the work done once a piece would cost more than that on its
/// values.
const SHORTEST_PIECE: usize = 256;

/// Distance between transposed columns beyond their length; keeps them out of each other's cache sets.
const PADDING: usize = 8;

/// How far apart transposed columns of that height begin.
pub fn stride(height: usize) -> usize {
    height.next_multiple_of(PADDING) + PADDING
}

/// The matrix, row after row, and what counts in it.
#[derive(Clone, Copy)]
pub struct Matrix<'a, T> {
    /// All values.
    pub values: &'a [T],
    /// Values in a row.
    pub width: usize,
    /// The values left out.
    pub missing: Missing,
}

impl<T: Scalar> Matrix<'_, T> {
    /// How many rows there are.
    pub fn height(&self) -> usize {
        self.values.len() / self.width
    }

    /// A value, NaN if it is missing.
    pub fn value(&self, row: usize, column: usize) -> T {
        let value = self.values[row * self.width + column];
        if self.missing.includes(value) { T::NAN } else { value }
    }

    /// Writes `out[j * stride + i]`, infinities and all, for the values of row `i` of `rows` and column `j` of the
    /// block from `first` on.
    #[inline(always)]
    pub fn transpose<S: Simd>(&self, rows: Range<usize>, first: usize, stride: usize, out: &mut [T]) {
        let rows = &self.values[rows.start * self.width..rows.end * self.width];
        let columns = BLOCK_COLUMNS.min(self.width - first);
        let (side, mut i) = (T::Vector::<S>::LANES, 0);
        if columns == BLOCK_COLUMNS {
            for square in rows.chunks_exact(side * self.width) {
                for row in i + ROWS_AHEAD..i + ROWS_AHEAD + side {
                    let start = row * self.width + first;
                    simd::prefetch_ends(rows.get(start..start + BLOCK_COLUMNS).unwrap_or_default());
                }
                for j in (0..BLOCK_COLUMNS).step_by(side) {
                    T::Vector::<S>::transpose(&square[first + j..], self.width, &mut out[j * stride + i..], stride);
                }
                i += side;
            }
        }
        for row in rows[i * self.width..].chunks_exact(self.width) {
            for (j, &value) in row[first..first + columns].iter().enumerate() {
                out[j * stride + i] = value;
            }
            i += 1;
        }
    }

    /// Makes NaN of missing values, and `subject` of the others.
    #[inline(always)]
    pub fn prepare(&self, subject: Subject, median: f64, piece: &mut [T]) {
        if self.missing == Missing::NonFinite {
            for value in piece.iter_mut() {
                // Infinity times zero is NaN, a number times zero adds nothing. A choice would become masked stores,
                // which take ten times as long on some processors.
                *value += *value * T::ZERO;
            }
        }
        if subject == Subject::HalfDistance {
            piece.iter_mut().for_each(|value| *value = half_distance(*value, median));
        }
    }
}

/// What of a value is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The value.
    Value,
    /// Half its distance from the median of its column.
    HalfDistance,
}

/// Counts all values beside the brackets of `searches`, `each` so many of a column.
pub fn sweep<T: Scalar>(
    threads: &Threads<'_>,
    x: Matrix<'_, T>,
    subject: Subject,
    each: usize,
    searches: &[Search<T>],
) -> Result<Vec<Tally<T>>> {
    simd::dispatch(Sweep { threads, x, subject, each, searches })
}

struct Sweep<'a, T> {
    threads: &'a Threads<'a>,
    x: Matrix<'a, T>,
    subject: Subject,
    each: usize,
    searches: &'a [Search<T>],
}

impl<T: Scalar> Task for Sweep<'_, T> {
    type Output = Result<Vec<Tally<T>>>;

    fn run<S: Simd>(self, simd: S) -> Result<Vec<Tally<T>>> {
        let Sweep { threads, x, subject, each, searches } = self;
        let tallies = memory::collected(searches.iter().map(|_| Mutex::<Tally<T>>::default()))?;
        let height = (TILE_VALUES / x.width).max(SHORTEST_PIECE).min(x.height());
        let stride = stride(height);
        let prepare = || memory::filled((BLOCK_COLUMNS + 1) * stride, T::ZERO);
        let work = x.values.len().saturating_mul(2 * each);
        threads.for_each_with(work, (0..x.height()).step_by(height), prepare, |scratch, first| {
            let rows = first..(first + height).min(x.height());
            let (block, between) = scratch.split_at_mut(BLOCK_COLUMNS * stride);
            let blocks = searches.chunks(BLOCK_COLUMNS * each).zip(tallies.chunks(BLOCK_COLUMNS * each)).enumerate();
            for (b, (searches, tallies)) in blocks {
                if searches.iter().all(|search| search.bracket().is_none()) {
                    continue;
                }
                simd.vectorize(
                    #[inline(always)]
                    || x.transpose::<S>(rows.clone(), b * BLOCK_COLUMNS, stride, block),
                );
                let columns = searches.chunks(each).zip(tallies.chunks(each)).zip(block.chunks_mut(stride));
                for ((searches, tallies), piece) in columns {
                    let piece = &mut piece[..rows.len()];
                    simd.vectorize(
                        #[inline(always)]
                        || x.prepare(subject, searches[0].value(), piece),
                    );
                    for (search, tally) in searches.iter().zip(tallies) {
                        let Some(bracket) = search.bracket() else { continue };
                        let (counts, kept) = simd.vectorize(
                            #[inline(always)]
                            || (count(piece, bracket), keep::<S, T>(piece, bracket, between)),
                        );
                        tally.lock().unwrap_or_else(PoisonError::into_inner).add(counts, &between[..kept])?;
                    }
                }
            }
            Ok(())
        })?;
        memory::collected(tallies.into_iter().map(|tally| tally.into_inner().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Counts the values of a piece of a column beside the bracket.
#[inline(always)]
pub fn count<T: Scalar>(piece: &[T], bracket: Bracket<T>) -> Counts {
    // Counters as wide as the values, so that a register has as many of either.
    if size_of::<T>() == size_of::<u32>() {
        Counts::from(count_in::<T, u32>(piece, bracket).map(|count| count as usize))
    } else {
        Counts::from(count_in::<T, u64>(piece, bracket).map(|count| count as usize))
    }
}

/// How many values are numbers, below the bracket, at its lower and at its upper end.
#[inline(always)]
fn count_in<T: Scalar, C: Copy + Default + AddAssign + From<bool>>(piece: &[T], bracket: Bracket<T>) -> [C; 4] {
    let mut counts = [C::default(); 4];
    for &value in piece {
        counts[0] += C::from(!value.is_nan());
        counts[1] += C::from(value < bracket.low);
        counts[2] += C::from(value == bracket.low);
        counts[3] += C::from(value == bracket.high);
    }
    counts
}

/// Writes the values inside the bracket to the start of `between`, which has room for [`PADDING`] more; answers how
/// many they are.
#[inline(always)]
pub fn keep<S: Simd, T: Scalar>(piece: &[T], bracket: Bracket<T>, between: &mut [T]) -> usize {
    let (low, high) = (T::Vector::<S>::splat(bracket.low), T::Vector::<S>::splat(bracket.high));
    let mut kept = 0;
    let registers = piece.chunks_exact(T::Vector::<S>::LANES);
    let rest = registers.remainder();
    for values in registers {
        kept += T::Vector::<S>::load(values).keep_between(low, high, &mut between[kept..]);
    }
    for &value in rest {
        between[kept] = value;
        kept += usize::from((value > bracket.low) & (value < bracket.high));
    }
    kept
}
