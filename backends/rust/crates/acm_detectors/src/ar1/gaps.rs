//! Sums over each value and the one before it, where gaps are.

use std::ops::Range;

use acm_core::panels::{LANES, Lanes, Panel, panels};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::{Gaps, SEGMENT_VALUES};

/// Most segments; their sums are joined by one thread.
const MOST_SEGMENTS: usize = 256;

/// The sums of each column about its centre, of which the second part is small.
pub fn echoes<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    gaps: Gaps,
    centers: &[[f64; 2]],
) -> Result<Vec<GappyEcho>> {
    simd::dispatch(Sums { threads, x: Rows::new(x, "x")?, gaps, centers })
}

/// Sums over a column's finite values, less its centre.
#[derive(Debug, Clone, Copy)]
pub struct GappyEcho {
    pub count: f64,
    /// Of values and their predecessors.
    pub products: f64,
    /// Of predecessors.
    pub squares: f64,
    /// What can be a successor to what comes before; NaN if nothing can.
    first: f64,
    /// What can be a predecessor to what comes behind; NaN if nothing can.
    last: f64,
}

impl GappyEcho {
    const NOTHING: GappyEcho = GappyEcho { count: 0.0, products: 0.0, squares: 0.0, first: f64::NAN, last: f64::NAN };

    /// Adds what comes behind.
    fn join(&mut self, behind: &GappyEcho, gaps: Gaps) {
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
    centers: &'a [[f64; 2]],
}

impl<T: Scalar> Task for Sums<'_, T> {
    type Output = Result<Vec<GappyEcho>>;

    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let Sums { threads, x, gaps, centers } = self;
        let (rows, width) = (x.count(), x.width());
        let length = (SEGMENT_VALUES / width).max(rows.div_ceil(MOST_SEGMENTS)).max(1);
        let mut segments = memory::filled(rows.div_ceil(length) * width, GappyEcho::NOTHING)?;
        threads.for_each(2 * rows * width, segments.chunks_mut(width).enumerate(), |(segment, sums)| {
            let rows = segment * length..((segment + 1) * length).min(rows);
            for panel in panels(x, 0..width) {
                let columns = panel.columns();
                let echoes = simd.vectorize(
                    #[inline(always)]
                    || match panel.whole() {
                        Some(whole) => in_panel::<S, T>(whole, rows.clone(), &centers[columns.clone()], gaps),
                        None => in_panel::<S, T>(panel, rows.clone(), &centers[columns.clone()], gaps),
                    },
                );
                for (sums, echo) in sums[columns].iter_mut().zip(echoes) {
                    *sums = echo;
                }
            }
            Ok(())
        })?;
        let mut columns = memory::filled(width, GappyEcho::NOTHING)?;
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
    centers: &[[f64; 2]],
    gaps: Gaps,
) -> [GappyEcho; LANES] {
    let (mut offset, mut shift) = ([0.0; LANES], [0.0; LANES]);
    for (lane, center) in centers.iter().enumerate() {
        [offset[lane], shift[lane]] = *center;
    }
    let [mut count, mut products, mut squares, mut previous] = [[0.0; LANES]; 4];
    let mut first = [f64::NAN; LANES];
    let mut centred = [f64::NAN; LANES];
    for (i, row) in rows.map(|i| panel.row(i)).enumerate() {
        centred = deviations::<S, T>(&row, &offset, &shift);
        if i == 0 || gaps == Gaps::Drop {
            first = earliest::<S>(&count, &centred, &first);
        }
        for j in (0..LANES).step_by(S::F64::LANES) {
            let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
            let [zero, one, infinity] = [0.0, 1.0, f64::INFINITY].map(S::F64::splat);
            let (value, before) = (load(&centred), load(&previous));
            let size = value.max(zero.sub(value));
            let present = S::F64::select_less(size, infinity, value, zero);
            let counted = S::F64::select_less(size, infinity, one, zero);
            present.mul_add(before, load(&products)).store(&mut products[j..]);
            before.mul(counted).mul_add(before, load(&squares)).store(&mut squares[j..]);
            load(&count).add(counted).store(&mut count[j..]);
            let kept = if gaps == Gaps::Drop { before } else { zero };
            S::F64::select_less(size, infinity, value, kept).store(&mut previous[j..]);
        }
    }
    std::array::from_fn(|lane| GappyEcho {
        count: count[lane],
        products: products[lane],
        squares: squares[lane],
        first: first[lane],
        last: match gaps {
            Gaps::Drop if count[lane] > 0.0 => previous[lane],
            Gaps::Drop => f64::NAN,
            Gaps::Pair => centred[lane],
        },
    })
}

/// A row's differences from its columns' centres; NaN where missing.
#[inline(always)]
fn deviations<S: Simd, T: Scalar>(row: &Lanes<T>, offset: &Lanes, shift: &Lanes) -> Lanes {
    let (row, mut out) = (row.map(T::to_f64), [0.0; LANES]);
    for j in (0..LANES).step_by(S::F64::LANES) {
        let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
        let (value, zero) = (load(&row), S::F64::splat(0.0));
        let centred = value.sub(load(offset)).sub(load(shift));
        let size = value.max(zero.sub(value));
        let [infinity, nan] = [f64::INFINITY, f64::NAN].map(S::F64::splat);
        S::F64::select_less(size, infinity, centred, nan).store(&mut out[j..]);
    }
    out
}

/// `value` where nothing has been counted yet, else `first`.
#[inline(always)]
fn earliest<S: Simd>(count: &Lanes, value: &Lanes, first: &Lanes) -> Lanes {
    let mut out = [0.0; LANES];
    for j in (0..LANES).step_by(S::F64::LANES) {
        let load = |lanes: &Lanes| S::F64::load(&lanes[j..]);
        S::F64::select_less(load(count), S::F64::splat(0.5), load(value), load(first)).store(&mut out[j..]);
    }
    out
}
