//! A C-order matrix seen as contiguous rows.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::{Error, Result, Scalar, simd};

/// Values looked at together for NaN and infinity.
const CHUNK: usize = 256;

/// An error unless `values` has one number for each of `width` columns.
pub fn one_a_column<T>(argument: &'static str, values: &[T], width: usize) -> Result<()> {
    if values.len() == width {
        return Ok(());
    }
    Err(Error::invalid(argument, format!("has {} values, not one for each of {width} columns", values.len())))
}

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

    /// All values, row after row.
    pub fn values(&self) -> &'a [T] {
        self.values
    }

    /// True if no value of `rows` is NaN or infinite.
    pub fn are_finite(&self, rows: Range<usize>) -> bool
    where
        T: Scalar,
    {
        self.all(
            rows,
            #[inline(always)]
            |value| value.is_finite(),
        )
    }

    /// True if all values of `rows` pass `test`, which should be `#[inline(always)]` and free of branches.
    pub fn all(&self, rows: Range<usize>, test: impl Fn(T) -> bool) -> bool
    where
        T: Scalar,
    {
        let values = &self.values[rows.start * self.width..rows.end * self.width];
        simd::vectorized(
            #[inline(always)]
            // Without early exit inside a chunk, so that the loop is vectorised.
            || values.chunks(CHUNK).all(|chunk| chunk.iter().fold(true, |all, &value| all & test(value))),
        )
    }

    /// Asks for `rows`, as far as they exist, to be brought into the cache.
    #[inline(always)]
    pub fn prefetch(&self, rows: Range<usize>) {
        let (start, end) = (rows.start.min(self.count), rows.end.min(self.count));
        simd::prefetch(&self.values[start * self.width..end * self.width]);
    }

    /// Row `index`.
    #[inline(always)]
    pub fn row(&self, index: usize) -> &'a [T] {
        &self.values[index * self.width..][..self.width]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn only_c_order_has_rows() {
        let x = array![[1.0, 2.0], [3.0, 4.0]];
        assert_eq!(Rows::new(x.view(), "x").unwrap().row(1), [3.0, 4.0]);
        assert!(Rows::new(x.t(), "x").is_err());
    }

    #[test]
    fn one_bad_value_is_found() {
        let mut x = Array2::<f32>::zeros((100, 7));
        x[(99, 6)] = f32::NAN;
        let rows = Rows::new(x.view(), "x").unwrap();
        assert!(rows.are_finite(0..99));
        assert!(!rows.are_finite(0..100));
    }
}
