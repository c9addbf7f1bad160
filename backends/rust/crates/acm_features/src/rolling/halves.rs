//! Windows made of two halves: what lies before a boundary and what lies since.
//!
//! There is a boundary every `window` rows, so each window meets one. Both halves only ever grow, the one backwards
//! from the boundary and the other forwards: nothing is taken away again, so nothing that left a window can leave a
//! rounding error in it. Each row is added twice, whatever the length of the window.

use acm_core::panels::{LANES, Lanes, Panel};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayViewMut2;

use super::Windows;
use super::grid::{Grain, Part, for_each_part};

/// Halves before a boundary that are kept at a time; of a longer window they are made again from one in this many.
const KEPT: usize = 256;

/// Elementary steps for one value: it is added twice and finished once.
const STEPS: usize = 4;

/// Least rows in a part of the result.
const ROWS: usize = 512;

/// Windows in a part of the result, at least: the first of them is gone through once more than the others.
const WINDOWS: usize = 8;

/// What can be known of a window from its two halves.
pub trait Statistic<T>: Copy + Sync {
    /// What is known of a half.
    type Half: Copy + Send;

    /// Whether registers of 512 bits pay.
    const IS_WIDE: bool;

    /// What is known of no rows.
    const NOTHING: Self::Half;

    /// Adds a row, `time` rows after the boundary.
    fn add<S: Simd>(&self, half: &mut Self::Half, row: &Lanes<T>, time: f64);

    /// The statistic of both halves together.
    fn result<S: Simd>(&self, before: &Self::Half, since: &Self::Half) -> Lanes<T>;
}

/// Writes the `statistic` of each window.
pub fn slide<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    statistic: impl Statistic<T>,
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    windows.check(&out)?;
    let (x, window) = (Rows::new(windows.x, "x")?, windows.window.min(windows.x.nrows()));
    simd::dispatch(Slide { threads, x, window, statistic, out: out.view_mut() })
}

struct Slide<'a, T, K> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    window: usize,
    statistic: K,
    out: ArrayViewMut2<'a, T>,
}

impl<T: Scalar, K: Statistic<T>> Task for Slide<'_, T, K> {
    type Output = Result<()>;

    fn is_wide(&self) -> bool {
        K::IS_WIDE
    }

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Slide { threads, x, window, statistic, out } = self;
        let height = (WINDOWS * window).max(ROWS).next_multiple_of(window);
        let grain = Grain { height, width: LANES, steps: STEPS };
        let prepare = || Before::new(statistic, window);
        for_each_part(threads, grain, out, prepare, |before, mut part| {
            for panel in part.panels(x) {
                simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => fill::<S, _, _>(whole, before, &mut part),
                        None => fill::<S, _, _>(panel, before, &mut part),
                    },
                );
            }
            Ok(())
        })
    }
}

/// Fills the columns of `panel` in a part of the result.
#[inline(always)]
fn fill<S: Simd, T: Scalar, K: Statistic<T>>(panel: Panel<'_, T>, before: &mut Before<K, T>, part: &mut Part<'_, T>) {
    let (window, statistic) = (before.window, before.statistic);
    let rows = part.first.0..part.first.0 + part.out.nrows();
    for boundary in rows.clone().step_by(window) {
        let count = window.min(rows.end - boundary);
        before.mark::<S>(panel, boundary);
        let mut since = K::NOTHING;
        for start in (0..count).step_by(KEPT) {
            before.keep::<S>(panel, boundary, start);
            for (offset, before) in (start..count.min(start + KEPT)).zip(&before.kept) {
                statistic.add::<S>(&mut since, &panel.row(boundary + offset), offset as f64);
                part.write(panel, boundary + offset, &statistic.result::<S>(before, &since));
            }
        }
    }
}

/// The halves before a boundary.
///
/// The half at `offset` belongs to the window that ends `offset` rows after the boundary.
struct Before<K: Statistic<T>, T> {
    statistic: K,
    window: usize,
    /// The halves at [`KEPT`], 2 [`KEPT`] and so on.
    marks: Vec<K::Half>,
    /// The halves at [`KEPT`] offsets in a row.
    kept: Vec<K::Half>,
}

impl<T: Scalar, K: Statistic<T>> Before<K, T> {
    fn new(statistic: K, window: usize) -> Result<Self> {
        let marks = memory::filled(window.div_ceil(KEPT), K::NOTHING)?;
        Ok(Before { statistic, window, marks, kept: memory::filled(KEPT.min(window), K::NOTHING)? })
    }

    /// Makes the marks of a boundary.
    #[inline(always)]
    fn mark<S: Simd>(&mut self, panel: Panel<'_, T>, boundary: usize) {
        let mut half = K::NOTHING;
        for offset in (KEPT..self.window).rev() {
            self.extend::<S>(panel, &mut half, boundary, offset);
            if offset % KEPT == 0 {
                self.marks[offset / KEPT] = half;
            }
        }
    }

    /// Makes the halves from `start` on.
    #[inline(always)]
    fn keep<S: Simd>(&mut self, panel: Panel<'_, T>, boundary: usize, start: usize) {
        let end = self.window.min(start + KEPT);
        let mut half = if end < self.window { self.marks[end / KEPT] } else { K::NOTHING };
        for offset in (start..end).rev() {
            self.extend::<S>(panel, &mut half, boundary, offset);
            self.kept[offset - start] = half;
        }
    }

    /// Makes the half at `offset` of the one behind it.
    #[inline(always)]
    fn extend<S: Simd>(&self, panel: Panel<'_, T>, half: &mut K::Half, boundary: usize, offset: usize) {
        let distance = self.window - 1 - offset;
        if (1..=boundary).contains(&distance) {
            self.statistic.add::<S>(half, &panel.row(boundary - distance), -(distance as f64));
        }
    }
}

/// A row in `f64`.
#[inline(always)]
pub fn widened<T: Scalar>(row: &Lanes<T>) -> Lanes {
    row.map(T::to_f64)
}

/// The unit, a power of two at least `window`^`power`, in which sums over a window stay below the largest number
/// although single values may reach it. To count in it costs no digits, unless values are nearly as small as numbers
/// can be.
pub fn roomy_unit<T: Scalar>(windows: Windows<'_, T>, power: u32) -> f64 {
    let rows = windows.window.clamp(1, windows.x.nrows().max(1));
    // Differences are twice as large as values, and binomials come before them.
    8.0 * f64::powi(2.0, (power * (rows.ilog2() + 1)) as i32)
}

/// What a value adds to sums of its half.
pub struct Lane<V> {
    /// 1, or 0 for a missing value.
    pub one: V,
    /// The value's difference from the half's first value, or 0.
    pub difference: V,
}

impl<V: Vector<f64>> Lane<V> {
    /// Takes `value` into `count`s, and into `base`s where it is their first.
    #[inline(always)]
    pub fn new(value: V, base: &mut [f64], count: &mut [f64]) -> Self {
        let ([zero, some, one], counted) = ([0.0, 0.5, 1.0].map(V::splat), V::load(count));
        // 0, or NaN for what is not finite.
        let nothing = value.sub(value);
        let from = V::select_less(counted, some, value, V::load(base));
        let one = V::select_less(nothing, some, one, zero);
        from.store(base);
        counted.add(one).store(count);
        Lane { one, difference: V::select_less(nothing, some, value.sub(from), zero) }
    }
}
