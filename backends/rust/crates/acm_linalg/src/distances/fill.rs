//! Distances of rows to packed panels, written to memory.

use acm_core::Scalar;
use acm_core::micro::{BLOCK_ROWS, Register};
use acm_core::pack::{Panels, panel_width};
use acm_core::rows::Rows;
use acm_core::simd::{MAX_LANES, Simd, Vector};

use super::block::{CHAIN, block_of, squared_distances, squared_distances_of_long};
use super::extremes::{between, least_squared, squares_fit};

/// The two sides of a distance matrix, ready to fill a part of it.
pub struct Distances<'a, S: Simd, T: Scalar> {
    /// One row a row of the matrix.
    pub x: Rows<'a, T>,
    /// One row a column of the matrix.
    pub y: Rows<'a, T>,
    /// The rows of `y` packed.
    pub panels: &'a Panels<S, T>,
    /// False where all values are known to [keep their squares in range](squares_fit).
    pub may_be_extreme: bool,
}

impl<S: Simd, T: Scalar> Distances<'_, S, T> {
    /// Writes the distances of `x`'s rows from `first_row` on to `y`'s rows from panel `first_panel` on to the slices
    /// that `out` yields, one for each row of `x`, all of one length.
    #[inline(always)]
    pub fn fill<'o>(&self, mut first_row: usize, first_panel: usize, out: impl Iterator<Item = &'o mut [T]>) {
        let mut out = out.fuse();
        while let Some(first_out) = out.next() {
            let mut first_out = Some(first_out);
            let outs = std::array::from_fn(|_| first_out.take().or_else(|| out.next()).unwrap_or_default());
            self.fill_block(first_row, first_panel, outs);
            first_row += BLOCK_ROWS;
        }
    }

    #[inline(always)]
    fn fill_block(&self, first_row: usize, first_panel: usize, mut outs: [&mut [T]; BLOCK_ROWS]) {
        let rows = block_of(self.x, first_row, self.x.count());
        let mut least = Register::<S, T>::splat(T::INFINITY);
        let mut largest = Register::<S, T>::splat(T::ZERO);
        // The panel after those is filled up with infinity, which is no overflow.
        let whole = outs[0].len() / panel_width::<S, T>() * panel_width::<S, T>();
        for (p, column) in (0..outs[0].len()).step_by(panel_width::<S, T>()).enumerate() {
            let panel = self.panels.panel(first_panel + p);
            let sums = match !T::NARROWER_THAN_REFERENCE || panel.len() <= CHAIN {
                true => squared_distances::<S, T>(rows, panel),
                false => squared_distances_of_long::<S, T>(rows, panel),
            };
            for (out, squared) in outs.iter_mut().zip(sums) {
                store_roots(out, column, squared);
            }
            if self.may_be_extreme && column < whole {
                // Plain loops: closures of a fold are compiled as functions of their own, for the baseline. NaN is
                // passed over.
                for [low, high] in sums {
                    least = high.min(low.min(least));
                    largest = high.max(low.max(largest));
                }
            }
        }
        let mut last = outs.iter().filter_map(|out| out.get(whole..)).flatten();
        if self.may_be_extreme && (are_out_of_range::<S, T>(least, largest) || last.any(|&distance| is_lost(distance)))
        {
            let first_column = self.panels.columns().start + first_panel * panel_width::<S, T>();
            self.repair(first_row, first_column, outs);
        }
    }

    /// Computes distances again whose squares overflowed or underflowed.
    #[cold]
    #[inline(never)]
    fn repair(&self, first_row: usize, first_column: usize, outs: [&mut [T]; BLOCK_ROWS]) {
        let rows = first_row..(first_row + BLOCK_ROWS).min(self.x.count());
        if squares_fit(self.x, rows) && squares_fit(self.y, first_column..first_column + outs[0].len()) {
            return; // distances of 0, and rightly so
        }
        for (r, out) in outs.into_iter().enumerate() {
            for (j, out) in out.iter_mut().enumerate().filter(|(_, out)| is_lost(**out)) {
                *out = T::from_f64(between(self.x.row(first_row + r), self.y.row(first_column + j)));
            }
        }
    }
}

/// Whether a distance's square may have overflowed or underflowed.
#[inline(always)]
fn is_lost<T: Scalar>(distance: T) -> bool {
    distance < least_squared::<T>().sqrt() || distance == T::INFINITY
}

/// Writes the roots of a row's squared distances to `out` from `column` on, as many as have room.
#[inline(always)]
fn store_roots<V: Vector<T>, T: Scalar>(out: &mut [T], column: usize, squared: [V; 2]) {
    match out.get_mut(column..column + 2 * V::LANES) {
        Some(out) => {
            squared[0].sqrt().store(out);
            squared[1].sqrt().store(&mut out[V::LANES..]);
        }
        None => {
            let mut values = [T::ZERO; 2 * MAX_LANES];
            squared[0].sqrt().store(&mut values);
            squared[1].sqrt().store(&mut values[V::LANES..]);
            store_last(out.get_mut(column..).unwrap_or_default(), &values);
        }
    }
}

/// The end of a row, where a panel has more rows than are left. Kept apart so that the loop above stays small.
#[inline(never)]
fn store_last<T: Scalar>(out: &mut [T], roots: &[T; 2 * MAX_LANES]) {
    for (out, &root) in out.iter_mut().zip(roots) {
        *out = root;
    }
}

/// Whether the least or the largest sum of squares of any lane is out of range.
#[inline(always)]
fn are_out_of_range<S: Simd, T: Scalar>(least: Register<S, T>, largest: Register<S, T>) -> bool {
    let [mut values, mut largest_values] = [[T::INFINITY; MAX_LANES], [T::ZERO; MAX_LANES]];
    least.store(&mut values);
    largest.store(&mut largest_values);
    values.into_iter().any(|value| value < least_squared()) || largest_values.contains(&T::INFINITY)
}
