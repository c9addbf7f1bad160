//! The suffixes of van Herk's algorithm: the summary of the rows from each offset to the boundary.
//!
//! Only 256 suffixes are kept at a time. Of a longer window every 256th is kept as a checkpoint in one backward pass,
//! and the others are made again from the next checkpoint: twice the additions, for a memory that stays in the L1
//! cache.

use acm_core::panels::Panel;
use acm_core::simd::Simd;
use acm_core::{Result, Scalar, memory};

use super::van_herk::{Half, Statistic};

/// Halves before a boundary that are kept at a time; of a longer window they are made again from one in this many.
pub const KEPT: usize = 256;

/// The suffixes before a boundary.
///
/// The half at `offset` belongs to the window that ends `offset` rows after the boundary.
pub struct Suffixes<K: Statistic<T, N>, T, const N: usize> {
    /// The statistic of windows.
    pub statistic: K,
    /// Rows in a window.
    pub window: usize,
    /// Checkpoints: the suffixes at [`KEPT`], 2 [`KEPT`] and so on.
    checkpoints: Vec<Half<K::Seen, K::Sums>>,
    /// Of the suffixes at [`KEPT`] offsets in a row, which values they have; not kept where none is missing.
    pub seen: Vec<K::Seen>,
    /// And their sums.
    pub sums: Vec<K::Sums>,
}

impl<T: Scalar, K: Statistic<T, N>, const N: usize> Suffixes<K, T, N> {
    /// For windows of `window` rows.
    pub fn new(statistic: K, window: usize) -> Result<Self> {
        let kept = KEPT.min(window);
        let checkpoints = memory::filled(window.div_ceil(KEPT), Half { seen: K::UNSEEN, sums: K::NOTHING })?;
        let (seen, sums) = (memory::filled(kept, K::UNSEEN)?, memory::filled(kept, K::NOTHING)?);
        Ok(Suffixes { statistic, window, checkpoints, seen, sums })
    }

    /// Makes the checkpoints of a boundary.
    #[inline(always)]
    pub fn checkpoint<S: Simd, const GAPS: bool>(&mut self, panel: Panel<'_, T, N>, boundary: usize) {
        let mut half = self.behind_all::<GAPS>(panel, boundary);
        for offset in (KEPT..self.window).rev() {
            self.extend::<S, GAPS>(panel, &mut half, boundary, offset);
            if offset % KEPT == 0 {
                self.checkpoints[offset / KEPT] = half;
            }
        }
    }

    /// Makes the suffixes from `start` on.
    #[inline(always)]
    pub fn keep<S: Simd, const GAPS: bool>(&mut self, panel: Panel<'_, T, N>, boundary: usize, start: usize) {
        let end = self.window.min(start + KEPT);
        let mut half =
            if end < self.window { self.checkpoints[end / KEPT] } else { self.behind_all::<GAPS>(panel, boundary) };
        for offset in (start..end).rev() {
            self.extend::<S, GAPS>(panel, &mut half, boundary, offset);
            self.sums[offset - start] = half.sums;
            if GAPS {
                self.seen[offset - start] = half.seen;
            }
        }
        if !GAPS && end == self.window {
            // The window that has no rows before the boundary must not depend on one of them.
            self.sums[end - 1 - start] = self.statistic.starting(&panel.row(boundary));
        }
    }

    /// The half of no rows.
    #[inline(always)]
    fn behind_all<const GAPS: bool>(&self, panel: Panel<'_, T, N>, boundary: usize) -> Half<K::Seen, K::Sums> {
        Half::new::<T, K, N, GAPS>(self.statistic, panel, boundary.saturating_sub(1))
    }

    /// Makes the half at `offset` of the one behind it.
    #[inline(always)]
    fn extend<S: Simd, const GAPS: bool>(
        &self,
        panel: Panel<'_, T, N>,
        half: &mut Half<K::Seen, K::Sums>,
        boundary: usize,
        offset: usize,
    ) {
        let distance = self.window - 1 - offset;
        if (1..=boundary).contains(&distance) {
            half.add::<S, T, K, N, GAPS>(self.statistic, &panel.row(boundary - distance), -(distance as f64));
        }
    }
}
