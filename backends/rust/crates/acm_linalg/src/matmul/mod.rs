//! Products of a tall matrix and a small one.

mod thin;

use std::ops::Range;

use acm_core::micro::{BLOCK_ROWS, Register, Sums, multiply_add, store};
use acm_core::pack::{GROUP_BYTES, Panels, Tail, columns_in};
use acm_core::rows::Rows;
use acm_core::simd::{self, MAX_LANES, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, cache, memory};
use ndarray::ArrayView2;

use thin::Strips;

/// Elementary steps of a tile: about 15 us.
const TILE_STEPS: usize = 250_000;

/// Rows of `b` that are multiplied before the next: six rows of `a` and a panel of that depth stay in the L1 cache.
const DEPTH: usize = 256;

/// Rows of `b` from which on arithmetic bounds a product, even one that goes to memory.
const DEEP: usize = 32;

/// Bytes of a product that may stay in the L3 cache. To memory wide stores, most of them across two lines, are slower.
const CACHED: usize = cache::L3_BYTES / 4 * 3;

/// Writes `out = a b`, and `initial` added to each row.
pub fn matmul<T: Scalar>(
    threads: &Threads<'_>,
    a: ArrayView2<'_, T>,
    b: ArrayView2<'_, T>,
    initial: Option<&[T]>,
    out: &mut [T],
) -> Result<()> {
    let (a, b) = (Rows::new(a, "a")?, Rows::new(b, "b")?);
    if a.width() != b.count() {
        return Err(Error::invalid("b", format!("has {} rows, a has {} columns", b.count(), a.width())));
    }
    if initial.is_some_and(|initial| initial.len() != b.width()) {
        return Err(Error::invalid("mean", "does not have one value for each column"));
    }
    if out.len() != a.count() * b.width() {
        return Err(Error::invalid("out", "does not have one row for each row of a and one column for each of b"));
    }
    if a.width() == 0 && !out.is_empty() {
        match initial {
            Some(initial) => out.chunks_exact_mut(b.width()).for_each(|row| row.copy_from_slice(initial)),
            None => out.fill(T::ZERO),
        }
        return Ok(());
    }
    simd::dispatch(Product { threads, a, b, initial, out })
}

struct Product<'a, T> {
    threads: &'a Threads<'a>,
    a: Rows<'a, T>,
    b: Rows<'a, T>,
    initial: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Scalar> Task for Product<'_, T> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn is_wide(&self) -> bool {
        let fills_panels = self.b.width() >= 2 * MAX_LANES * size_of::<f32>() / size_of::<T>();
        fills_panels && (self.a.width() >= DEEP || size_of_val(self.out) <= CACHED)
    }

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        match Strips::new(self.b, self.initial)? {
            Some(strips) => self.by_row(simd, &strips),
            None => self.by_block(simd),
        }
    }
}

impl<T: Scalar> Product<'_, T> {
    fn by_row<S: Simd>(self, simd: S, strips: &Strips<S, T>) -> Result<()> {
        let (depth, width) = (self.b.count(), self.b.width());
        let (height, work) = (tile_rows(width, depth), work(width, depth, self.a.count()));
        let tiles = self.out.chunks_mut(height * width).zip((0..self.a.count()).step_by(height));
        self.threads.for_each(work, tiles, |(out, row)| {
            simd.vectorize(
                #[inline(always)]
                || strips.multiply(self.a, row, out),
            );
            Ok(())
        })
    }

    fn by_block<S: Simd>(self, simd: S) -> Result<()> {
        let Product { threads, a, b, initial, out } = self;
        // The fewer groups of columns, the longer the pieces of a row that are written at once; deep panels would no
        // longer stay in the L1 cache for it.
        let group = columns_in::<S, T>(GROUP_BYTES, if a.width() <= thin::MOST { a.width() } else { DEPTH });
        for first in (0..a.width()).step_by(DEPTH) {
            let depth = DEPTH.min(a.width() - first);
            let start = Start::new(initial, first, b.width().next_multiple_of(2 * MAX_LANES))?;
            for left in (0..b.width()).step_by(group) {
                let width = group.min(b.width() - left);
                // What is added to later may be computed only once.
                let tail = if depth == a.width() { Tail::Shared } else { Tail::Padded };
                let factor = Panels::<S, T>::pack(simd, depth, width, tail, |k, j| b.row(first + k)[left + j])?;
                let height = tile_rows(width, depth);
                let tiles = out.chunks_mut(height * b.width()).zip((0..a.count()).step_by(height));
                threads.for_each(work(width, depth, a.count()), tiles, |(out, row)| {
                    let tile = Tile { a, row, first, out, width: b.width(), columns: left..left + width };
                    simd.vectorize(
                        #[inline(always)]
                        || tile.fill(&factor, &start),
                    );
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}

/// Elementary steps of a product of so many `rows` with a factor of this size.
fn work(width: usize, depth: usize, rows: usize) -> usize {
    (width * (depth + MAX_LANES)).saturating_mul(rows)
}

/// Rows of a tile, in whole blocks.
fn tile_rows(width: usize, depth: usize) -> usize {
    (TILE_STEPS / work(width, depth, 1)).max(1).next_multiple_of(BLOCK_ROWS)
}

/// The initial value of the sums.
struct Start<T> {
    /// The same in every row, filled up with zeros.
    values: Vec<T>,
    /// Whether the tile holds sums over the rows of `b` before. They are added last: a sum of a few hundred products is
    /// small enough to lose fewer digits than the total would.
    later: bool,
}

impl<T: Scalar> Start<T> {
    fn new(initial: Option<&[T]>, first: usize, padded: usize) -> Result<Self> {
        let (mut values, later) = (memory::filled(padded, T::ZERO)?, first > 0);
        if let Some(initial) = initial.filter(|_| !later) {
            values[..initial.len()].copy_from_slice(initial);
        }
        Ok(Start { values, later })
    }
}

/// Rows of the result from `row` on, of which some columns are added to.
struct Tile<'a, 'o, T> {
    a: Rows<'a, T>,
    row: usize,
    first: usize,
    out: &'o mut [T],
    width: usize,
    columns: Range<usize>,
}

impl<T: Scalar> Tile<'_, '_, T> {
    #[inline(always)]
    fn fill<S: Simd>(self, factor: &Panels<S, T>, start: &Start<T>) {
        let mut blocks = self.out.chunks_mut(BLOCK_ROWS * self.width).enumerate().peekable();
        while let Some((block, out)) = blocks.next() {
            // Processors do not foresee stores that go back and forth between rows.
            for row in blocks.peek().iter().flat_map(|(_, next)| next.chunks_exact(self.width)) {
                simd::prefetch(&row[self.columns.clone()]);
            }
            let row = self.row + block * BLOCK_ROWS;
            let count = out.len() / self.width;
            // Past the last row it again, whose sums are not kept.
            let rows = std::array::from_fn(|r| &self.a.row(row + r.min(count - 1))[self.first..]);
            for (column, panel) in factor.iter() {
                let column = self.columns.start + column;
                let sums = [begin::<S, T>(&start.values, column); BLOCK_ROWS];
                let sums: Sums<S, T> = multiply_add::<S, T>(sums, rows, panel);
                for (out, [mut low, mut high]) in out.chunks_exact_mut(self.width).zip(sums) {
                    if start.later {
                        let before = begin::<S, T>(out, column);
                        (low, high) = (low.add(before[0]), high.add(before[1]));
                    }
                    store(out, column, [low, high]);
                }
            }
        }
    }
}

/// Two registers of `values` from `column` on, filled up with zeros.
#[inline(always)]
fn begin<S: Simd, T: Scalar>(values: &[T], column: usize) -> [Register<S, T>; 2] {
    let lanes = Register::<S, T>::LANES;
    if let Some(values) = values.get(column..column + 2 * lanes) {
        return [Vector::load(values), Vector::load(&values[lanes..])];
    }
    let mut padded = [T::ZERO; 2 * MAX_LANES];
    let rest = &values[column..];
    padded[..rest.len()].copy_from_slice(rest);
    [Vector::load(&padded), Vector::load(&padded[lanes..])]
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn equals_ndarrays_product() {
        let few_columns = (0..=thin::MOST + 1).flat_map(|k| [1, 7, 8, 21].map(|m| (13, k, m)));
        for (n, k, m) in few_columns.chain([(67, 19, 37), (300, 600, 70)]) {
            let a = Array2::from_shape_fn((n, k), |(i, j)| ((i * 7 + j * 3) % 11) as f64 - 5.0);
            let b = Array2::from_shape_fn((k, m), |(i, j)| ((i * 5 + j) % 13) as f64 - 6.0);
            let mean: Vec<f64> = (0..m).map(|j| j as f64).collect();
            let mut out = Array2::from_elem((n, m), f64::NAN);
            let values = out.as_slice_mut().unwrap();
            matmul(&Threads::uninterrupted(2), a.view(), b.view(), Some(&mean), values).unwrap();
            assert_eq!(out, a.dot(&b) + Array2::from_shape_fn((n, m), |(_, j)| j as f64));
        }
    }

    #[test]
    fn inner_sizes_must_match() {
        let (a, b) = (Array2::<f32>::zeros((3, 4)), Array2::zeros((5, 2)));
        assert!(matmul(&Threads::uninterrupted(1), a.view(), b.view(), None, &mut [0.0; 6]).is_err());
    }
}
