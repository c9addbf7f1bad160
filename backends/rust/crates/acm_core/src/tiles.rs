//! Cutting arrays into tiles. What a tile is depends on the array's shape alone, never on the number of threads.

use std::ops::Range;

use ndarray::{ArrayViewMut2, Axis};

use crate::{Result, Scalar, Threads, memory};

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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

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
}
