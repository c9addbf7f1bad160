//! Windows whose sums are out of range, recomputed from values rescaled to a unit of their size.

use std::ops::Range;

use acm_core::panels::{Lanes, Panel, panels};
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};
use acm_core::units::{FITTING, LEAST_SQUARES, exponent_for, fits, times_power};
use acm_core::{Error, Result, Scalar, memory};
use ndarray::{ArrayView2, ArrayViewMut2};

use super::grid::Part;
use super::suffixes::Suffixes;
use super::van_herk::{Statistic, fill_around};

/// Windows of neighbouring columns that meet a boundary.
pub struct Block<'a, T, const N: usize> {
    /// The columns.
    pub panel: Panel<'a, T, N>,
    /// Rows in a window.
    pub window: usize,
    /// The rows in which the windows end; the boundary lies before the first.
    pub rows: Range<usize>,
    /// 1 in the lanes of columns some of whose windows' sums are out of range.
    pub out_of_range: Lanes<f64, N>,
}

/// Whether the values of the rows searched so far are of ordinary size, lane by lane.
pub struct Fitting<const N: usize> {
    /// The row behind them.
    end: usize,
    /// The lanes all of whose values need no unit.
    lanes: Lanes<bool, N>,
}

impl<const N: usize> Fitting<N> {
    /// Nothing has been looked at.
    pub const UNKNOWN: Self = Fitting { end: usize::MAX, lanes: [false; N] };
}

/// Writes the statistic of those windows whose values do not fit, those of one size after the other: what is larger is
/// no longer wanted then.
///
/// Windows of equal values look like it, too: they are gone through for their size only.
#[cold]
#[inline(never)]
pub fn recompute_rescaled<S: Simd, T: Scalar, K: Statistic<T, N>, const N: usize>(
    simd: S,
    statistic: K,
    degree: i32,
    block: Block<'_, T, N>,
    known: &mut Fitting<N>,
    part: &mut Part<'_, T>,
) -> Result<()> {
    // Sums of powers of `f32` are numbers.
    let is_ordinary = T::NARROWER_THAN_REFERENCE
        || simd.vectorize(
            #[inline(always)]
            || block.fits::<S>(known),
        );
    if is_ordinary {
        return Ok(());
    }
    let mut sizes = block.sizes()?;
    let mut suffixes = Suffixes::new(statistic, block.window)?;
    let mut found = memory::zeroed(sizes.len() * N)?;
    loop {
        let largest =
            sizes.as_flattened().iter().fold(0.0, |largest, &size| if size > largest { size } else { largest });
        if largest == 0.0 {
            return Ok(());
        }
        let exponent = exponent_for(largest);
        let counted = block.counted(largest, exponent)?;
        let rows = counted.len() / N - sizes.len()..counted.len() / N;
        let counted = ArrayView2::from_shape((rows.end, N), &counted).map_err(misshapen)?;
        let out = ArrayViewMut2::from_shape((sizes.len(), N), &mut found).map_err(misshapen)?;
        let mut anew = Part { first: (rows.start, 0), out };
        for panel in panels(Rows::new(counted, "x")?, 0..N) {
            simd.vectorize(
                #[inline(always)]
                || fill_around::<S, T, K, N, true>(panel, &mut suffixes, &mut anew, rows.clone()),
            );
        }
        for ((i, sizes), found) in (block.rows.start..).zip(&mut sizes).zip(found.chunks_exact(N)) {
            for (j, (size, &found)) in sizes.iter_mut().zip(found).enumerate() {
                if *size > largest * FITTING[0] {
                    let place = (i - part.first.0, block.panel.columns().start - part.first.1 + j);
                    part.out[place] = T::from_f64(times_power(found.to_f64(), degree * exponent));
                    *size = 0.0;
                }
            }
        }
    }
}

/// Marks lanes by 1 where `gauge`, a sum of squares, is too small to have digits, or NaN.
#[inline(always)]
pub fn mark<V: Vector<f64>>(out_of_range: &mut [f64], gauge: V) {
    V::select_less(V::splat(LEAST_SQUARES), gauge, V::load(out_of_range), V::splat(1.0)).store(out_of_range);
}

fn misshapen(error: ndarray::ShapeError) -> Error {
    Error::invalid("x", error.to_string())
}

impl<T: Scalar, const N: usize> Block<'_, T, N> {
    /// The rows that windows which end in `rows` are made of.
    fn all_rows(&self) -> Range<usize> {
        self.rows.start.saturating_sub(self.window)..self.rows.end
    }

    /// The finite magnitudes of a row in lanes that are out of range, else 0.
    #[inline(always)]
    fn magnitudes(&self, row: usize) -> Lanes<f64, N> {
        let row = self.panel.row(row);
        std::array::from_fn(|lane| {
            let size = row[lane].to_f64().abs();
            if size.is_finite() & (self.out_of_range[lane] > 0.0) { size } else { 0.0 }
        })
    }

    /// Whether all values in lanes that are out of range are of a size that needs no unit.
    #[inline(always)]
    fn fits<S: Simd>(&self, known: &mut Fitting<N>) -> bool {
        let before = match known.end == self.rows.start {
            true => known.lanes,
            false => self.fitting::<S>(self.all_rows().start..self.rows.start),
        };
        *known = Fitting { end: self.rows.end, lanes: self.fitting::<S>(self.rows.clone()) };
        (0..N).all(|lane| self.out_of_range[lane] == 0.0 || before[lane] && known.lanes[lane])
    }

    /// The lanes whose finite values in `rows` are of a size that needs no unit.
    #[inline(always)]
    fn fitting<S: Simd>(&self, rows: Range<usize>) -> Lanes<bool, N> {
        let [mut least, mut most] = [[1.0; N]; 2];
        let [zero, one, infinity] = [0.0, 1.0, f64::INFINITY].map(S::F64::splat);
        for j in (0..N).step_by(S::F64::LANES) {
            let [mut smallest, mut largest] = [one; 2];
            for i in rows.clone() {
                let value = S::F64::load(&self.panel.row(i).map(T::to_f64)[j..]);
                let size = value.max(zero.sub(value));
                // 1 for 0, infinity and NaN, which need no unit.
                let size = S::F64::select_less(zero, size, S::F64::select_less(size, infinity, size, one), one);
                smallest = size.min(smallest);
                largest = size.max(largest);
            }
            smallest.store(&mut least[j..]);
            largest.store(&mut most[j..]);
        }
        std::array::from_fn(|lane| fits(least[lane]) & fits(most[lane]))
    }

    /// The largest finite magnitude of each window, 0 where it fits: by two halves, as van Herk (1992) and Gil and Werman
    /// (1993) do it.
    fn sizes(&self) -> Result<Vec<Lanes<f64, N>>> {
        let mut sizes = memory::filled(self.rows.len(), [0.0; N])?;
        let mut before = [0.0; N];
        for offset in (0..self.window - 1).rev() {
            if let Some(row) = (self.rows.start + offset + 1).checked_sub(self.window) {
                before = larger(before, self.magnitudes(row));
            }
            if let Some(sizes) = sizes.get_mut(offset) {
                *sizes = before;
            }
        }
        let mut since = [0.0; N];
        for (row, sizes) in self.rows.clone().zip(&mut sizes) {
            since = larger(since, self.magnitudes(row));
            *sizes = larger(*sizes, since).map(|size| if fits(size) { 0.0 } else { size });
        }
        Ok(sizes)
    }

    /// The values of all rows counted in a unit with that exponent; NaN where they are more than `largest`.
    fn counted(&self, largest: f64, exponent: i32) -> Result<Vec<T>> {
        let rows = self.all_rows();
        let mut counted = memory::filled(rows.len() * N, T::NAN)?;
        for (row, out) in rows.zip(counted.chunks_exact_mut(N)) {
            for (out, value) in out.iter_mut().zip(self.panel.row(row)) {
                if value.to_f64().abs() <= largest {
                    *out = T::from_f64(times_power(value.to_f64(), -exponent));
                }
            }
        }
        Ok(counted)
    }
}

fn larger<const N: usize>(one: Lanes<f64, N>, other: Lanes<f64, N>) -> Lanes<f64, N> {
    std::array::from_fn(|lane| if other[lane] > one[lane] { other[lane] } else { one[lane] })
}
