//! Cutting arrays into tiles. What a tile is depends on the array's shape alone, never on the number of threads.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use crate::simd::{self, CACHE_LINE};
use crate::{Result, Scalar, Threads, memory};

/// Values in a tile of rows: small enough to stay in a core's L2 cache, large enough to hide the queue.
const ROW_TILE_VALUES: usize = 16 * 1024;

/// Calls `body` with tiles of rows of `x` and the same rows of `out`, compiled for the widest instruction set.
///
/// `steps` is the number of elementary steps for one value of `x`. `body` should be `#[inline(always)]`.
pub fn row_tiles<T: Scalar, U: Send>(
    threads: &Threads<'_>,
    steps: usize,
    x: ArrayView2<'_, T>,
    mut out: ArrayViewMut2<'_, U>,
    body: impl Fn(ArrayView2<'_, T>, ArrayViewMut2<'_, U>) + Sync,
) -> Result<()> {
    let height = (ROW_TILE_VALUES / x.ncols().max(1)).max(1);
    let tiles = x.axis_chunks_iter(Axis(0), height).zip(out.axis_chunks_iter_mut(Axis(0), height));
    threads.for_each(x.len().saturating_mul(steps), tiles, |(x, out)| {
        simd::vectorized(
            #[inline(always)]
            || body(x, out),
        );
        Ok(())
    })
}

/// The result of `body` for each column of `x`, in order; `body` gets a contiguous copy that it may reorder.
///
/// `steps` is the number of elementary steps for one value of `x`.
pub fn column_tiles<T: Scalar, R: Send>(
    threads: &Threads<'_>,
    steps: usize,
    x: ArrayView2<'_, T>,
    body: impl Fn(&mut [T]) -> R + Sync,
) -> Result<Vec<R>> {
    let (height, width) = x.dim();
    // Columns that share cache lines are read together.
    let columns = CACHE_LINE / size_of::<T>();
    let mut results = memory::with_capacity(width)?;
    results.resize_with(width, || None);
    let tiles = x.axis_chunks_iter(Axis(1), columns).zip(results.chunks_mut(columns));
    threads.for_each_with(
        x.len().saturating_mul(steps),
        tiles,
        || memory::filled(height * columns.min(width), T::ZERO),
        |scratch, (x, results)| {
            transpose_into(x, scratch);
            for (j, result) in results.iter_mut().enumerate() {
                *result = Some(body(&mut scratch[j * height..][..height]));
            }
            Ok(())
        },
    )?;
    Ok(results.into_iter().flatten().collect())
}

/// Fills the square `out` of a symmetric function by tiles of `side` rows and columns, each pair of tiles once.
///
/// `body` gets the rows and the columns of a tile and scratch memory to write it to, row by row. `work` is the number
/// of elementary steps of all tiles.
pub fn symmetric_tiles<T: Scalar>(
    threads: &Threads<'_>,
    work: usize,
    side: usize,
    out: ArrayViewMut2<'_, T>,
    body: impl Fn(Range<usize>, Range<usize>, &mut [T]) + Sync,
) -> Result<()> {
    let size = out.nrows();
    let prepare = || memory::filled(side * side, T::ZERO);
    threads.for_each_with(work, mirrored_pairs(out, side)?.into_iter(), prepare, |scratch, pair| {
        let range = |tile: usize| tile * side..((tile + 1) * side).min(size);
        let (rows, columns) = (range(pair.row), range(pair.column));
        let values = &mut scratch[..rows.len() * columns.len()];
        body(rows, columns.clone(), values);
        pair.write(values, columns.len());
        Ok(())
    })
}

/// A tile on or above the diagonal and its mirror image below.
struct MirroredPair<'a, T> {
    row: usize,
    column: usize,
    upper: ArrayViewMut2<'a, T>,
    lower: Option<ArrayViewMut2<'a, T>>,
}

fn mirrored_pairs<T>(out: ArrayViewMut2<'_, T>, side: usize) -> Result<Vec<MirroredPair<'_, T>>> {
    let count = out.nrows().div_ceil(side);
    let mut grid = memory::with_capacity(count * count)?;
    let mut below = out;
    for _ in 0..count {
        let height = side.min(below.nrows());
        let (mut band, rest) = below.split_at(Axis(0), height);
        below = rest;
        for _ in 0..count {
            let width = side.min(band.ncols());
            let (tile, rest) = band.split_at(Axis(1), width);
            band = rest;
            grid.push(Some(tile));
        }
    }
    let mut pairs = memory::with_capacity(count * (count + 1) / 2)?;
    for row in 0..count {
        for column in row..count {
            let upper = grid[row * count + column].take();
            let lower = grid[column * count + row].take();
            pairs.extend(upper.map(|upper| MirroredPair { row, column, upper, lower }));
        }
    }
    Ok(pairs)
}

impl<T: Scalar> MirroredPair<'_, T> {
    /// Copies the tile's `values`, in rows of `width`, to their place and to the mirror image.
    fn write(mut self, values: &[T], width: usize) {
        let rows = self.upper.rows_mut().into_iter().filter_map(|row| row.into_slice());
        for (out, values) in rows.zip(values.chunks_exact(width)) {
            out.copy_from_slice(values);
        }
        let rows = self.lower.iter_mut().flat_map(|lower| lower.rows_mut()).filter_map(|row| row.into_slice());
        for (j, out) in rows.enumerate() {
            for (out, values) in out.iter_mut().zip(values.chunks_exact(width)) {
                *out = values[j];
            }
        }
    }
}

/// Writes the columns of `x` one after the other.
fn transpose_into<T: Scalar>(x: ArrayView2<'_, T>, columns: &mut [T]) {
    let height = x.nrows();
    for (i, row) in x.rows().into_iter().enumerate() {
        for (j, &value) in row.iter().enumerate() {
            columns[j * height + i] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn counting(rows: usize, columns: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, columns), |(i, j)| (i * columns + j) as f64)
    }

    #[test]
    fn row_tiles_cover_every_row() {
        for (rows, columns) in [(1, 1), (3, 20_000), (50_000, 3), (4, 0)] {
            let x = counting(rows, columns);
            let mut out = Array2::zeros((rows, columns));
            let double = |x: ArrayView2<'_, f64>, mut out: ArrayViewMut2<'_, f64>| out.assign(&(&x * 2.0));
            row_tiles(&Threads::uninterrupted(2), 1, x.view(), out.view_mut(), double).unwrap();
            assert_eq!(out, x * 2.0);
        }
    }

    #[test]
    fn symmetric_tiles_fill_both_halves() {
        for size in [0, 1, 4, 5, 23] {
            let mut out = Array2::zeros((size, size));
            symmetric_tiles(&Threads::uninterrupted(2), usize::MAX, 4, out.view_mut(), |rows, columns, tile| {
                let pairs = rows.flat_map(|i| columns.clone().map(move |j| (i * j) as f64));
                tile.iter_mut().zip(pairs).for_each(|(out, value)| *out = value);
            })
            .unwrap();
            assert_eq!(out, Array2::from_shape_fn((size, size), |(i, j)| (i * j) as f64));
        }
    }

    #[test]
    fn column_tiles_deliver_columns_in_order() {
        for (rows, columns) in [(1, 1), (40_000, 19), (3, 8), (5, 0), (0, 3)] {
            let x = counting(rows, columns);
            let sums = column_tiles(&Threads::uninterrupted(2), 1, x.view(), |column| column.iter().sum::<f64>());
            let expected: Vec<f64> = x.columns().into_iter().map(|column| column.sum()).collect();
            assert_eq!(sums.unwrap(), expected);
        }
    }
}
