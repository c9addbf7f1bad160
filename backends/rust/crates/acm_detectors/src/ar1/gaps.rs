//! Sums over each value and the one before it, where gaps are.

use std::ops::Range;

use acm_core::panels::{LANES, Lanes, Panel, whole_panels};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::units::power;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::{Gaps, SEGMENT_VALUES};

/// Most segments; their sums are joined by one thread.
const MOST_SEGMENTS: usize = 256;

/// The sums of each column about its centre, of which the second part is small; both are counted in units with these
/// exponents, and so are the sums.
pub fn lag_sums<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    gaps: Gaps,
    centers: &[[f64; 2]],
    exponents: &[i32],
) -> Result<Vec<GappyLagSums>> {
    let centers = centers.iter().zip(exponents).map(|(&[offset, shift], &exponent)| Center {
        counted: power(-exponent),
        offset,
        shift,
    });
    simd::dispatch(Sums { threads, x: Rows::new(x, "x")?, gaps, centers: &memory::collected(centers)? })
}

/// What a value is multiplied by to be counted in its column's unit, and the centre in that unit.
#[derive(Clone, Copy)]
struct Center {
    counted: f64,
    offset: f64,
    shift: f64,
}

/// Sums over a column's finite values, less its centre.
#[derive(Debug, Clone, Copy)]
pub struct GappyLagSums {
    pub count: f64,
    /// Of values and their predecessors.
    pub products: f64,
    /// Of predecessors.
    pub squares: f64,
    /// The first value, successor to the last one before it; NaN if it is missing.
    first: f64,
    /// The last value, predecessor to the first one after it; NaN if it is missing.
    last: f64,
}

impl GappyLagSums {
    const NOTHING: GappyLagSums =
        GappyLagSums { count: 0.0, products: 0.0, squares: 0.0, first: f64::NAN, last: f64::NAN };

    /// Adds the sums of the values that follow.
    fn join(&mut self, behind: &GappyLagSums, gaps: Gaps) {
        let linked = !(self.last.is_nan() | behind.first.is_nan());
        let (product, square) = if linked { (self.last * behind.first, self.last * self.last) } else { (0.0, 0.0) };
        self.count += behind.count;
        self.products += product + behind.products;
        self.squares += square + behind.squares;
        if gaps == Gaps::Pair || !behind.last.is_nan() {
            self.last = behind.last;
        }
    }
}

/// The sums of each column.
struct Sums<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    gaps: Gaps,
    centers: &'a [Center],
}

impl<T: Scalar> Task for Sums<'_, T> {
    type Output = Result<Vec<GappyLagSums>>;

    // All columns of a panel in one register.
    const MAY_BE_WIDE: bool = true;

    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let Sums { threads, x, gaps, centers } = self;
        let (rows, width) = (x.count(), x.width());
        let length = (SEGMENT_VALUES / width).max(rows.div_ceil(MOST_SEGMENTS)).max(1);
        let mut segments = memory::filled(rows.div_ceil(length) * width, GappyLagSums::NOTHING)?;
        threads.for_each(2 * rows * width, segments.chunks_mut(width).enumerate(), |(segment, sums)| {
            let rows = segment * length..((segment + 1) * length).min(rows);
            for panel in whole_panels(x, 0..width) {
                let columns = panel.columns();
                let lag_sums = simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => in_panel::<S, T>(whole, rows.clone(), &centers[columns.clone()], gaps),
                        None => in_panel::<S, T>(panel, rows.clone(), &centers[columns.clone()], gaps),
                    },
                );
                for (sums, found) in sums[columns].iter_mut().zip(lag_sums) {
                    *sums = found;
                }
            }
            Ok(())
        })?;
        let mut columns = memory::filled(width, GappyLagSums::NOTHING)?;
        for segment in segments.chunks(width) {
            columns.iter_mut().zip(segment).for_each(|(column, behind)| column.join(behind, gaps));
        }
        Ok(columns)
    }
}

/// The sums over some rows of the columns of `panel`.
#[inline(always)]
fn in_panel<S: Simd, T: Scalar>(
    panel: Panel<'_, T>,
    rows: Range<usize>,
    centers: &[Center],
    gaps: Gaps,
) -> [GappyLagSums; LANES] {
    let [mut counted, mut offset, mut shift] = [[0.0; LANES]; 3];
    for (lane, center) in centers.iter().enumerate() {
        (counted[lane], offset[lane], shift[lane]) = (center.counted, -center.offset, center.shift);
    }
    let center = [&counted, &offset, &shift];
    let (mut seen, mut first, mut next) = (Seen::NOTHING, [f64::NAN; LANES], rows.start);
    // While values may be the first of their columns.
    while next < rows.end && (next == rows.start || gaps == Gaps::Drop && seen.lacks_some(centers.len())) {
        let row = deviations::<S, T>(&panel.row(next), center);
        first = seen.earliest::<S>(&row, &first);
        seen.add::<S>(&row, gaps);
        next += 1;
    }
    for i in next..rows.end {
        seen.add::<S>(&deviations::<S, T>(&panel.row(i), center), gaps);
    }
    let last = deviations::<S, T>(&panel.row(rows.end - 1), center);
    std::array::from_fn(|lane| GappyLagSums {
        count: seen.count[lane],
        products: seen.products[lane],
        squares: seen.squares[lane],
        first: first[lane],
        last: match gaps {
            Gaps::Drop if seen.count[lane] > 0.0 => seen.previous[lane],
            Gaps::Pair if last[lane].is_finite() => last[lane],
            Gaps::Drop | Gaps::Pair => f64::NAN,
        },
    })
}

/// A row's differences from its columns' centres, counted in their units; not finite where missing. The offsets are
/// negative: then it is one instruction to count and to subtract.
#[inline(always)]
fn deviations<S: Simd, T: Scalar>(row: &Lanes<T>, [counted, offset, shift]: [&Lanes; 3]) -> Lanes {
    let mut deviations = row.map(T::to_f64);
    for j in (0..LANES).step_by(S::F64::LANES) {
        let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
        load(&deviations).mul_add(load(counted), load(offset)).sub(load(shift)).store(&mut deviations[j..]);
    }
    deviations
}

/// What the values so far sum up to.
struct Seen {
    count: Lanes,
    products: Lanes,
    squares: Lanes,
    /// The predecessor of the value to come, 0 without one.
    previous: Lanes,
}

impl Seen {
    const NOTHING: Seen =
        Seen { count: [0.0; LANES], products: [0.0; LANES], squares: [0.0; LANES], previous: [0.0; LANES] };

    /// Whether one of the first `live` columns has no value yet.
    #[inline(always)]
    fn lacks_some(&self, live: usize) -> bool {
        self.count[..live].contains(&0.0)
    }

    /// `row` where nothing has been counted yet, NaN where it is missing; else `first`.
    #[inline(always)]
    fn earliest<S: Simd>(&self, row: &Lanes, first: &Lanes) -> Lanes {
        let mut out = [0.0; LANES];
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let [some, nan] = [0.5, f64::NAN].map(S::F64::splat);
            let value = load(row);
            let value = S::F64::select_less(value.sub(value), some, value, nan);
            S::F64::select_less(load(&self.count), some, value, load(first)).store(&mut out[j..]);
        }
        out
    }

    /// Adds a row.
    #[inline(always)]
    fn add<S: Simd>(&mut self, row: &Lanes, gaps: Gaps) {
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let [zero, some, one] = [0.0, 0.5, 1.0].map(S::F64::splat);
            let (value, before) = (load(row), load(&self.previous));
            // 0, or NaN for missing values.
            let nothing = value.sub(value);
            let present = |then: S::F64, otherwise: S::F64| S::F64::select_less(nothing, some, then, otherwise);
            load(&self.count).add(present(one, zero)).store(&mut self.count[j..]);
            present(value, zero).mul_add(before, load(&self.products)).store(&mut self.products[j..]);
            present(before, zero).mul_add(before, load(&self.squares)).store(&mut self.squares[j..]);
            let kept = if gaps == Gaps::Drop { before } else { zero };
            present(value, kept).store(&mut self.previous[j..]);
        }
    }
}
