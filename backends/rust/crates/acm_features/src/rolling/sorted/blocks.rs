//! A long sorted window of one column, in blocks of equal length.
//!
//! A number that comes makes the blocks between its place and the place of the one that leaves hand on a number each,
//! which a double-ended queue does without moving the others: a step costs a block's length and the number of blocks.

use std::collections::VecDeque;
use std::iter::repeat_n;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayViewMut2;

use super::super::Windows;
use super::super::grid::{Part, PartSize, for_each_part};
use super::{OrderStatistic, ordered};

/// Numbers in a block.
const BLOCK: usize = 512;

/// Least rows in a part of the result, whose first window is sorted anew.
const ROWS: usize = 4096;

/// Writes the `statistic` of each window.
pub fn slide<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    statistic: impl OrderStatistic,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let (x, window) = (Rows::new(windows.x, "x")?, windows.window);
    let prepare = || memory::with_capacity(window);
    let size = PartSize { height: ROWS.max(window), width: 1, steps: BLOCK };
    for_each_part(threads, size, out, prepare, |values, mut part| {
        for column in part.first.1..part.first.1 + part.out.ncols() {
            fill(x, column, windows, statistic, values, &mut part)?;
        }
        Ok(())
    })
}

/// Fills a column of a part of the result; `values` is scratch memory.
fn fill<T: Scalar>(
    x: Rows<'_, T>,
    column: usize,
    windows: Windows<'_, T>,
    statistic: impl OrderStatistic,
    values: &mut Vec<T>,
    part: &mut Part<'_, T>,
) -> Result<()> {
    let at = |i: usize| ordered(x.row(i)[column]);
    let (start, window) = (part.first.0, windows.window);
    values.clear();
    let before = start.saturating_sub(window)..start;
    memory::extend(values, repeat_n(T::INFINITY, window - before.len()))?;
    memory::extend(values, before.map(at))?;
    values.sort_unstable_by(T::total_cmp);
    let mut count = values.partition_point(|&value| value < T::INFINITY);
    let mut sorted = Blocks::new(values)?;
    for (i, out) in (start..).zip(part.out.column_mut(column - part.first.1)) {
        let (leaving, coming) = (if i < window { T::INFINITY } else { at(i - window) }, at(i));
        sorted.replace(leaving, coming);
        count += usize::from(coming < T::INFINITY);
        count -= usize::from(leaving < T::INFINITY);
        let enough = count >= windows.min_periods;
        *out = if enough { T::from_f64(statistic.of(count, |rank| sorted.at(rank).to_f64())) } else { T::NAN };
    }
    Ok(())
}

/// Sorted numbers in blocks of [`BLOCK`], the last filled up with infinities.
struct Blocks<T>(Vec<VecDeque<T>>);

impl<T: Scalar> Blocks<T> {
    fn new(sorted: &[T]) -> Result<Self> {
        let mut blocks = memory::with_capacity(sorted.len().div_ceil(BLOCK))?;
        for values in sorted.chunks(BLOCK) {
            let mut block = VecDeque::new();
            block.try_reserve_exact(BLOCK + 1).map_err(|_| Error::OutOfMemory)?;
            #[allow(clippy::disallowed_methods, reason = "has room")]
            {
                block.extend(values);
                block.resize(BLOCK, T::INFINITY);
            }
            memory::push(&mut blocks, block)?;
        }
        Ok(Blocks(blocks))
    }

    fn at(&self, rank: usize) -> T {
        self.0[rank / BLOCK][rank % BLOCK]
    }

    /// Takes one `leaving` out and `coming` in.
    fn replace(&mut self, leaving: T, coming: T) {
        if coming > leaving {
            self.move_up(leaving, coming);
        } else if coming < leaving {
            self.move_down(leaving, coming);
        }
    }

    /// What lies between `leaving` and the greater `coming` goes down by one place.
    fn move_up(&mut self, leaving: T, coming: T) {
        let from = self.0.partition_point(|block| block[BLOCK - 1] < leaving);
        let to = self.0.partition_point(|block| block[0] < coming) - 1;
        remove(&mut self.0[from], leaving);
        let mut handed = coming;
        for block in self.0[from + 1..=to].iter_mut().rev() {
            insert(block, handed);
            handed = block.pop_front().unwrap_or(handed);
        }
        insert(&mut self.0[from], handed);
    }

    /// What lies between `leaving` and the smaller `coming` goes up by one place.
    fn move_down(&mut self, leaving: T, coming: T) {
        let from = self.0.partition_point(|block| block[BLOCK - 1] < leaving);
        let to = self.0.partition_point(|block| block[BLOCK - 1] < coming);
        remove(&mut self.0[from], leaving);
        let mut handed = coming;
        for block in &mut self.0[to..from] {
            insert(block, handed);
            handed = block.pop_back().unwrap_or(handed);
        }
        insert(&mut self.0[from], handed);
    }
}

/// Takes out one `value`, which must be there.
fn remove<T: Scalar>(block: &mut VecDeque<T>, value: T) {
    block.remove(place(block, value));
}

/// Puts `value` into its place, which at an end of the block moves nothing.
fn insert<T: Scalar>(block: &mut VecDeque<T>, value: T) {
    let at = if block.front().is_some_and(|&first| value <= first) {
        0
    } else if block.back().is_some_and(|&last| last <= value) {
        block.len()
    } else {
        place(block, value)
    };
    #[allow(clippy::disallowed_methods, reason = "has room: one more than a whole block")]
    block.insert(at, value);
}

/// The place of the first number that is not less than `value`.
fn place<T: Scalar>(block: &VecDeque<T>, value: T) -> usize {
    block.partition_point(|&other| other < value)
}
