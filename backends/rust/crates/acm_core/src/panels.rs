//! Columns of a matrix computed side by side: row by row, one column a lane.

use std::ops::Range;

use crate::rows::Rows;
use crate::{Scalar, simd};

/// Columns that are computed side by side: one cache line of `f64`.
pub const LANES: usize = 8;

/// One number for each of the columns that are computed side by side.
pub type Lanes<T = f64> = [T; LANES];

/// At most [`LANES`] neighbouring columns of a matrix.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a, T> {
    x: Rows<'a, T>,
    first: usize,
    live: usize,
}

/// Panels of the `columns` of `x`; only the last may be narrower than [`LANES`].
pub fn panels<T: Scalar>(x: Rows<'_, T>, columns: Range<usize>) -> impl Iterator<Item = Panel<'_, T>> {
    columns.clone().step_by(LANES).map(move |first| Panel { x, first, live: LANES.min(columns.end - first) })
}

impl<T: Scalar> Panel<'_, T> {
    /// Which columns these are.
    #[inline(always)]
    pub fn columns(&self) -> Range<usize> {
        self.first..self.first + self.live
    }

    /// Itself if it has as many columns as there are lanes: code that is compiled for this case knows how many.
    #[inline(always)]
    pub fn whole(self) -> Option<Self> {
        if self.live == LANES { Some(Panel { live: LANES, ..self }) } else { None }
    }

    /// A row, NaN in the lanes left over.
    #[inline(always)]
    pub fn row(&self, i: usize) -> Lanes<T> {
        let row = &self.x.row(i)[self.columns()];
        match row.first_chunk() {
            Some(lanes) => *lanes,
            None => std::array::from_fn(|lane| row.get(lane).copied().unwrap_or(T::NAN)),
        }
    }

    /// Asks for a row, if there is one, to be brought into the cache: each lies on another page, which processors do
    /// not foresee.
    #[inline(always)]
    pub fn prefetch(&self, i: usize) {
        if i < self.x.count() {
            simd::prefetch_ends(&self.x.row(i)[self.columns()]);
        }
    }

    /// Writes the columns' lanes to `out`, which has a place for each column.
    #[inline(always)]
    pub fn write(&self, lanes: &Lanes<T>, out: &mut [T]) {
        let out = &mut out[..self.live];
        for lane in 0..LANES {
            // A copy of `live` values would be a call of a function, in the middle of arithmetic in registers.
            if lane < self.live {
                out[lane] = lanes[lane];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn panels_are_all_columns() {
        let x = Array2::from_shape_fn((3, 19), |(i, j)| (100 * i + j) as f64);
        let rows = Rows::new(x.view(), "x").unwrap();
        let mut found = Vec::new();
        for panel in panels(rows, 2..19) {
            let mut out = vec![0.0; panel.columns().len()];
            panel.write(&panel.row(2), &mut out);
            assert_eq!(panel.whole().is_some(), out.len() == LANES);
            assert_eq!(panel.row(2)[out.len()..].iter().filter(|lane| !lane.is_nan()).count(), 0);
            found.extend(out);
        }
        assert_eq!(found, x.row(2).to_vec()[2..]);
    }
}
