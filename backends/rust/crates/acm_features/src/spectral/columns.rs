//! Some rows of some columns, each column one after the other as `f64`.

use acm_core::simd::CACHE_LINE;
use acm_core::{Result, Scalar, memory};
use ndarray::{ArrayView2, Axis};

/// Numbers that a thread transforms between two looks at the queue.
pub const TILE_VALUES: usize = 32 * 1024;

/// How many columns are laid out together: as many as share a cache line.
pub const fn columns_together<T: Scalar>() -> usize {
    CACHE_LINE / size_of::<T>()
}

/// Scratch memory that holds columns.
#[derive(Default)]
pub struct Columns {
    values: Vec<f64>,
    height: usize,
}

impl Columns {
    /// Lays out the columns of `x`.
    pub fn load<T: Scalar>(&mut self, x: ArrayView2<'_, T>) -> Result<()> {
        self.height = x.nrows();
        if self.values.len() < x.len() {
            self.values = memory::filled(x.len(), 0.0)?;
        }
        for (i, row) in x.axis_iter(Axis(0)).enumerate() {
            for (j, value) in row.iter().enumerate() {
                self.values[j * self.height + i] = value.to_f64();
            }
        }
        Ok(())
    }

    /// Column `index`.
    pub fn column(&self, index: usize) -> &[f64] {
        &self.values[index * self.height..][..self.height]
    }
}
