//! Rows of a matrix as `f64`, less a mean, with room behind each row for whole registers.

use std::ops::Range;

use acm_core::micro::BLOCK_ROWS;
use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, cache, memory};

/// Elementary steps of a task, about 20 us: less, and threads would meet at the queue.
const TASK_STEPS: usize = 400_000;

/// Writes rows of `x` less `mean` to `tile`, `stride` values for each; what lies behind a row's values stays.
#[inline(always)]
pub fn deviations<T: Scalar>(x: Rows<'_, T>, rows: Range<usize>, mean: &[f64], stride: usize, tile: &mut [f64]) {
    for (row, values) in rows.zip(tile.chunks_exact_mut(stride.max(1))) {
        for ((value, &x), &mean) in values.iter_mut().zip(x.row(row)).zip(mean) {
            *value = x.to_f64() - mean;
        }
    }
}

/// The rows of a tile from `first` on, of which it has `count`; past the last it again.
#[inline(always)]
pub fn block<T>(tile: &[T], stride: usize, first: usize, count: usize) -> [&[T]; BLOCK_ROWS] {
    std::array::from_fn(|r| &tile[(first + r).min(count - 1) * stride..][..stride])
}

/// How many rows of `stride` values a tile has.
pub fn height(stride: usize) -> usize {
    (cache::L1_VALUES / stride.max(1)).max(1).next_multiple_of(BLOCK_ROWS)
}

/// How many rows a task has, in whole tiles of `height`, where a row takes so many `steps`.
pub fn task(height: usize, steps: usize) -> usize {
    (TASK_STEPS / (height * steps).max(1)).max(1) * height
}

/// `values` as `f64`; an error unless there are `count` of them.
pub fn as_f64<T: Scalar>(argument: &'static str, values: &[T], count: usize) -> Result<Vec<f64>> {
    if values.len() != count {
        return Err(Error::invalid(argument, format!("has {} values, not {count}", values.len())));
    }
    memory::collected(values.iter().map(|value| value.to_f64()))
}
