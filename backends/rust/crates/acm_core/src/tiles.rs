//! Cutting arrays into tiles. What a tile is depends on the array's shape alone, never on the number of threads.

use std::ops::Range;

use ndarray::{ArrayViewMut2, Axis};

use crate::simd::{Simd, Vector};
use crate::{Result, Scalar, Threads, memory};

/// Fills the square `out` of a symmetric function by tiles of `side` rows and columns, each pair of tiles once.
///
/// `body` gets the rows and the columns of a tile and scratch memory to write it to, row by row. `work` is the number
/// of elementary steps of all tiles.
pub fn symmetric_tiles<S: Simd, T: Scalar>(
    simd: S,
    threads: &Threads<'_>,
    work: usize,
    side: usize,
    out: ArrayViewMut2<'_, T>,
    body: impl Fn(Range<usize>, Range<usize>, &mut [T]) + Sync,
) -> Result<()> {
    let size = out.nrows();
    let prepare = || memory::filled(2 * side * side, T::ZERO);
    threads.for_each_with(work, mirrored_pairs(out, side)?.into_iter(), prepare, |scratch, pair| {
        let range = |tile: usize| tile * side..((tile + 1) * side).min(size);
        let (rows, columns) = (range(pair.row), range(pair.column));
        let (height, width) = (rows.len(), columns.len());
        let (values, mirrored) = scratch.split_at_mut(height * width);
        body(rows, columns, values);
        if let Some(lower) = pair.lower {
            let mirrored = &mut mirrored[..height * width];
            simd.vectorize(
                #[inline(always)]
                || transpose::<S, T>(values, width, mirrored, height),
            );
            write(mirrored, lower);
        }
        write(values, pair.upper);
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
            memory::push(&mut grid, Some(tile))?;
        }
    }
    let mut pairs = memory::with_capacity(count * (count + 1) / 2)?;
    for row in 0..count {
        for column in row..count {
            let upper = grid[row * count + column].take();
            let lower = grid[column * count + row].take();
            memory::extend(&mut pairs, upper.map(|upper| MirroredPair { row, column, upper, lower }))?;
        }
    }
    Ok(pairs)
}

/// Writes `from`, in rows of `width` values, to `to`, in rows of `height`: its columns, one after the other.
#[inline(always)]
fn transpose<S: Simd, T: Scalar>(from: &[T], width: usize, to: &mut [T], height: usize) {
    let lanes = T::Vector::<S>::LANES;
    let (whole_height, whole_width) = (height / lanes * lanes, width / lanes * lanes);
    for i in (0..whole_height).step_by(lanes) {
        for j in (0..whole_width).step_by(lanes) {
            T::Vector::<S>::transpose(&from[i * width + j..], width, &mut to[j * height + i..], height);
        }
    }
    for i in 0..height {
        let done = if i < whole_height { whole_width } else { 0 };
        for j in done..width {
            to[j * height + i] = from[i * width + j];
        }
    }
}

/// Copies `values`, row after row, to `out`.
fn write<T: Scalar>(values: &[T], mut out: ArrayViewMut2<'_, T>) {
    let width = out.ncols();
    let rows = out.rows_mut().into_iter().filter_map(|row| row.into_slice());
    rows.zip(values.chunks_exact(width)).for_each(|(out, values)| out.copy_from_slice(values));
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::simd::{self, Task};

    /// The table of products, by tiles that no register width divides.
    struct Multiplication<'a>(ArrayViewMut2<'a, f64>);

    impl Task for Multiplication<'_> {
        type Output = Result<()>;

        fn run<S: Simd>(self, simd: S) -> Result<()> {
            let threads = Threads::uninterrupted(2);
            symmetric_tiles(simd, &threads, usize::MAX, 19, self.0, |rows, columns, tile| {
                let pairs = rows.flat_map(|i| columns.clone().map(move |j| (i * j) as f64));
                tile.iter_mut().zip(pairs).for_each(|(out, value)| *out = value);
            })
        }
    }

    #[test]
    fn symmetric_tiles_fill_both_halves() {
        for size in [0, 1, 19, 20, 97] {
            let mut out = Array2::zeros((size, size));
            simd::dispatch(Multiplication(out.view_mut())).unwrap();
            assert_eq!(out, Array2::from_shape_fn((size, size), |(i, j)| (i * j) as f64));
        }
    }
}
