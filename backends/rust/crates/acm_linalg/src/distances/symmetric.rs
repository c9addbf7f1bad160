//! The matrix of distances of the rows of one matrix to each other.

use acm_core::pack::{Panels, panel_width};
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Task};
use acm_core::{Result, Scalar, Threads, tiles};
use ndarray::ArrayViewMut2;

use super::extremes::squares_fit;
use super::fill::Distances;

/// Rows and columns of a tile: whole blocks and whole panels of every register width. A tile, its packed rows and the
/// lines of its mirror image stay in a core's L2 cache.
const SIDE: usize = 96;

/// Distances of `x` to itself, each pair computed once.
pub struct Symmetric<'a, T> {
    /// The threads that compute.
    pub threads: &'a Threads<'a>,
    /// The rows.
    pub x: Rows<'a, T>,
    /// One row and one column for each row of `x`.
    pub out: ArrayViewMut2<'a, T>,
}

impl<T: Scalar> Task for Symmetric<'_, T> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Symmetric { threads, x, out } = self;
        let panels = Panels::<S, T>::transposed(simd, threads, x, 0..x.count())?;
        let may_be_extreme = !squares_fit(x, 0..x.count());
        let distances = Distances { x, y: x, panels: &panels, may_be_extreme };
        let work = (x.count().saturating_mul(x.count()) / 2).saturating_mul(x.width() + 1);
        tiles::symmetric_tiles(simd, threads, work, SIDE, out, |rows, columns, tile| {
            simd.vectorize(
                #[inline(always)]
                || {
                    let out = tile.chunks_exact_mut(columns.len());
                    distances.fill(rows.start, columns.start / panel_width::<S, T>(), out)
                },
            )
        })
    }
}
