//! Some windows of some columns, each column one after the other as `f64`.

use acm_core::simd::CACHE_LINE;
use acm_core::{Result, Scalar, cache, memory};
use ndarray::{ArrayView2, Axis, Slice};

/// Numbers that a thread transforms between two looks at the queue.
pub const TILE_VALUES: usize = cache::L2_VALUES;

/// How many columns are laid out together: as many as share a cache line.
pub const fn columns_together<T: Scalar>() -> usize {
    CACHE_LINE / size_of::<T>()
}

/// Scratch memory that holds the windows of columns.
#[derive(Default)]
pub struct Columns {
    values: Vec<f64>,
    height: usize,
    window: usize,
    step: usize,
}

impl Columns {
    /// Lays out the windows of `window` rows, `step` apart, of each column of `x`; the rows between them are left out.
    pub fn load<T: Scalar>(&mut self, x: ArrayView2<'_, T>, window: usize, step: usize) -> Result<()> {
        let count = (x.nrows() - window) / step + 1;
        (self.window, self.step) = (window, step.min(window));
        self.height = (count - 1) * self.step + window;
        let len = self.height * x.ncols();
        if self.values.len() < len {
            self.values = memory::filled(len, 0.0)?;
        }
        // Where windows touch all of it is one run of rows.
        let (run, apart) = if step > window { (window, step) } else { (self.height, self.height) };
        for (k, first) in (0..self.height).step_by(run).enumerate() {
            for (i, row) in
                (first..).zip(x.slice_axis(Axis(0), Slice::from(k * apart..k * apart + run)).axis_iter(Axis(0)))
            {
                for (j, value) in row.iter().enumerate() {
                    self.values[j * self.height + i] = value.to_f64();
                }
            }
        }
        Ok(())
    }

    /// The windows of column `index`.
    pub fn windows(&self, index: usize) -> impl Iterator<Item = &[f64]> {
        self.values[index * self.height..][..self.height].windows(self.window).step_by(self.step)
    }
}
