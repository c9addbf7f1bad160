//! Correlations of at least a threshold, as a sparse matrix that is never dense: blocks of Z'Z, compared and dropped.
//!
//! ```text
//! standardise the columns (see standard);  for tiles of column pairs on and above the diagonal, handed to threads:
//!     tile = Z_i' Z_j          packed as in BLIS (see tiles, block)
//!     where any of 16 neighbours reaches the threshold: keep (column, value)
//! mirror what was kept, row by row
//! ```
//!
//! Where `f32` products with a rounding bound can rule a pair out, they do so first (filter and refine: see screen).
//! Cost: n d^2 / 2 multiply-adds, a tile of memory a thread, and what is kept.

use std::ops::ControlFlow;

use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::rescaled::Rescaled;
use super::screen::screened;
use super::standard::Standard;
use super::tiles::{Tile, for_each_tile};

/// Coefficients looked at together: mostly none of them is kept.
const CHUNK: usize = 16;

/// The correlations of at least `threshold` in magnitude, and the diagonal.
pub fn sparse_correlation<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, threshold: f64) -> Result<Kept<T>> {
    let rescaled = Rescaled::new(threads, x)?;
    let standard = Standard::new(&rescaled)?;
    if standard.gaps {
        return Err(Error::invalid("x", "holds NaN or infinity"));
    }
    if let Some(kept) = screened(threads, &standard, threshold)? {
        return Ok(kept);
    }
    let mut kept = Kept::new(x.ncols())?;
    for_each_tile::<T, f64, _>(threads, &standard, 1, |tile| {
        kept.add(&standard, tile, threshold)?;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(kept)
}

/// The entries on and above the diagonal of a symmetric matrix.
pub struct Kept<T> {
    /// Entries of each row of the whole matrix.
    counts: Vec<usize>,
    /// From the top down, and from the left to the right.
    tiles: Vec<KeptOfTile<T>>,
}

/// The entries of some rows and columns, row by row.
pub(super) struct KeptOfTile<T> {
    first_row: usize,
    /// How many entries each row has.
    counts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<T>,
}

/// Whether the magnitude of any of `values` reaches the threshold, found without a branch for each.
fn any_reaches<A: Scalar>(threshold: A, values: &[A]) -> bool {
    values.iter().fold(false, |any, value| any | (value.abs() >= threshold))
}

impl<T: Scalar> Kept<T> {
    /// Nothing of a matrix of `width` columns.
    pub(super) fn new(width: usize) -> Result<Self> {
        Ok(Kept { counts: memory::filled(width, 0)?, tiles: Vec::new() })
    }

    /// Adds what a tile has of at least `threshold`, and the diagonal. Answers how many entries that are.
    pub(super) fn add<A: Scalar>(
        &mut self,
        standard: &Standard<'_, T>,
        tile: &Tile<'_, A>,
        threshold: A,
    ) -> Result<usize> {
        let counts = memory::with_capacity(tile.rows.len())?;
        let mut kept = KeptOfTile { first_row: tile.rows.start, counts, columns: Vec::new(), values: Vec::new() };
        for (i, row) in tile.rows.clone().enumerate() {
            let before = kept.columns.len();
            if tile.is_diagonal() {
                kept.push(row, standard.diagonal(row))?;
                self.counts[row] += 1;
            }
            let after = if tile.is_diagonal() { i + 1 } else { 0 };
            let products = &tile.products(i)[after..];
            for (first, products) in (tile.columns.start + after..).step_by(CHUNK).zip(products.chunks(CHUNK)) {
                if !any_reaches(threshold, products) {
                    continue;
                }
                for (column, &value) in (first..).zip(products).filter(|(_, value)| value.abs() >= threshold) {
                    kept.push(column, value.to_f64().clamp(-1.0, 1.0))?;
                    self.counts[row] += 1;
                    self.counts[column] += 1;
                }
            }
            memory::push(&mut kept.counts, kept.columns.len() - before)?;
        }
        let count = kept.columns.len();
        memory::push(&mut self.tiles, kept)?;
        Ok(count)
    }

    /// The tiles, to change values in.
    pub(super) fn tiles_mut(&mut self) -> &mut [KeptOfTile<T>] {
        &mut self.tiles
    }

    /// Drops coefficients below `threshold`, but for the diagonal.
    pub(super) fn drop_weak(&mut self, threshold: f64) {
        self.counts.fill(0);
        for tile in &mut self.tiles {
            let (mut read, mut kept) = (0, 0);
            for (row, count) in (tile.first_row..).zip(&mut tile.counts) {
                let first = kept;
                for entry in read..read + *count {
                    let (column, value) = (tile.columns[entry], tile.values[entry].to_f64());
                    let itself = column as usize == row;
                    if itself || value.abs() >= threshold {
                        let value = if itself { value } else { value.clamp(-1.0, 1.0) };
                        (tile.columns[kept], tile.values[kept]) = (column, T::from_f64(value));
                        self.counts[column as usize] += usize::from(!itself);
                        kept += 1;
                    }
                }
                self.counts[row] += kept - first;
                read += *count;
                *count = kept - first;
            }
            tile.columns.truncate(kept);
            tile.values.truncate(kept);
        }
    }

    /// How many entries the whole matrix has.
    pub fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the whole matrix in CSR form, the columns of each row in order.
    pub fn write(self, data: &mut [T], indices: &mut [i64], indptr: &mut [i64]) -> Result<()> {
        let mut next = memory::with_capacity(self.counts.len())?;
        let mut total = 0;
        for &count in &self.counts {
            memory::push(&mut next, total)?;
            total += count;
        }
        for (out, start) in indptr.iter_mut().zip(next.iter().chain([&total])) {
            *out = *start as i64;
        }
        let mut put = |row: usize, column: usize, value| {
            data[next[row]] = value;
            indices[next[row]] = column as i64;
            next[row] += 1;
        };
        // Rows from the top down: what lies below the diagonal of a row comes from the rows above, before its own.
        for band in self.tiles.chunk_by(|a, b| a.first_row == b.first_row) {
            let mut read = memory::filled(band.len(), 0)?;
            for i in 0..band[0].counts.len() {
                let row = band[0].first_row + i;
                for (tile, read) in band.iter().zip(&mut read) {
                    let entries = *read..*read + tile.counts[i];
                    *read = entries.end;
                    for (&column, &value) in tile.columns[entries.clone()].iter().zip(&tile.values[entries]) {
                        put(row, column as usize, value);
                        if row != column as usize {
                            put(column as usize, row, value);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

impl<T: Scalar> KeptOfTile<T> {
    /// Each pair of different columns with its value.
    pub(super) fn pairs_mut(&mut self) -> impl Iterator<Item = ([usize; 2], &mut T)> {
        let rows = (self.first_row..).zip(&self.counts).flat_map(|(row, &count)| std::iter::repeat_n(row, count));
        let places = rows.zip(&self.columns).map(|(row, &column)| [row, column as usize]);
        places.zip(&mut self.values).filter(|([row, column], _)| row != column)
    }

    fn push(&mut self, column: usize, value: f64) -> Result<()> {
        memory::push(&mut self.columns, column as u32)?;
        memory::push(&mut self.values, T::from_f64(value))
    }
}
