//! Ranks of the finite values of each column, ties sharing the mean of theirs.

use acm_core::simd::CACHE_LINE;
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// Set in an entry of an order whose value is that of the entry before.
const TIED: u32 = 1 << 31;

/// The finite rows of a column from the smallest value to the largest.
#[derive(Debug, Default)]
pub struct Order {
    entries: Vec<u32>,
    /// One bit a row, set where the column has a finite value; nothing where it has one in all.
    present: Vec<u64>,
}

impl Order {
    /// Whether the column has a finite value in `row`.
    #[inline(always)]
    fn has(&self, row: u32) -> bool {
        self.present[row as usize / 64] >> (row % 64) & 1 == 1
    }

    /// Whether both columns have finite values in the same rows.
    pub fn has_rows_of(&self, other: &Order) -> bool {
        self.present == other.present
    }

    /// Calls `each` with groups of rows of equal value among those that `other` has, too, and their common rank from 0.
    #[inline(always)]
    pub fn ranks_among(&self, other: &Order, group: &mut Vec<u32>, mut each: impl FnMut(&[u32], f64)) {
        let mut before = 0;
        group.clear();
        for (&entry, next) in self.entries.iter().zip(self.entries.iter().skip(1).chain(&[0])) {
            let row = entry & !TIED;
            if other.has(row) {
                group.push(row);
            }
            if next & TIED == 0 && !group.is_empty() {
                each(group, before as f64 + (group.len() - 1) as f64 / 2.0);
                before += group.len();
                group.clear();
            }
        }
    }
}

/// Writes the ranks of each column, from 0, and NaN where a value is missing. Answers the columns' orders if there are
/// gaps in any of them.
pub fn ranks<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, out: ArrayViewMut2<'_, T>) -> Result<Vec<Order>> {
    let (height, width) = x.dim();
    if height >= TIED as usize {
        return Err(Error::Unsupported(format!("{height} rows are more than the kernel can number")));
    }
    let gaps = x.iter().any(|value| !value.is_finite());
    let mut orders = memory::with_capacity(width)?;
    orders.resize_with(width, Order::default);
    // Columns that share cache lines are read and written together.
    let columns = CACHE_LINE / size_of::<T>();
    let mut out = out;
    let blocks = x.axis_chunks_iter(Axis(1), columns).zip(out.axis_chunks_iter_mut(Axis(1), columns));
    let tiles = blocks.zip(orders.chunks_mut(columns));
    let prepare = || Ok((memory::with_capacity(height)?, memory::filled(height * columns, T::ZERO)?));
    threads.for_each_with(x.len().saturating_mul(16), tiles, prepare, |(keys, ranks), ((x, mut out), orders)| {
        ranks.fill(T::NAN);
        for (j, (column, order)) in x.columns().into_iter().zip(orders).enumerate() {
            keys.clear();
            keys.extend(column.iter().zip(0..).filter(|(value, _)| value.is_finite()).map(|(&value, row)| Key {
                // -0 becomes 0, its equal.
                value: value + T::ZERO,
                row,
            }));
            keys.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
            write_ranks(keys, &mut ranks[j * height..][..height]);
            if gaps {
                *order = order_of(keys, height)?;
            }
        }
        for (i, mut row) in out.rows_mut().into_iter().enumerate() {
            row.iter_mut().enumerate().for_each(|(j, out)| *out = ranks[j * height + i]);
        }
        Ok(())
    })?;
    if !gaps {
        orders.clear();
    }
    Ok(orders)
}

/// A value and where it stands.
#[derive(Clone, Copy)]
struct Key<T> {
    value: T,
    row: u32,
}

fn write_ranks<T: Scalar>(keys: &[Key<T>], ranks: &mut [T]) {
    let mut before = 0;
    for group in keys.chunk_by(|a, b| a.value == b.value) {
        let rank = T::from_f64(before as f64 + (group.len() - 1) as f64 / 2.0);
        group.iter().for_each(|key| ranks[key.row as usize] = rank);
        before += group.len();
    }
}

fn order_of<T: Scalar>(keys: &[Key<T>], height: usize) -> Result<Order> {
    let mut order =
        Order { entries: memory::with_capacity(keys.len())?, present: memory::filled(height.div_ceil(64), 0)? };
    for group in keys.chunk_by(|a, b| a.value == b.value) {
        order.entries.extend(group.iter().enumerate().map(|(k, key)| if k > 0 { key.row | TIED } else { key.row }));
    }
    for key in keys {
        order.present[key.row as usize / 64] |= 1 << (key.row % 64);
    }
    Ok(order)
}
