//! Products of few columns, row by row: each number of a row fills a register while the columns of `b` go by.
//!
//! The block kernel would spend more on beginning and ending its sums than on their few steps, and it writes back and
//! forth between rows, where this one writes the result from its first byte to its last.

use acm_core::micro::Register;
use acm_core::pack::GROUP_BYTES;
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};
use acm_core::{Result, Scalar, memory};

/// Columns of `a` up to which its rows are taken in this way.
pub const MOST: usize = 10;

/// The small factor, cut into strips of as many columns as a register holds: what their sums begin with, then one
/// register for each of its rows.
pub struct Strips<S: Simd, T: Scalar> {
    registers: Vec<Register<S, T>>,
    depth: usize,
    width: usize,
}

impl<S: Simd, T: Scalar> Strips<S, T> {
    /// Strips of `b`, or None where it is too narrow for one, has more than [`MOST`] rows or does not stay in a core's
    /// caches while it is gone through row after row. Sums begin with `initial`, or with zero. The last strip begins
    /// early enough to be whole; columns that it shares with its neighbour are computed twice.
    pub fn new(b: Rows<'_, T>, initial: Option<&[T]>) -> Result<Option<Self>> {
        let (depth, width, lanes) = (b.count(), b.width(), Register::<S, T>::LANES);
        let count = width.div_ceil(lanes) * (depth + 1);
        if width < lanes || !(1..=MOST).contains(&depth) || count * size_of::<Register<S, T>>() > GROUP_BYTES {
            return Ok(None);
        }
        let mut registers = memory::with_capacity(count)?;
        for first in (0..width).step_by(lanes) {
            let first = first.min(width - lanes);
            let start = initial.map_or(Vector::splat(T::ZERO), |initial| Vector::load(&initial[first..]));
            memory::push(&mut registers, start)?;
            memory::extend(&mut registers, (0..depth).map(|k| Register::<S, T>::load(&b.row(k)[first..])))?;
        }
        Ok(Some(Strips { registers, depth, width }))
    }

    /// Writes the rows of the product from `row` of `a` on to `out`.
    #[inline(always)]
    pub fn multiply(&self, a: Rows<'_, T>, row: usize, out: &mut [T]) {
        match self.depth {
            1 => self.rows::<1>(a, row, out),
            2 => self.rows::<2>(a, row, out),
            3 => self.rows::<3>(a, row, out),
            4 => self.rows::<4>(a, row, out),
            5 => self.rows::<5>(a, row, out),
            6 => self.rows::<6>(a, row, out),
            7 => self.rows::<7>(a, row, out),
            8 => self.rows::<8>(a, row, out),
            9 => self.rows::<9>(a, row, out),
            _ => self.rows::<MOST>(a, row, out),
        }
    }

    #[inline(always)]
    fn rows<const K: usize>(&self, a: Rows<'_, T>, mut row: usize, mut out: &mut [T]) {
        // Two rows at a time read each strip once, if the numbers of both find registers beside two sums and a load.
        if 2 * K + 3 < S::REGISTERS {
            let mut pairs = out.chunks_exact_mut(2 * self.width);
            for pair in &mut pairs {
                self.some_rows::<K, 2>(a, row, pair);
                row += 2;
            }
            out = pairs.into_remainder();
        }
        for out in out.chunks_exact_mut(self.width) {
            self.some_rows::<K, 1>(a, row, out);
            row += 1;
        }
    }

    #[inline(always)]
    fn some_rows<const K: usize, const R: usize>(&self, a: Rows<'_, T>, row: usize, out: &mut [T]) {
        let lanes = Register::<S, T>::LANES;
        let mut values = [[Register::<S, T>::splat(T::ZERO); K]; R];
        for (r, values) in values.iter_mut().enumerate() {
            let row = &a.row(row + r)[..K];
            for k in 0..K {
                values[k] = Vector::splat(row[k]);
            }
        }
        let (mut column, last) = (0, self.width - lanes);
        for strip in self.registers.chunks_exact(K + 1) {
            let mut sums = [strip[0]; R];
            for k in 0..K {
                for (sum, values) in sums.iter_mut().zip(&values) {
                    *sum = values[k].mul_add(strip[k + 1], *sum);
                }
            }
            for (out, sum) in out.chunks_exact_mut(self.width).zip(sums) {
                sum.store(&mut out[column.min(last)..]);
            }
            column += lanes;
        }
    }
}
