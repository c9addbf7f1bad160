//! A C-order matrix seen as contiguous rows.

use ndarray::ArrayView2;

use crate::{Error, Result};

/// The rows of a C-order matrix as slices, without ndarray's per-row bookkeeping.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T> {
    values: &'a [T],
    count: usize,
    width: usize,
}

impl<'a, T> Rows<'a, T> {
    /// The rows of `matrix`, called `argument` in the error that a matrix in another order gets.
    pub fn new(matrix: ArrayView2<'a, T>, argument: &'static str) -> Result<Self> {
        let (count, width) = matrix.dim();
        match matrix.to_slice() {
            Some(values) => Ok(Rows { values, count, width }),
            None => Err(Error::invalid(argument, "is not in C order")),
        }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many values a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Row `index`.
    #[inline(always)]
    pub fn row(&self, index: usize) -> &'a [T] {
        &self.values[index * self.width..][..self.width]
    }
}
