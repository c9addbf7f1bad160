//! Gaps filled with the value before or after them.
//!
//! The rows are cut into segments. A look from the end of each segment back to the last value of every column, a few
//! rows as a rule, tells what the next segment starts from; then all segments are filled at once.

use std::ops::Range;

use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, cache, memory};
use ndarray::ArrayView2;

use crate::by_column::values_of;

/// Least values of a segment, which one thread fills.
const SEGMENT_VALUES: usize = cache::L2_VALUES;

/// Most segments; what each starts from is worked out by one thread.
const MOST_SEGMENTS: usize = 1024;

/// Where a gap's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The rows before it.
    Forward,
    /// The rows after it.
    Backward,
}

/// Writes `x` with each NaN replaced by the nearest value of its column in one direction, at most `limit` rows away.
pub fn fill_along<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    direction: Direction,
    limit: Option<usize>,
    out: &mut [T],
) -> Result<()> {
    let (width, x) = (x.ncols(), values_of(x)?);
    if out.len() != x.len() {
        return Err(Error::invalid("out", "does not have the size of x"));
    }
    let segment = x.len().div_ceil(MOST_SEGMENTS).max(SEGMENT_VALUES).next_multiple_of(width);
    let walk = |x: &[T]| Walk { height: x.len() / width, width, direction };
    let mut segments = memory::with_capacity(x.len().div_ceil(segment))?;
    for (x, out) in x.chunks(segment).zip(out.chunks_mut(segment)) {
        memory::push(&mut segments, (x, out, Carried::nothing(width)?))?;
    }
    if direction == Direction::Backward {
        segments.reverse();
    }
    threads.for_each(x.len() / width, segments.iter_mut(), |(x, _, carried)| carried.look_back(x, walk(x)))?;
    let mut start = Carried::nothing(width)?;
    for (_, _, carried) in &mut segments {
        carried.follow(&start);
        std::mem::swap(carried, &mut start);
    }
    threads.for_each(x.len(), segments.iter_mut(), |(x, out, carried)| {
        simd::dispatch(Fill { carried, x, walk: walk(x), limit, out });
        Ok(())
    })
}

/// The filling of a segment.
struct Fill<'a, T> {
    carried: &'a mut Carried<T>,
    x: &'a [T],
    walk: Walk,
    limit: Option<usize>,
    out: &'a mut [T],
}

impl<T: Scalar> Task for Fill<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Fill { carried, x, walk, limit, out } = self;
        simd.vectorize(
            #[inline(always)]
            || match limit {
                None => carried.fill::<S>(x, walk, out),
                Some(limit) => carried.fill_limited(x, walk, limit, out),
            },
        );
    }
}

/// Writes a row to `out` with its gaps filled from `values`, which then are what was written.
#[inline(always)]
fn fill_row<S: Simd, T: Scalar>(x: &[T], values: &mut [T], out: &mut [T]) {
    let lanes = T::Vector::<S>::LANES;
    let whole = x.len() / lanes * lanes;
    for j in (0..whole).step_by(lanes) {
        let value = present::<T::Vector<S>, T>(T::Vector::<S>::load(&x[j..]), T::Vector::<S>::load(&values[j..]));
        value.store(&mut values[j..]);
        value.store(&mut out[j..]);
    }
    // One by one: a register over what was just stored would wait for it.
    for ((out, &x), value) in out[whole..].iter_mut().zip(&x[whole..]).zip(&mut values[whole..]) {
        *value = if x.is_nan() { *value } else { x };
        *out = *value;
    }
}

/// `x`, or `otherwise` where it is NaN.
#[inline(always)]
fn present<V: Vector<T>, T: Scalar>(x: V, otherwise: V) -> V {
    let [infinity, minus_infinity] = [T::INFINITY, -T::INFINITY].map(V::splat);
    // NaN is neither less than infinity nor greater than what is below it.
    let below = V::select_less(x, infinity, x, otherwise);
    V::select_less(minus_infinity, x, x, below)
}

/// The rows of a segment in one direction.
#[derive(Debug, Clone, Copy)]
struct Walk {
    height: usize,
    width: usize,
    direction: Direction,
}

impl Walk {
    /// Calls `each` with the rows of `x` and `out`, in the order of the walk.
    #[inline(always)]
    fn for_each_row<T>(self, x: &[T], out: &mut [T], mut each: impl FnMut(&[T], &mut [T])) {
        let rows = x.chunks_exact(self.width).zip(out.chunks_exact_mut(self.width));
        match self.direction {
            Direction::Forward => rows.for_each(
                #[inline(always)]
                |(x, out)| each(x, out),
            ),
            Direction::Backward => rows.rev().for_each(
                #[inline(always)]
                |(x, out)| each(x, out),
            ),
        }
    }

    /// Where the values of the row at that step lie.
    #[inline(always)]
    fn row(self, step: usize) -> Range<usize> {
        let row = match self.direction {
            Direction::Forward => step,
            Direction::Backward => self.height - 1 - step,
        };
        row * self.width..(row + 1) * self.width
    }
}

/// What a walk carries along: each column's latest value, NaN if there was none, and the gaps since.
#[derive(Debug, Clone)]
struct Carried<T> {
    values: Vec<T>,
    gaps: Vec<usize>,
}

impl<T: Scalar> Carried<T> {
    fn nothing(width: usize) -> Result<Self> {
        Ok(Carried { values: memory::filled(width, T::NAN)?, gaps: memory::filled(width, 0)? })
    }

    /// Takes up what a walk over `x` ends with, having started from nothing.
    fn look_back(&mut self, x: &[T], walk: Walk) -> Result<()> {
        let mut open = memory::collected(0..walk.width)?;
        for gaps in 0..walk.height {
            let row = &x[walk.row(walk.height - 1 - gaps)];
            open.retain(|&column| {
                (self.values[column], self.gaps[column]) = (row[column], gaps);
                row[column].is_nan()
            });
            if open.is_empty() {
                return Ok(());
            }
        }
        open.iter().for_each(|&column| self.gaps[column] = walk.height);
        Ok(())
    }

    /// Takes up what the segment before ends with, given what that one starts from.
    fn follow(&mut self, start: &Carried<T>) {
        for (column, value) in self.values.iter_mut().enumerate() {
            if value.is_nan() {
                *value = start.values[column];
                self.gaps[column] += start.gaps[column];
            }
        }
    }

    /// Fills every gap.
    #[inline(always)]
    fn fill<S: Simd>(&mut self, x: &[T], walk: Walk, out: &mut [T]) {
        walk.for_each_row(
            x,
            out,
            #[inline(always)]
            |x, out| fill_row::<S, T>(x, &mut self.values, out),
        );
    }

    /// Fills the first `limit` rows of every gap.
    #[inline(always)]
    fn fill_limited(&mut self, x: &[T], walk: Walk, limit: usize, out: &mut [T]) {
        walk.for_each_row(
            x,
            out,
            #[inline(always)]
            |x, out| {
                let carried = self.values.iter_mut().zip(&mut self.gaps);
                for ((out, &x), (value, gaps)) in out.iter_mut().zip(x).zip(carried) {
                    *gaps = if x.is_nan() { *gaps + 1 } else { 0 };
                    *value = if x.is_nan() { *value } else { x };
                    *out = if *gaps <= limit { *value } else { T::NAN };
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows enough for several segments, with gaps that are shorter, longer, and at either end.
    fn gappy() -> Array2<f64> {
        let rows = 3 * SEGMENT_VALUES;
        Array2::from_shape_fn((rows, 3), |(i, j)| match j {
            0 if i % 5 != 2 => f64::NAN,
            1 if i < rows / 2 => f64::NAN,
            2 if i > 10 && i < rows - 10 => f64::NAN,
            _ => i as f64,
        })
    }

    #[test]
    fn gaps_cross_segments() {
        let x = gappy();
        let last = x.nrows() - 1;
        let mut filled = Array2::zeros(x.dim());
        let out = filled.as_slice_mut().unwrap();
        fill_along(&Threads::uninterrupted(2), x.view(), Direction::Forward, None, out).unwrap();
        assert!(filled[(1, 0)].is_nan() && filled[(last / 3, 1)].is_nan());
        assert_eq!([filled[(6, 0)], filled[(last - 10, 2)]], [2.0, 10.0]);
        let out = filled.as_slice_mut().unwrap();
        fill_along(&Threads::uninterrupted(2), x.view(), Direction::Backward, None, out).unwrap();
        assert_eq!([filled[(3, 0)], filled[(0, 1)], filled[(11, 2)]], [7.0, (x.nrows() / 2) as f64, (last - 9) as f64]);
    }

    #[test]
    fn infinities_are_values() {
        let rows = [f64::INFINITY, f64::NAN, f64::NEG_INFINITY, f64::NAN];
        let x = Array2::from_shape_fn((4, 11), |(i, _)| rows[i]);
        let mut out = [0.0; 44];
        fill_along(&Threads::uninterrupted(1), x.view(), Direction::Forward, None, &mut out).unwrap();
        assert!(out[..22].iter().all(|&value| value == f64::INFINITY));
        assert!(out[22..].iter().all(|&value| value == f64::NEG_INFINITY));
    }

    #[test]
    fn a_limit_counts_across_segments() {
        let x = gappy();
        let (limit, mut filled) = (2 * SEGMENT_VALUES, Array2::zeros(x.dim()));
        let out = filled.as_slice_mut().unwrap();
        fill_along(&Threads::uninterrupted(2), x.view(), Direction::Forward, Some(limit), out).unwrap();
        assert_eq!(filled[(10 + limit, 2)], 10.0);
        assert!(filled[(11 + limit, 2)].is_nan());
    }
}
