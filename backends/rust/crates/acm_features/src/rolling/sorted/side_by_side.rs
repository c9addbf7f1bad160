//! Sorted windows of several columns side by side, one a SIMD lane.

use acm_core::panels::{LANES, Lanes, Panel};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayViewMut2;

use super::super::Windows;
use super::super::grid::{Part, PartSize, for_each_part};
use super::{OrderStatistic, ordered};

/// Least rows in a part of the result.
const ROWS: usize = 1024;

/// Windows in a part of the result, at least: the first is sorted row by row, without results.
const WINDOWS: usize = 16;

/// Writes the `statistic` of each window.
pub fn slide<T: Scalar>(
    threads: &Threads<'_>,
    windows: Windows<'_, T>,
    statistic: impl OrderStatistic,
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let (x, Windows { window, min_periods, .. }) = (Rows::new(windows.x, "x")?, windows);
    simd::dispatch(Slide { threads, x, window, min_periods, statistic, out: out.view_mut() })
}

struct Slide<'a, T, K> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    window: usize,
    min_periods: usize,
    statistic: K,
    out: ArrayViewMut2<'a, T>,
}

impl<T: Scalar, K: OrderStatistic> Task for Slide<'_, T, K> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Slide { threads, x, window, min_periods, statistic, out } = self;
        // The row behind a window stays infinite.
        let prepare = || memory::filled(window + 1, [T::INFINITY; LANES]);
        let size = PartSize { height: ROWS.max(WINDOWS * window), width: LANES, steps: window };
        for_each_part(threads, size, out, prepare, |sorted, mut part| {
            for panel in part.panels(x) {
                let window = Window { sorted: &mut *sorted, counts: [0; LANES] };
                simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => fill::<S, _>(whole, window, min_periods, statistic, &mut part),
                        None => fill::<S, _>(panel, window, min_periods, statistic, &mut part),
                    },
                );
            }
            Ok(())
        })
    }
}

/// Fills the columns of `panel` in a part of the result.
#[inline(always)]
fn fill<S: Simd, T: Scalar>(
    panel: Panel<'_, T>,
    mut window: Window<'_, T>,
    min_periods: usize,
    statistic: impl OrderStatistic,
    part: &mut Part<'_, T>,
) {
    let (start, length) = (part.first.0, window.sorted.len() - 1);
    window.sorted.fill([T::INFINITY; LANES]);
    for i in start.saturating_sub(length)..start {
        window.replace::<S>([T::INFINITY; LANES], panel.row(i).map(ordered));
    }
    for i in start..start + part.out.nrows() {
        let leaving = if i < length { [T::INFINITY; LANES] } else { panel.row(i - length).map(ordered) };
        window.replace::<S>(leaving, panel.row(i).map(ordered));
        part.write(panel, i, &window.results(min_periods, statistic));
    }
}

/// Sorted windows, and how many values each holds.
struct Window<'a, T> {
    sorted: &'a mut [Lanes<T>],
    counts: [usize; LANES],
}

impl<T: Scalar> Window<'_, T> {
    /// Takes `leaving` out and `coming` in: insertion shifts what is greater by one place to the right, removal what
    /// is behind by one to the left.
    #[inline(always)]
    fn replace<S: Simd>(&mut self, leaving: Lanes<T>, coming: Lanes<T>) {
        for j in 0..LANES {
            self.counts[j] += usize::from(coming[j] < T::INFINITY);
            self.counts[j] -= usize::from(leaving[j] < T::INFINITY);
        }
        for j in (0..LANES).step_by(T::Vector::<S>::LANES) {
            let load = |lanes: &Lanes<T>| T::Vector::<S>::load(&lanes[j..]);
            let (leaving, coming, mut current) = (load(&leaving), load(&coming), load(&self.sorted[0]));
            let mut inserted = current.min(coming);
            for i in 1..self.sorted.len() {
                let following = load(&self.sorted[i]);
                let next = current.max(following.min(coming));
                T::Vector::<S>::select_less(inserted, leaving, inserted, next).store(&mut self.sorted[i - 1][j..]);
                (current, inserted) = (following, next);
            }
        }
    }

    #[inline(always)]
    fn results(&self, min_periods: usize, statistic: impl OrderStatistic) -> Lanes<T> {
        std::array::from_fn(
            #[inline(always)]
            |j| {
                let count = self.counts[j];
                if count < min_periods {
                    return T::NAN;
                }
                let values = &self.sorted[..count];
                T::from_f64(statistic.of(
                    count,
                    #[inline(always)]
                    |rank| values[rank][j].to_f64(),
                ))
            },
        )
    }
}
