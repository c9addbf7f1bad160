//! The sums of a part of the rows in a band of columns.

use std::ops::Range;

use acm_core::micro::{Register, cross_products};
use acm_core::rows::Rows;
use acm_core::simd::{Simd, Vector};
use acm_core::{Result, Scalar, memory};

/// Columns on the left of a block: with two registers each the sums take 8 registers, which hides the latency of the
/// multiply-add.
pub const BLOCK: usize = 4;

/// `width` in whole blocks and pairs of registers.
pub fn padded<S: Simd>(width: usize) -> usize {
    width.next_multiple_of(BLOCK.max(2 * Register::<S, f64>::LANES))
}

/// Some rows as differences from the origin, filled up with zeros, and where they have values.
pub struct Tile {
    shifted: Vec<f64>,
    present: Vec<f64>,
    height: usize,
    stride: usize,
}

impl Tile {
    /// Room for `height` rows of `stride` values.
    pub fn new(height: usize, stride: usize) -> Result<Self> {
        let values = height * stride;
        Ok(Tile { shifted: memory::filled(values, 0.0)?, present: memory::filled(values, 0.0)?, height, stride })
    }

    /// Takes in `rows`; answers whether all their values are finite, in which case the mask is left as it was.
    #[inline(always)]
    fn load<T: Scalar>(&mut self, x: Rows<'_, T>, rows: Range<usize>, origin: &[f64]) -> bool {
        let mut all = true;
        for (row, shifted) in rows.clone().zip(self.shifted.chunks_exact_mut(self.stride)) {
            for ((shifted, value), origin) in shifted.iter_mut().zip(x.row(row)).zip(origin) {
                all &= value.is_finite();
                *shifted = if value.is_finite() { value.to_f64() - origin } else { 0.0 };
            }
        }
        if !all {
            for (row, present) in rows.zip(self.present.chunks_exact_mut(self.stride)) {
                for (present, value) in present.iter_mut().zip(x.row(row)) {
                    *present = if value.is_finite() { 1.0 } else { 0.0 };
                }
            }
        }
        all
    }
}

/// Sums of one part of the rows for a band of columns on the left and all on the right.
pub struct Slot {
    /// The columns on the left.
    pub band: Range<usize>,
    /// Sums from one row to the next.
    pub stride: usize,
    /// Of differences, on and above the diagonal.
    pub products: Vec<f64>,
    /// Of differences on the left where the column on the right has a value, in tiles with gaps.
    pub sums: Vec<f64>,
    /// Rows of tiles with gaps in which both have a value, on and above the diagonal.
    pub counts: Vec<f64>,
    /// Sums of whole columns of tiles without gaps, and the rows of those: the same for every column on the right.
    pub whole: Vec<f64>,
    /// See `whole`.
    pub whole_rows: f64,
}

impl Slot {
    /// Of no rows.
    pub fn new(band: Range<usize>, stride: usize) -> Result<Self> {
        let zeros = || memory::filled(band.len() * stride, 0.0);
        let whole = memory::filled(band.len(), 0.0)?;
        let (products, sums, counts) = (zeros()?, zeros()?, zeros()?);
        Ok(Slot { band, stride, products, sums, counts, whole, whole_rows: 0.0 })
    }

    /// Adds the sums over `rows`.
    #[inline(always)]
    pub fn add<S: Simd, T: Scalar>(&mut self, x: Rows<'_, T>, rows: Range<usize>, origin: &[f64], tile: &mut Tile) {
        for first in rows.clone().step_by(tile.height) {
            let rows = first..(first + tile.height).min(rows.end);
            let values = rows.len() * self.stride;
            let finite = tile.load(x, rows.clone(), origin);
            let (shifted, present) = (&tile.shifted[..values], &tile.present[..values]);
            add_products::<S>(shifted, shifted, self.stride, &self.band, true, &mut self.products);
            if finite {
                for row in shifted.chunks_exact(self.stride) {
                    self.whole.iter_mut().zip(&row[self.band.clone()]).for_each(|(sum, value)| *sum += value);
                }
                self.whole_rows += rows.len() as f64;
            } else {
                add_products::<S>(shifted, present, self.stride, &self.band, false, &mut self.sums);
                add_products::<S>(present, present, self.stride, &self.band, true, &mut self.counts);
            }
        }
    }

    /// Adds the sums of another part of the rows.
    pub fn join(&mut self, other: &Slot) {
        let own = [&mut self.products, &mut self.sums, &mut self.counts, &mut self.whole];
        for (all, part) in own.into_iter().zip([&other.products, &other.sums, &other.counts, &other.whole]) {
            all.iter_mut().zip(part).for_each(|(all, part)| *all += part);
        }
        self.whole_rows += other.whole_rows;
    }
}

/// Adds `sum_k left[k, i] * right[k, j]` to `sums`, a row of `stride` for each `i` of `band`; with `upper` only in
/// blocks that reach above the diagonal. Both sides have rows of `stride`.
#[inline(always)]
pub fn add_products<S: Simd>(
    left: &[f64],
    right: &[f64],
    stride: usize,
    band: &Range<usize>,
    upper: bool,
    sums: &mut [f64],
) {
    let lanes = Register::<S, f64>::LANES;
    for (i, sums) in band.clone().step_by(BLOCK).zip(sums.chunks_exact_mut(BLOCK * stride)) {
        let first = if upper { i - i % (2 * lanes) } else { 0 };
        for j in (first..stride).step_by(2 * lanes) {
            let block = cross_products::<S, f64, BLOCK, 2>([left, right], [stride; 2], [i, j]);
            for (sums, [low, high]) in sums.chunks_exact_mut(stride).zip(block) {
                let sums = &mut sums[j..j + 2 * lanes];
                Register::<S, f64>::load(sums).add(low).store(sums);
                Register::<S, f64>::load(&sums[lanes..]).add(high).store(&mut sums[lanes..]);
            }
        }
    }
}
