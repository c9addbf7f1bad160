//! The matrix of distances between the rows of two matrices.

use acm_core::micro::BLOCK_ROWS;
use acm_core::pack::{GROUP_BYTES, Panels, STRIP_BYTES, columns_in, panel_width};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::{Error, Result, Scalar, Threads};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice};

use super::extremes::squares_fit;
use super::fill::Distances;
use super::symmetric::Symmetric;

/// Elementary steps of a tile: about 0.1 ms.
const TILE_STEPS: usize = 2_000_000;

/// Width of rows from which on computing each pair once saves more than writing its mirror image costs: narrow rows
/// leave the memory little time, and it takes long pieces of a row faster than the short ones of mirrored tiles.
const MIRRORED_WIDTH: usize = 64;

/// Writes `out[i, j] = sqrt(sum_k (x[i, k] - y[j, k])^2)`; without `y`, of `x` with itself.
///
/// NaN in a row makes all its distances NaN, an infinity makes them infinite or NaN, as in IEEE arithmetic. Distances
/// whose squares overflow or underflow have all their digits.
pub fn pairwise_euclidean<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    y: Option<ArrayView2<'_, T>>,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let x = Rows::new(x, "x")?;
    let y = y.map(|y| Rows::new(y, "y")).transpose()?;
    if y.is_some_and(|y| y.width() != x.width()) {
        return Err(Error::invalid("y", format!("has rows of another length than x, {}", x.width())));
    }
    if out.dim() != (x.count(), y.unwrap_or(x).count()) {
        return Err(Error::invalid("out", "does not have one row for each row of x and one column for each row of y"));
    }
    match y {
        None if x.width() >= MIRRORED_WIDTH => simd::dispatch(Symmetric { threads, x, out }),
        y => {
            // Of rows with themselves some distances are 0, which look like underflow: one look at all rows is cheaper.
            let may_be_extreme = y.is_some() || !squares_fit(x, 0..x.count());
            simd::dispatch(Rectangle { threads, x, y: y.unwrap_or(x), out, may_be_extreme })
        }
    }
}

/// Distances of all rows of `x` to all rows of `y`.
pub struct Rectangle<'a, T> {
    /// The threads that compute.
    pub threads: &'a Threads<'a>,
    /// One row a row of `out`.
    pub x: Rows<'a, T>,
    /// One row a column of `out`.
    pub y: Rows<'a, T>,
    /// The distances.
    pub out: ArrayViewMut2<'a, T>,
    /// False where all values are known to [keep their squares in range](squares_fit).
    pub may_be_extreme: bool,
}

impl<T: Scalar> Task for Rectangle<'_, T> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn is_wide(&self) -> bool {
        simd::has_whole_wide_registers()
    }

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Rectangle { threads, x, y, mut out, may_be_extreme } = self;
        let strip = columns_in::<S, T>(STRIP_BYTES, y.width());
        for first in (0..y.count()).step_by(strip) {
            let columns = first..(first + strip).min(y.count());
            let panels = Panels::<S, T>::transposed(simd, threads, y, columns.clone())?;
            let steps_a_row = columns.len() * (x.width() + 1);
            let height = (TILE_STEPS / steps_a_row).max(1).next_multiple_of(BLOCK_ROWS);
            let mut out = out.slice_axis_mut(Axis(1), Slice::from(columns));
            let tiles = out.axis_chunks_iter_mut(Axis(0), height).zip((0..x.count()).step_by(height));
            threads.for_each(steps_a_row.saturating_mul(x.count()), tiles, |(mut out, first)| {
                simd.vectorize(
                    #[inline(always)]
                    || fill_by_groups(&Distances { x, y, panels: &panels, may_be_extreme }, first, &mut out),
                );
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Fills a tile whose first row belongs to row `first` of x: all its rows for one group of panels, then the next.
#[inline(always)]
fn fill_by_groups<S: Simd, T: Scalar>(distances: &Distances<'_, S, T>, first: usize, out: &mut ArrayViewMut2<'_, T>) {
    let group = columns_in::<S, T>(GROUP_BYTES, distances.x.width());
    for (i, mut out) in out.axis_chunks_iter_mut(Axis(1), group).enumerate() {
        let rows = out.rows_mut().into_iter().filter_map(|row| row.into_slice());
        distances.fill(first, i * group / panel_width::<S, T>(), rows);
    }
}
