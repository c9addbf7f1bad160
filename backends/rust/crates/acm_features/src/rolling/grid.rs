//! The parts of the result that threads compute: ranges of rows, and of columns where there are too few of those.

use acm_core::panels::{LANES, Lanes, Panel, whole_panels};
use acm_core::rows::Rows;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::{ArrayViewMut2, Axis};

/// From this many ranges of rows on, each is computed in its whole width: whole rows are kindest to the memory.
const ROW_RANGES_ENOUGH: usize = 8;

/// Most elementary steps of a part where it can be narrower: about 30 ms, as long as an interrupt may wait.
const STEPS: usize = 1 << 26;

/// How finely the result is cut.
#[derive(Debug, Clone, Copy)]
pub struct PartSize {
    /// Most rows of a part.
    pub height: usize,
    /// Columns that cannot be divided but at a loss.
    pub width: usize,
    /// Elementary steps for one value.
    pub steps: usize,
}

impl PartSize {
    /// How many columns a part of a result of this shape has.
    fn columns(self, (rows, columns): (usize, usize)) -> usize {
        let is_short = |width: usize| self.height.saturating_mul(self.steps).saturating_mul(width) <= STEPS;
        if rows / self.height >= ROW_RANGES_ENOUGH && is_short(columns) {
            columns
        } else if is_short(self.width.max(LANES)) {
            self.width.max(LANES)
        } else {
            self.width
        }
    }
}

/// A part of the result.
pub struct Part<'a, T> {
    /// Its first row and column in the result.
    pub first: (usize, usize),
    /// Its place.
    pub out: ArrayViewMut2<'a, T>,
}

impl<T: Scalar> Part<'_, T> {
    /// The columns of `x` that belong to it, as many at a time as are computed side by side, some perhaps twice.
    pub fn panels<'a, const N: usize>(&self, x: Rows<'a, T>) -> impl Iterator<Item = Panel<'a, T, N>> + use<'a, T, N> {
        whole_panels(x, self.first.1..self.first.1 + self.out.ncols())
    }

    /// Writes a row of the columns of `panel`.
    #[inline(always)]
    pub fn write<const N: usize>(&mut self, panel: Panel<'_, T, N>, row: usize, lanes: &Lanes<T, N>) {
        let (i, j) = (row - self.first.0, panel.columns().start - self.first.1);
        if let Some(out) = self.out.row_mut(i).into_slice() {
            panel.write(lanes, &mut out[j..]);
        }
    }
}

/// Calls `body` for parts of `out` that together are all of it, with scratch memory that `prepare` makes once for each
/// thread.
pub fn for_each_part<T: Scalar, M>(
    threads: &Threads<'_>,
    size: PartSize,
    out: ArrayViewMut2<'_, T>,
    prepare: impl Fn() -> Result<M> + Sync,
    body: impl Fn(&mut M, Part<'_, T>) -> Result<()> + Sync,
) -> Result<()> {
    let work = out.len().saturating_mul(size.steps);
    let (height, width) = (size.height, size.columns(out.dim()));
    let mut parts = memory::with_capacity(out.nrows().div_ceil(height) * out.ncols().div_ceil(width))?;
    let panels = cut(out, Axis(1), width)?;
    for (p, panel) in panels.into_iter().enumerate() {
        for (r, out) in cut(panel, Axis(0), height)?.into_iter().enumerate() {
            memory::push(&mut parts, Part { first: (r * height, p * width), out })?;
        }
    }
    // Neighbouring panels share cache lines: they are kept apart in time.
    parts.sort_unstable_by_key(|part| (part.first.1 / width % 2, part.first.1, part.first.0));
    threads.for_each_with(work, parts.into_iter(), prepare, body)
}

/// Pieces of `view` of `length` along `axis`; the last may be shorter.
fn cut<T>(view: ArrayViewMut2<'_, T>, axis: Axis, length: usize) -> Result<Vec<ArrayViewMut2<'_, T>>> {
    let mut pieces = memory::with_capacity(view.len_of(axis).div_ceil(length))?;
    let mut rest = view;
    while rest.len_of(axis) > length {
        let (piece, behind) = rest.split_at(axis, length);
        memory::push(&mut pieces, piece)?;
        rest = behind;
    }
    memory::push(&mut pieces, rest)?;
    Ok(pieces)
}
