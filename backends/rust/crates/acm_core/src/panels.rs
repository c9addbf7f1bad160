//! Columns of a matrix computed side by side: row by row, one column a lane.

use std::ops::Range;

use crate::rows::Rows;
use crate::{Scalar, simd};

/// Columns that are computed side by side: one cache line of `f64`.
pub const LANES: usize = 8;

/// Rows that are searched for missing values at a time.
const FEW: usize = 16;

/// One number for each of the columns that are computed side by side.
pub type Lanes<T = f64, const N: usize = LANES> = [T; N];

/// At most `N` neighbouring columns of a matrix.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a, T, const N: usize = LANES> {
    x: Rows<'a, T>,
    first: usize,
    live: usize,
}

/// Panels of the `columns` of `x`; only the last may be narrower than `N`.
pub fn panels<T: Scalar, const N: usize>(
    x: Rows<'_, T>,
    columns: Range<usize>,
) -> impl DoubleEndedIterator<Item = Panel<'_, T, N>> + ExactSizeIterator {
    columns.clone().step_by(N).map(move |first| Panel { x, first, live: N.min(columns.end - first) })
}

/// Panels that together are the `columns` of `x`, all of them whole if there are `N` columns: where the last would be
/// narrower it begins within the one before it. For results that may be written twice.
pub fn whole_panels<T: Scalar, const N: usize>(
    x: Rows<'_, T>,
    columns: Range<usize>,
) -> impl Iterator<Item = Panel<'_, T, N>> {
    let last = columns.end.saturating_sub(N).max(columns.start);
    panels(x, columns).map(move |panel: Panel<'_, T, N>| {
        let first = panel.first.min(last);
        Panel { x, first, live: panel.first + panel.live - first }
    })
}

impl<T: Scalar, const N: usize> Panel<'_, T, N> {
    /// Which columns these are.
    #[inline(always)]
    pub fn columns(&self) -> Range<usize> {
        self.first..self.first + self.live
    }

    /// Itself if it has as many columns as there are lanes: code that is compiled for this case knows how many.
    #[inline(always)]
    pub fn whole(self) -> Option<Self> {
        if self.live == N { Some(Panel { live: N, ..self }) } else { None }
    }

    /// A row, NaN in the lanes left over.
    #[inline(always)]
    pub fn row(&self, i: usize) -> Lanes<T, N> {
        let row = &self.x.row(i)[self.columns()];
        match row.first_chunk() {
            Some(lanes) => *lanes,
            None => std::array::from_fn(|lane| row.get(lane).copied().unwrap_or(T::NAN)),
        }
    }

    /// Whether no column has NaN or infinity in `rows`.
    #[inline(always)]
    pub fn is_finite(&self, rows: Range<usize>) -> bool {
        // A few rows at a time: where values are missing, the first of them is soon met.
        for first in rows.clone().step_by(FEW) {
            let mut nothing = [T::ZERO; N];
            for i in first..rows.end.min(first + FEW) {
                for (sum, &value) in nothing.iter_mut().zip(&self.x.row(i)[self.columns()]) {
                    *sum += value * T::ZERO;
                }
            }
            let mut is_nothing = true;
            for sum in nothing {
                is_nothing &= sum == T::ZERO;
            }
            if !is_nothing {
                return false;
            }
        }
        true
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
    pub fn write(&self, lanes: &Lanes<T, N>, out: &mut [T]) {
        let out = &mut out[..self.live];
        for lane in 0..N {
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
    fn what_is_missing_is_found_wherever_it_is() {
        for (i, j) in (0..40).flat_map(|i| (0..11).map(move |j| (i, j))) {
            let mut x = Array2::<f32>::from_elem((40, 11), f32::MAX);
            x[(i, j)] = if i % 2 == 0 { f32::NAN } else { f32::NEG_INFINITY };
            let rows = Rows::new(x.view(), "x").unwrap();
            let found = panels(rows, 0..11).map(|panel: Panel<'_, _>| panel.is_finite(3..37)).collect::<Vec<_>>();
            assert_eq!(found, [j >= 8 || !(3..37).contains(&i), j < 8 || !(3..37).contains(&i)]);
        }
    }

    #[test]
    fn whole_panels_overlap() {
        let x = Array2::<f64>::zeros((1, 21));
        let rows = Rows::new(x.view(), "x").unwrap();
        let ends = |columns| {
            let ends = |panel: Panel<'_, f64>| (panel.columns().start, panel.columns().end);
            whole_panels(rows, columns).map(ends).collect::<Vec<_>>()
        };
        assert_eq!(ends(1..21), [(1, 9), (9, 17), (13, 21)]);
        assert_eq!(ends(3..11), [(3, 11)]);
        assert_eq!(ends(16..21), [(16, 21)]);
    }

    #[test]
    fn panels_are_all_columns() {
        let x = Array2::from_shape_fn((3, 19), |(i, j)| (100 * i + j) as f64);
        let rows = Rows::new(x.view(), "x").unwrap();
        let mut found = Vec::new();
        for panel in panels::<_, LANES>(rows, 2..19) {
            let mut out = vec![0.0; panel.columns().len()];
            panel.write(&panel.row(2), &mut out);
            assert_eq!(panel.whole().is_some(), out.len() == LANES);
            assert_eq!(panel.row(2)[out.len()..].iter().filter(|lane| !lane.is_nan()).count(), 0);
            found.extend(out);
        }
        assert_eq!(found, x.row(2).to_vec()[2..]);
    }
}
