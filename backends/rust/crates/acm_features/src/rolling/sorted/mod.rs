//! Medians and MADs of moving windows from a window that is kept sorted; each step replaces one number.
//!
//! ```text
//! sorted[0 .. window]: missing values count as infinity and stand behind all others, so its length never changes
//! step: remove the value that leaves, insert the one that comes, shifting what lies between them by one place
//! median = middle of the first `count`;  MAD = binary search for the count / 2 + 1 values nearest to the median, which
//!          are neighbours in `sorted` (selection in two sorted lists)
//! ```
//!
//! Two layouts: up to 1,024 rows all numbers of several columns move at once, one column a SIMD lane, without a branch
//! (`side_by_side`: O(window) a step, at one instruction for eight numbers); longer windows stand in blocks of 512, of
//! which each hands one number to its neighbour (`blocks`, a ring buffer each: O(512 + window / 512) a step). Heaps (as
//! in bottleneck) and skip lists take O(log window) steps, each of which depends on the one before and branches on
//! data; moving neighbours in order does neither.

mod blocks;
mod side_by_side;

use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayViewMut2;

use super::Windows;

/// Up to so many rows, moving all numbers of eight windows at once is faster than finding the few that have to move.
const SIDE_BY_SIDE: usize = 1024;

/// A statistic of the values of a sorted window.
pub trait OrderStatistic: Copy + Sync {
    /// The statistic of `count` values, at least 1, of which `at` tells the one of each rank.
    fn of(&self, count: usize, at: impl Fn(usize) -> f64) -> f64;
}

/// Writes the `statistic` of each window.
pub fn slide<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    statistic: impl OrderStatistic,
    out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    windows.check(&out)?;
    let window = windows.window.min(windows.x.nrows());
    let windows = Windows { window, min_periods: windows.min_periods.max(1), ..windows };
    if window <= SIDE_BY_SIDE {
        side_by_side::slide(threads, windows, statistic, out)
    } else {
        blocks::slide(threads, windows, statistic, out)
    }
}

/// The number that stands for `value` in a sorted window.
#[inline(always)]
fn ordered<T: Scalar>(value: T) -> T {
    if value.is_finite() { value } else { T::INFINITY }
}

/// The median.
#[derive(Clone, Copy)]
pub struct Middle;

impl OrderStatistic for Middle {
    #[inline(always)]
    fn of(&self, count: usize, at: impl Fn(usize) -> f64) -> f64 {
        mean(at((count - 1) / 2), at(count / 2))
    }
}

/// The median absolute deviation from the median, times `scale`.
#[derive(Clone, Copy)]
pub struct Deviation {
    /// The factor.
    pub scale: f64,
}

impl OrderStatistic for Deviation {
    #[inline(always)]
    fn of(&self, count: usize, at: impl Fn(usize) -> f64) -> f64 {
        let deviation = self.scale * deviation(count, &at);
        // By halves where need be: the distance of two numbers may be larger than all numbers.
        if deviation.is_finite() { deviation } else { self.scale * half_deviation(count, &at) * 2.0 }
    }
}

#[cold]
#[inline(never)]
fn half_deviation(count: usize, at: &impl Fn(usize) -> f64) -> f64 {
    deviation(count, &|rank| at(rank) * 0.5)
}

/// The median absolute deviation of `count` values from their median.
///
/// The `reach + 1` values nearest to the median stand side by side. Of all such rows of neighbours theirs is the one
/// whose farther end is nearest; from left to right the left end comes nearer and the right end goes away, so a binary
/// search finds where they change roles.
#[inline(always)]
fn deviation(count: usize, at: &impl Fn(usize) -> f64) -> f64 {
    let median = Middle.of(count, at);
    let reach = (count - 1) / 2;
    let (left, right) = (|first: usize| median - at(first), |first: usize| at(first + reach) - median);
    let (mut first, mut length) = (0, count - 1 - reach);
    while length > 0 {
        let half = length / 2;
        let too_far_left = right(first + half) < left(first + half);
        first = if too_far_left { first + half + 1 } else { first };
        length = if too_far_left { length - half - 1 } else { half };
    }
    if first > 0 && left(first - 1) < right(first) {
        first -= 1;
    }
    let nearest = larger(left(first), right(first));
    if count % 2 == 1 {
        return nearest;
    }
    let before = if first > 0 { left(first - 1) } else { f64::INFINITY };
    let behind = if first + reach + 1 < count { right(first + 1) } else { f64::INFINITY };
    mean(nearest, if before < behind { before } else { behind })
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The mean by halves, which cannot overflow.
#[inline(always)]
fn mean(low: f64, high: f64) -> f64 {
    if low == high { low } else { low / 2.0 + high / 2.0 }
}
