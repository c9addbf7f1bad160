//! TSQR (Demmel, Grigori, Hoemmen and Langou 2012): rows reduced to a triangle R with A'A = R'R, by Householder
//! reflections.
//!
//! ```text
//! for each segment of rows (a thread's task; their number depends on the shape alone):
//!     R = 0
//!     for each block of rows that stays in the cache: R = the triangle of [R; block], column by column:
//!         norm = sqrt(r_jj^2 + |block_j|^2);  reflect (r_jj, block_j) to (-+norm, 0)
//!         one pass applies the reflection of column j and forms the products of column j + 1 with all that follow
//! join the segments' triangles in the same way, in order
//! ```
//!
//! Why: backward stable, unlike CholeskyQR; the block is read once a column from the cache and A once from memory; Q is
//! never formed (see long). Cost: 2 n d^2 multiply-adds.

use acm_core::micro::Register;
use acm_core::simd::{Simd, Vector};
use acm_core::{Result, Scalar, Threads, cache, memory};

use super::source::Source;

/// Rows that are reflected side by side in registers.
const ROWS: usize = 4;

/// Values of a block of rows: a core's whole L1 cache.
const BLOCK_VALUES: usize = 2 * cache::L1_VALUES;

/// Least values of a segment of rows, and most segments.
const SEGMENT_VALUES: usize = 2 * cache::L2_VALUES;
const MOST_SEGMENTS: usize = 64;

/// Squared lengths below this are nothing: a block of fewer rows than columns is soon all rounding, of rounding, and
/// its squares have no inverse. The matrix is brought to a scale where they are far beyond the last digit.
const NOTHING: f64 = 1e-290;

/// A square matrix whose rows begin `stride` values apart, each filled up with zeros; upper triangular once reduced.
pub struct Triangle {
    /// Row after row.
    pub values: Vec<f64>,
    /// How many rows and columns there are.
    pub width: usize,
    /// Values from one row to the next, in whole registers.
    pub stride: usize,
}

/// The factors of a reflection for each row, and the products of the next one.
struct Scratch {
    block: Vec<f64>,
    factors: Vec<f64>,
    products: Vec<f64>,
}

impl Scratch {
    fn new(values: usize, stride: usize) -> Result<Self> {
        let (factors, products) = (memory::filled(stride, 0.0)?, memory::filled(stride, 0.0)?);
        Ok(Scratch { block: memory::filled(values, 0.0)?, factors, products })
    }
}

impl Triangle {
    /// The triangle of the rows of `source`.
    pub fn reduce<S: Simd, T: Scalar>(simd: S, threads: &Threads<'_>, source: &Source<'_, T>) -> Result<Self> {
        let (rows, width) = (source.rows(), source.width());
        let stride = width.next_multiple_of(Register::<S, f64>::LANES);
        let height = (BLOCK_VALUES / stride).max(ROWS).next_multiple_of(ROWS);
        let least = (SEGMENT_VALUES / width).max(4 * width).max(rows.div_ceil(MOST_SEGMENTS));
        let segment = least.next_multiple_of(height);
        let mut values = memory::filled(rows.div_ceil(segment) * width * stride, 0.0)?;
        let segments = values.chunks_mut(width * stride).zip((0..rows).step_by(segment));
        let work = rows.saturating_mul(width * stride);
        threads.for_each_with(
            work,
            segments,
            || Scratch::new(height * stride, stride),
            |scratch, (triangle, first)| {
                let end = (first + segment).min(rows);
                for first in (first..end).step_by(height) {
                    simd.vectorize(
                        #[inline(always)]
                        || {
                            source.load(first..(first + height).min(end), stride, &mut scratch.block);
                            scratch.block[(end - first).min(height) * stride..].fill(0.0);
                            reflect::<S>(triangle, stride, scratch);
                        },
                    );
                }
                Ok(())
            },
        )?;
        Triangle { values, width, stride }.merged(simd)
    }

    /// Triangles, one after the other, reduced to one.
    fn merged<S: Simd>(mut self, simd: S) -> Result<Self> {
        let (size, height) = (self.width * self.stride, self.width.next_multiple_of(ROWS));
        let mut scratch = Scratch::new(height * self.stride, self.stride)?;
        let (triangle, others) = self.values.split_at_mut(size);
        for other in others.chunks_exact(size) {
            scratch.block[..size].copy_from_slice(other);
            scratch.block[size..].fill(0.0);
            simd.vectorize(
                #[inline(always)]
                || reflect::<S>(triangle, self.stride, &mut scratch),
            );
        }
        self.values.truncate(size);
        Ok(self)
    }

    /// The triangle of the same matrix with its columns in another `order`.
    pub fn reordered<S: Simd>(&self, simd: S, order: &[usize]) -> Result<Self> {
        let size = self.width * self.stride;
        let mut values = memory::filled(2 * size, 0.0)?;
        for (row, out) in self.values.chunks_exact(self.stride).zip(values[size..].chunks_exact_mut(self.stride)) {
            out.iter_mut().zip(order).for_each(|(out, &column)| *out = row[column]);
        }
        Triangle { values, ..*self }.merged(simd)
    }
}

/// Reflects the rows of the scratch block into `triangle`, which leaves them zero.
#[inline(always)]
fn reflect<S: Simd>(triangle: &mut [f64], stride: usize, scratch: &mut Scratch) {
    let Scratch { block, factors, products } = scratch;
    factors.fill(0.0);
    sweep::<S>(block, stride, None, factors, products);
    for (j, row) in triangle.chunks_exact_mut(stride).enumerate() {
        prepare(row, j, factors, products);
        sweep::<S>(block, stride, Some(j), factors, products);
    }
}

/// Applies the reflection that clears column `j` of the block to `row` of the triangle, and writes what it takes from
/// the block's rows to `factors`. `products` are those of the block's column `j` with all columns from it on.
#[inline(always)]
fn prepare(row: &mut [f64], j: usize, factors: &mut [f64], products: &[f64]) {
    factors[j] = 0.0;
    let (square, top) = (products[j], row[j]);
    let norm = (top * top + square).sqrt();
    if square < NOTHING {
        factors[j + 1..].fill(0.0);
        return;
    }
    // The reflection maps (top, column) to (-+norm, 0), the sign chosen so that nothing cancels in `lead`.
    let lead = if top < 0.0 { top - norm } else { top + norm };
    let weight = 1.0 / (norm * (norm + top.abs()));
    row[j] = top - lead;
    for ((value, factor), product) in row[j + 1..].iter_mut().zip(&mut factors[j + 1..]).zip(&products[j + 1..]) {
        *factor = weight * (lead * *value + product);
        *value -= lead * *factor;
    }
}

/// Takes `factors` times its value in column `j` from each row of the block, and writes the products of the column
/// after `j` with all columns from it on: one pass over the block.
#[inline(always)]
fn sweep<S: Simd>(block: &mut [f64], stride: usize, j: Option<usize>, factors: &[f64], products: &mut [f64]) {
    type R<S> = Register<S, f64>;
    let next = j.map_or(0, |j| j + 1);
    let start = next - next % R::<S>::LANES;
    products[start.min(stride)..].fill(0.0);
    if next >= stride {
        return;
    }
    for rows in block.chunks_exact_mut(ROWS * stride) {
        let mut rows = split::<ROWS>(rows, stride);
        // No `from_fn`: the compiler calls it, and what it is given, as functions.
        let (mut taken, mut leading) = ([R::<S>::splat(0.0); ROWS], [R::<S>::splat(0.0); ROWS]);
        for (row, taken) in rows.iter_mut().zip(&mut taken) {
            *taken = R::<S>::splat(j.map_or(0.0, |j| -row[j]));
            R::<S>::load(&factors[start..]).mul_add(*taken, R::<S>::load(&row[start..])).store(&mut row[start..]);
        }
        let mut product = R::<S>::load(&products[start..]);
        for (row, leading) in rows.iter().zip(&mut leading) {
            // Read back, so that the products are of the very values that the next reflection clears.
            *leading = R::<S>::splat(row[next]);
            product = R::<S>::load(&row[start..]).mul_add(*leading, product);
        }
        product.store(&mut products[start..]);
        // Chunks, whose lengths the compiler knows: no bounds checks in the loop where the time goes.
        let rest = start + R::<S>::LANES;
        let [first, second, third, fourth] = rows.map(|row| row[rest..].chunks_exact_mut(R::<S>::LANES));
        let factors = factors[rest..].chunks_exact(R::<S>::LANES);
        let columns = products[rest..].chunks_exact_mut(R::<S>::LANES).zip(factors);
        let values = first.zip(second).zip(third.zip(fourth));
        for ((products, factors), ((first, second), (third, fourth))) in columns.zip(values) {
            let factor = R::<S>::load(factors);
            let mut product = R::<S>::load(products);
            for (r, row) in [first, second, third, fourth].into_iter().enumerate() {
                let value = factor.mul_add(taken[r], R::<S>::load(row));
                value.store(row);
                product = value.mul_add(leading[r], product);
            }
            product.store(products);
        }
    }
}

/// The `N` rows of `stride` values that `values` consists of.
#[inline(always)]
fn split<const N: usize>(values: &mut [f64], stride: usize) -> [&mut [f64]; N] {
    let mut rows = values.chunks_exact_mut(stride);
    std::array::from_fn(|_| rows.next().unwrap_or_default())
}
