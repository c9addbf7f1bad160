//! Statistics of moving windows by van Herk's two runs (van Herk 1992; Gil and Werman 1993), for sums as for extremes.
//!
//! ```text
//! there is a boundary every `window` rows, so each window meets exactly one
//! for each boundary b:
//!     suffix[o] = statistic of the rows b - (window - 1 - o) .. b,   for o = window - 1 down to 0   (see suffixes)
//!     prefix    = nothing
//!     for o in 0 .. window:                          the window that ends at row b + o
//!         prefix += row b + o
//!         result[b + o] = combine(suffix[o], prefix)
//! ```
//!
//! Why this variant: both runs only grow. Nothing is subtracted when a row leaves, so nothing that has left can leave a
//! rounding error behind, which is what running sums do (pandas' kurtosis by up to 4e2 after a jump); and it serves
//! extremes, which cannot be subtracted at all. A two-stack queue does the same but keeps a state per row and branches.
//!
//! Cost: each row is added twice and finished once, whatever the window's length; scratch memory of one window. Where
//! no value is missing within a window's length on either side of a boundary, counts are known and not kept.

use std::ops::Range;

use acm_core::panels::{LANES, Lanes, Panel};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayViewMut2;

use super::Windows;
use super::grid::{Part, PartSize, for_each_part};
use super::suffixes::{KEPT, Suffixes};
use super::units::{Block, Fitting, recompute_rescaled};

/// Elementary steps for one value: it is added twice and finished once.
const STEPS: usize = 4;

/// Least rows in a part of the result.
const ROWS: usize = 512;

/// Windows in a part of the result, at least: the first of them is gone through once more than the others.
const WINDOWS: usize = 8;

/// A statistic that the suffix and the prefix of a window give.
pub trait Statistic<T, const N: usize = LANES>: Copy + Sync {
    /// Which values a half has.
    type Seen: Copy + Send;

    /// Their sums.
    type Sums: Copy + Send;

    /// The power of the data's unit that it is counted in; None where no sum can leave the range of numbers.
    const DEGREE: Option<i32>;

    /// Whether registers of 512 bits pay.
    const IS_WIDE: bool;

    /// No values.
    const UNSEEN: Self::Seen;

    /// The sums of no values.
    const NOTHING: Self::Sums;

    /// The sums of no values where `row` is the first to come.
    fn starting(&self, row: &Lanes<T, N>) -> Self::Sums;

    /// Adds a row, `time` rows after the boundary.
    fn add<S: Simd>(&self, seen: &mut Self::Seen, sums: &mut Self::Sums, row: &Lanes<T, N>, time: f64);

    /// The same, where nothing is missing and `sums` were made by [`starting`](Self::starting).
    fn add_all<S: Simd>(&self, sums: &mut Self::Sums, row: &Lanes<T, N>, time: f64);

    /// The statistic of both halves together, the one before the boundary first. Marks by 1 the lanes that are
    /// `out_of_range`: whose sums overflowed, or may have lost digits because they are so small, or 0.
    fn result<S: Simd>(
        &self,
        seen: [&Self::Seen; 2],
        sums: [&Self::Sums; 2],
        out_of_range: &mut Lanes<f64, N>,
    ) -> Lanes<T, N>;

    /// The same of halves of so many rows, where nothing is missing.
    fn result_all<S: Simd>(
        &self,
        rows: [f64; 2],
        sums: [&Self::Sums; 2],
        out_of_range: &mut Lanes<f64, N>,
    ) -> Lanes<T, N>;
}

/// The part of a window on one side of its boundary.
#[derive(Debug, Clone, Copy)]
pub struct Half<C, M> {
    /// Which values it has; up to date only where some may be missing.
    pub seen: C,
    /// Their sums.
    pub sums: M,
}

impl<C, M> Half<C, M> {
    /// No rows; the one at `first` is the first to come.
    #[inline(always)]
    pub fn new<T: Scalar, K: Statistic<T, N, Seen = C, Sums = M>, const N: usize, const GAPS: bool>(
        statistic: K,
        panel: Panel<'_, T, N>,
        first: usize,
    ) -> Self {
        Half { seen: K::UNSEEN, sums: if GAPS { K::NOTHING } else { statistic.starting(&panel.row(first)) } }
    }

    /// Adds a row, `time` rows after the boundary.
    #[inline(always)]
    pub fn add<S: Simd, T, K: Statistic<T, N, Seen = C, Sums = M>, const N: usize, const GAPS: bool>(
        &mut self,
        statistic: K,
        row: &Lanes<T, N>,
        time: f64,
    ) {
        if GAPS {
            statistic.add::<S>(&mut self.seen, &mut self.sums, row, time);
        } else {
            statistic.add_all::<S>(&mut self.sums, row, time);
        }
    }
}

/// Writes the `statistic` of each window.
pub fn slide<T: Scalar, const N: usize>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    statistic: impl Statistic<T, N>,
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    windows.check(&out)?;
    let (x, window) = (Rows::new(windows.x, "x")?, windows.window.min(windows.x.nrows()));
    simd::dispatch(Slide::<_, _, N> { threads, x, window, statistic, out: out.view_mut() })
}

struct Slide<'a, T, K, const N: usize> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    window: usize,
    statistic: K,
    out: ArrayViewMut2<'a, T>,
}

impl<T: Scalar, K: Statistic<T, N>, const N: usize> Task for Slide<'_, T, K, N> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = K::IS_WIDE;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Slide { threads, x, window, statistic, out } = self;
        let height = (WINDOWS * window).max(ROWS).next_multiple_of(window);
        let size = PartSize { height, width: N, steps: STEPS };
        let prepare = || Suffixes::new(statistic, window);
        for_each_part(threads, size, out, prepare, |suffixes, mut part| {
            for panel in part.panels(x) {
                simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => fill(simd, whole, suffixes, &mut part),
                        None => fill(simd, panel, suffixes, &mut part),
                    },
                )?;
            }
            Ok(())
        })
    }
}

/// Fills the columns of `panel` in a part of the result.
#[inline(always)]
fn fill<S: Simd, T: Scalar, K: Statistic<T, N>, const N: usize>(
    simd: S,
    panel: Panel<'_, T, N>,
    suffixes: &mut Suffixes<K, T, N>,
    part: &mut Part<'_, T>,
) -> Result<()> {
    let window = suffixes.window;
    let rows = part.first.0..part.first.0 + part.out.nrows();
    let mut known = Fitting::UNKNOWN;
    let mut is_gapless = rows.start >= window && panel.is_finite(rows.start - window..rows.start);
    for boundary in rows.clone().step_by(window) {
        let meeting = boundary..rows.end.min(boundary + window);
        let was_gapless = is_gapless;
        is_gapless = panel.is_finite(meeting.clone());
        let out_of_range = if was_gapless && is_gapless {
            fill_around::<S, T, K, N, false>(panel, suffixes, part, meeting.clone())
        } else {
            fill_around::<S, T, K, N, true>(panel, suffixes, part, meeting.clone())
        };
        if let (Some(degree), true) = (K::DEGREE, out_of_range[..panel.columns().len()].contains(&1.0)) {
            let block = Block { panel, window, rows: meeting, out_of_range };
            recompute_rescaled(simd, suffixes.statistic, degree, block, &mut known, part)?;
        }
    }
    Ok(())
}

/// Fills the windows that end in `rows`, the first of which lies behind their boundary. Answers 1 in the lanes in which
/// sums are out of range.
#[inline(always)]
pub fn fill_around<S: Simd, T: Scalar, K: Statistic<T, N>, const N: usize, const GAPS: bool>(
    panel: Panel<'_, T, N>,
    suffixes: &mut Suffixes<K, T, N>,
    part: &mut Part<'_, T>,
    rows: Range<usize>,
) -> Lanes<f64, N> {
    let (boundary, statistic, last) = (rows.start, suffixes.statistic, suffixes.window as f64 - 1.0);
    let mut out_of_range = [0.0; N];
    suffixes.checkpoint::<S, GAPS>(panel, boundary);
    let mut since = Half::new::<T, K, N, GAPS>(statistic, panel, boundary);
    for start in (0..rows.len()).step_by(KEPT) {
        suffixes.keep::<S, GAPS>(panel, boundary, start);
        for offset in start..rows.len().min(start + KEPT) {
            let time = offset as f64;
            since.add::<S, T, K, N, GAPS>(statistic, &panel.row(boundary + offset), time);
            let sums = [&suffixes.sums[offset - start], &since.sums];
            let result = if GAPS {
                statistic.result::<S>([&suffixes.seen[offset - start], &since.seen], sums, &mut out_of_range)
            } else {
                statistic.result_all::<S>([last - time, time + 1.0], sums, &mut out_of_range)
            };
            part.write(panel, boundary + offset, &result);
        }
    }
    out_of_range
}
