//! The right side of a product packed for the [micro-kernel](crate::micro::accumulate).
//!
//! As in BLIS, columns are cut into panels that two registers hold, and a panel is laid out row by row: the
//! micro-kernel reads it from its first byte to its last. For distances the columns are the rows of a matrix,
//! transposed.

use std::ops::Range;

use crate::micro::{Pair, Register};
use crate::rows::Rows;
use crate::simd::{MAX_LANES, Simd, Vector};
use crate::{Result, Scalar, Threads, cache, memory};

/// Bytes of panels that all threads go through together; they stay in the shared L3 cache beside other programs' data.
pub const STRIP_BYTES: usize = cache::L3_BYTES / 8;

/// Bytes of panels that a thread reuses for one block of rows after another; they stay in its L2 cache.
pub const GROUP_BYTES: usize = cache::L2_BYTES / 2;

/// How many columns a panel holds.
pub const fn panel_width<S: Simd, T: Scalar>() -> usize {
    2 * <Register<S, T> as Vector<T>>::LANES
}

/// How many columns of `depth` values fit in `bytes`, in whole panels and at least one.
pub fn columns_in<S: Simd, T: Scalar>(bytes: usize, depth: usize) -> usize {
    (bytes / (depth.max(1) * size_of::<T>())).max(1).next_multiple_of(panel_width::<S, T>())
}

/// What the last panel is, where the columns do not fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Filled up with zeros, or what the caller gives.
    Padded,
    /// It begins early enough to be whole, if there are columns enough; those that it shares with its neighbour are
    /// computed twice, which costs less than sorting them out.
    Shared,
}

/// Some columns of a matrix, cut into panels.
pub struct Panels<S: Simd, T: Scalar> {
    pairs: Vec<Pair<S, T>>,
    depth: usize,
    columns: Range<usize>,
    tail: Tail,
}

impl<S: Simd, T: Scalar> Panels<S, T> {
    /// Packs a matrix of `depth` rows and `width` columns whose entry in row `k` and column `j` is `at(k, j)`, on the
    /// calling thread. A padded tail is filled up with zeros.
    pub fn pack(simd: S, depth: usize, width: usize, tail: Tail, at: impl Fn(usize, usize) -> T) -> Result<Self> {
        let tail = if width < panel_width::<S, T>() { Tail::Padded } else { tail };
        let mut panels = Self::zeroed(depth, 0..width, tail)?;
        simd.vectorize(
            #[inline(always)]
            || {
                let starts = (0..width).step_by(panel_width::<S, T>());
                for (first, panel) in starts.zip(panels.pairs.chunks_mut(depth.max(1))) {
                    fill_panel::<S, T>(tail.start(first, width, panel_width::<S, T>())..width, &at, |_| T::ZERO, panel);
                }
            },
        );
        Ok(panels)
    }

    /// Packs `columns` of `depth` entries each, `at(k, column)`, on all threads. The last panel is filled up with
    /// columns of `filler(k)`.
    pub fn pack_padded(
        (simd, threads): (S, &Threads<'_>),
        depth: usize,
        columns: Range<usize>,
        at: impl Fn(usize, usize) -> T + Sync,
        filler: impl Fn(usize) -> T + Sync,
    ) -> Result<Self> {
        let mut panels = Self::zeroed(depth, columns.clone(), Tail::Padded)?;
        let work = panels.pairs.len() * MAX_LANES;
        let starts = columns.clone().step_by(panel_width::<S, T>());
        threads.for_each(work, panels.pairs.chunks_mut(depth.max(1)).zip(starts), |(panel, first)| {
            simd.vectorize(
                #[inline(always)]
                || fill_panel::<S, T>(first..columns.end, &at, &filler, panel),
            );
            Ok(())
        })?;
        Ok(panels)
    }

    /// Packs `rows` of `y` as columns, in another type if need be, on all threads. The last panel is filled up with
    /// infinity, whose distance is never the smallest.
    pub fn transposed<U: Scalar>(simd: S, threads: &Threads<'_>, y: Rows<'_, U>, rows: Range<usize>) -> Result<Self> {
        Self::pack_padded(
            (simd, threads),
            y.width(),
            rows,
            #[inline(always)]
            |k, row| T::from_f64(y.row(row)[k].to_f64()),
            |_| T::INFINITY,
        )
    }

    fn zeroed(depth: usize, columns: Range<usize>, tail: Tail) -> Result<Self> {
        let nothing = [Register::<S, T>::splat(T::ZERO); 2];
        let pairs = memory::filled(columns.len().div_ceil(panel_width::<S, T>()) * depth, nothing)?;
        Ok(Panels { pairs, depth, columns, tail })
    }

    /// How many panels there are.
    pub fn count(&self) -> usize {
        self.columns.len().div_ceil(panel_width::<S, T>())
    }

    /// How many rows a panel has.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The columns packed, as numbers of columns of the matrix they came from.
    pub fn columns(&self) -> Range<usize> {
        self.columns.clone()
    }

    /// How many columns whole panels hold.
    pub fn padded_width(&self) -> usize {
        self.columns.len().next_multiple_of(panel_width::<S, T>())
    }

    /// Panel `index`, row by row.
    #[inline(always)]
    pub fn panel(&self, index: usize) -> &[Pair<S, T>] {
        &self.pairs[index * self.depth..][..self.depth]
    }

    /// Each panel with the number of its first column, counted from the first of these.
    #[inline(always)]
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[Pair<S, T>])> {
        let (width, across) = (self.columns.len(), panel_width::<S, T>());
        (0..self.count()).map(move |index| (self.tail.start(index * across, width, across), self.panel(index)))
    }
}

impl Tail {
    /// Where the panel of so many `columns` begins that would begin at `first`.
    #[inline(always)]
    fn start(self, first: usize, width: usize, columns: usize) -> usize {
        match self {
            Tail::Padded => first,
            Tail::Shared => first.min(width - columns),
        }
    }
}

/// Fills a panel with the first of `columns`, as many as it holds.
#[inline(always)]
fn fill_panel<S: Simd, T: Scalar>(
    columns: Range<usize>,
    at: impl Fn(usize, usize) -> T,
    filler: impl Fn(usize) -> T,
    panel: &mut [Pair<S, T>],
) {
    let (lanes, count) = (Register::<S, T>::LANES, columns.len().min(panel_width::<S, T>()));
    let mut values = [T::ZERO; 2 * MAX_LANES];
    for (k, pair) in panel.iter_mut().enumerate() {
        for (value, column) in values[..count].iter_mut().zip(columns.clone()) {
            *value = at(k, column);
        }
        if count < 2 * lanes {
            values[count..2 * lanes].fill(filler(k));
        }
        *pair = [Vector::load(&values), Vector::load(&values[lanes..])];
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::simd::{self, Task};

    /// The numbers of a panel, row by row.
    fn numbers<S: Simd>(panel: &[Pair<S, f64>]) -> Vec<f64> {
        let mut numbers = Vec::new();
        for register in panel.iter().flatten() {
            let mut values = [0.0; MAX_LANES];
            register.store(&mut values);
            numbers.extend(&values[..Register::<S, f64>::LANES]);
        }
        numbers
    }

    struct Packing;

    impl Task for Packing {
        type Output = ();

        const MAY_BE_WIDE: bool = true;

        fn run<S: Simd>(self, simd: S) {
            let across = panel_width::<S, f64>();
            let at = |k: usize, j: usize| (100 * k + j) as f64;
            let last = |first: usize, k: usize, filler: f64, width: usize| {
                (first..first + across).map(move |j| if j < width { at(k, j) } else { filler })
            };
            let width = 2 * across + 1;
            for (tail, first) in [(Tail::Padded, 2 * across), (Tail::Shared, width - across)] {
                let panels = Panels::<S, f64>::pack(simd, 2, width, tail, at).unwrap();
                let (start, panel) = panels.iter().last().unwrap();
                assert_eq!((start, panels.count(), panels.padded_width()), (first, 3, 3 * across));
                let expected = (0..2).flat_map(|k| last(first, k, 0.0, width)).collect::<Vec<_>>();
                assert_eq!(numbers::<S>(panel), expected);
            }
            let y = Array2::from_shape_fn((width + 3, 2), |(row, k)| at(k, row));
            let rows = Rows::new(y.view(), "y").unwrap();
            let panels = Panels::<S, f64>::transposed(simd, &Threads::uninterrupted(2), rows, 3..width + 3).unwrap();
            let expected = (0..2).flat_map(|k| last(2 * across + 3, k, f64::INFINITY, width + 3)).collect::<Vec<_>>();
            assert_eq!((numbers::<S>(panels.panel(2)), panels.columns()), (expected, 3..width + 3));
            // Nothing to multiply, but places for sums of nothing.
            let empty = Panels::<S, f64>::pack(simd, 0, width, Tail::Padded, at).unwrap();
            assert!(empty.iter().map(|(_, panel)| panel.len()).eq([0; 3]));
        }
    }

    #[test]
    fn panels_hold_columns_row_by_row() {
        simd::dispatch(Packing);
        simd::dispatch_baseline(Packing);
    }
}
