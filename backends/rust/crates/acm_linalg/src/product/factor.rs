//! The right-hand factor of a product, packed for the block kernel, and that kernel.

use acm_core::simd::{MAX_LANES, Simd, Vector};
use acm_core::{Result, Scalar, memory};

use crate::distances::panels::{BLOCK_ROWS, Coordinate, Register, Sums, panel_rows, zeros};

/// A matrix cut into panels of as many columns as two registers hold; a panel holds its part of one row after another.
pub struct Factor<S: Simd, T: Scalar> {
    panels: Vec<Coordinate<S, T>>,
    depth: usize,
    width: usize,
    tail: Tail,
}

/// What the last panel is, where the columns do not fill it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Filled up with zeros.
    Padded,
    /// It begins early enough to be whole, if there are columns enough; those that it shares with its neighbour are
    /// computed twice, which costs less than sorting them out.
    Shared,
}

impl<S: Simd, T: Scalar> Factor<S, T> {
    /// The matrix of `depth` rows and `width` columns whose entry in row `k` and column `j` is `at(k, j)`; the last
    /// panel is filled up with zeros.
    pub fn pack(simd: S, depth: usize, width: usize, at: impl Fn(usize, usize) -> T) -> Result<Self> {
        Self::pack_with(simd, depth, width, Tail::Padded, at)
    }

    /// The same, with the last panel as `tail` says.
    pub fn pack_with(simd: S, depth: usize, width: usize, tail: Tail, at: impl Fn(usize, usize) -> T) -> Result<Self> {
        let columns = panel_rows::<S, T>();
        let tail = if width < columns { Tail::Padded } else { tail };
        let nothing = [Register::<S, T>::splat(T::ZERO); 2];
        let mut panels = memory::filled(width.div_ceil(columns) * depth, nothing)?;
        simd.vectorize(
            #[inline(always)]
            || {
                let mut values = [T::ZERO; 2 * MAX_LANES];
                for (first, panel) in (0..width).step_by(columns).zip(panels.chunks_mut(depth)) {
                    let first = tail.start(first, width, columns);
                    let count = columns.min(width - first);
                    values.fill(T::ZERO);
                    for (k, coordinate) in panel.iter_mut().enumerate() {
                        for (j, value) in values[..count].iter_mut().enumerate() {
                            *value = at(k, first + j);
                        }
                        *coordinate = [Vector::load(&values), Vector::load(&values[columns / 2..])];
                    }
                }
            },
        );
        Ok(Factor { panels, depth, width, tail })
    }

    /// Each panel with the number of its first column.
    #[inline(always)]
    pub fn panels(&self) -> impl Iterator<Item = (usize, &[Coordinate<S, T>])> {
        let columns = panel_rows::<S, T>();
        let starts = (0..self.width).step_by(columns);
        starts.map(move |first| self.tail.start(first, self.width, columns)).zip(self.panels.chunks_exact(self.depth))
    }

    /// The width in whole panels.
    pub fn padded_width(&self) -> usize {
        self.width.next_multiple_of(panel_rows::<S, T>())
    }
}

impl Tail {
    /// Where the panel of so many `columns` begins that would begin at `first`.
    #[inline(always)]
    fn start(self, first: usize, width: usize, columns: usize) -> usize {
        match self {
            Tail::Padded => first,
            Tail::Shared => first.min(width - columns),
        }
    }
}

/// `sums[r] + sum_k rows[r]_k * panel_k` for the rows of a block and the columns of a panel.
#[inline(always)]
pub fn multiply_add<S: Simd, T: Scalar>(
    mut sums: Sums<S, T>,
    mut rows: [&[T]; BLOCK_ROWS],
    panel: &[Coordinate<S, T>],
) -> Sums<S, T> {
    // Equal lengths known to the compiler: no bounds checks below. No `map`: the compiler calls it, and what it is
    // given.
    for row in &mut rows {
        *row = &row[..panel.len()];
    }
    for k in 0..panel.len() {
        let [low, high] = panel[k];
        for (sums, row) in sums.iter_mut().zip(rows) {
            let value = Register::<S, T>::splat(row[k]);
            *sums = [value.mul_add(low, sums[0]), value.mul_add(high, sums[1])];
        }
    }
    sums
}

/// For each row of a block two registers of its numbers from `column` on.
#[inline(always)]
pub fn load<S: Simd, T: Scalar>(rows: [&[T]; BLOCK_ROWS], column: usize) -> Sums<S, T> {
    let mut loaded = zeros::<S, T>();
    for (loaded, row) in loaded.iter_mut().zip(rows) {
        *loaded = [Vector::load(&row[column..]), Vector::load(&row[column + Register::<S, T>::LANES..])];
    }
    loaded
}

/// Writes a panel's numbers to `out` from `column` on, as many as have room.
#[inline(always)]
pub fn store<V: Vector<T>, T: Scalar>(out: &mut [T], column: usize, [low, high]: [V; 2]) {
    if let Some(out) = out.get_mut(column..column + 2 * V::LANES) {
        low.store(out);
        high.store(&mut out[V::LANES..]);
    } else if let Some(out) = out.get_mut(column..) {
        let mut values = [T::ZERO; 2 * MAX_LANES];
        low.store(&mut values);
        high.store(&mut values[V::LANES..]);
        out.copy_from_slice(&values[..out.len()]);
    }
}
