//! Average ranks of the finite values of each column, for Spearman's coefficient over pairwise complete rows.
//!
//! ```text
//! deal the values out to buckets by a rising piecewise linear map of a sample (see buckets): a bucket sort
//! rank(value) = values in lower buckets + those less than it in its own + (ties - 1) / 2
//! columns with gaps also keep their order: rows from the smallest value to the largest, ties marked, so that the ranks
//! among the rows that another column has, too, are counted in one pass over the order, without sorting again
//! ```
//!
//! Cost: O(n) a column where the map spreads the values, n log n of a bucket that holds more than 8; O(n) a pair with
//! gaps.

use std::sync::atomic::{AtomicBool, Ordering};

use acm_core::parallel::InterruptCheck;
use acm_core::rows::Rows;
use acm_core::simd::{self, CACHE_LINE};
use acm_core::{Error, Result, Scalar, Threads, cache, memory};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

use super::buckets::{Buckets, PART, Place};

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
    /// The order of the rows of `values`, which have been dealt out to `buckets`.
    fn new<T: Scalar>(values: &[T], buckets: &Buckets<T>, look: &mut InterruptCheck<'_>) -> Result<Self> {
        let mut order = Order {
            entries: memory::filled(buckets.present(), 0)?,
            present: memory::filled(values.len().div_ceil(64), 0)?,
        };
        let mut taken = memory::filled(buckets.present(), 0)?;
        for (row, &value) in values.iter().enumerate() {
            if row % PART == 0 {
                look()?;
            }
            if value.is_finite() {
                order.present[row / 64] |= 1 << (row % 64);
                // Rows with the same value take its places one after the other.
                let less = buckets.place(row, value).less;
                let tied: usize = taken[less];
                order.entries[less + tied] = if tied > 0 { row as u32 | TIED } else { row as u32 };
                taken[less] += 1;
            }
        }
        Ok(order)
    }

    /// Whether the column has a finite value in `row`.
    #[inline(always)]
    fn has(&self, row: u32) -> bool {
        self.present[row as usize / 64] >> (row % 64) & 1 == 1
    }

    /// Whether both columns have finite values in the same rows, of which there are some.
    pub fn has_same_rows_as(&self, other: &Order) -> bool {
        !self.entries.is_empty() && self.present == other.present
    }

    /// Calls `each` with groups of rows of equal value among those that `other` has, too, and their common rank from 0.
    #[inline(always)]
    pub fn ranks_among(
        &self,
        other: &Order,
        group: &mut Vec<u32>,
        look: &mut InterruptCheck<'_>,
        mut each: impl FnMut(&[u32], f64),
    ) -> Result<()> {
        let mut before = 0;
        group.clear();
        for (part, entries) in self.entries.chunks(PART).enumerate() {
            let next = self.entries[part * PART..].iter().skip(1).chain(&[0]);
            for (&entry, next) in entries.iter().zip(next) {
                let row = entry & !TIED;
                if other.has(row) {
                    memory::push(group, row)?;
                }
                if next & TIED == 0 && !group.is_empty() {
                    each(group, before as f64 + (group.len() - 1) as f64 / 2.0);
                    before += group.len();
                    group.clear();
                }
            }
            look()?;
        }
        Ok(())
    }
}

/// Writes the ranks of each column, from 0, and NaN where a value is missing. Answers the columns' orders if there are
/// gaps in any of them.
pub fn ranks<T: Scalar, R: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    mut out: ArrayViewMut2<'_, R>,
) -> Result<Vec<Order>> {
    let (height, width) = x.dim();
    if height >= TIED as usize {
        return Err(Error::Unsupported(format!("{height} rows are more than the kernel can number")));
    }
    let gaps = has_gaps(threads, Rows::new(x, "x")?)?;
    let mut orders = memory::collected((0..width).map(|_| Order::default()))?;
    // Columns that share cache lines are read and written together.
    let columns = CACHE_LINE / size_of::<T>();
    let blocks = x.axis_chunks_iter(Axis(1), columns).zip(out.axis_chunks_iter_mut(Axis(1), columns));
    let tiles = blocks.zip(orders.chunks_mut(columns));
    let prepare = || Ok((memory::filled(height * columns.min(width), T::ZERO)?, Buckets::new(height)?));
    threads.for_each_long(
        x.len().saturating_mul(16),
        tiles,
        prepare,
        |(columns, buckets), ((x, out), orders), look| {
            lay_out(x, columns, look)?;
            for (column, order) in columns.chunks_exact_mut(height.max(1)).zip(orders) {
                buckets.deal(column, look)?;
                if gaps {
                    *order = Order::new(column, buckets, look)?;
                }
                replace_by_ranks(column, buckets, look)?;
            }
            write(columns, out, look)
        },
    )?;
    if !gaps {
        orders.clear();
    }
    Ok(orders)
}

/// Rows that are looked at for missing values between two looks at the queue, in values.
const LOOKED_AT: usize = cache::L2_VALUES;

fn has_gaps<T: Scalar>(threads: &Threads<'_>, x: Rows<'_, T>) -> Result<bool> {
    let gaps = AtomicBool::new(false);
    let step = (LOOKED_AT / x.width().max(1)).max(1);
    threads.for_each(x.count() * x.width() / 8, (0..x.count()).step_by(step), |first| {
        if !gaps.load(Ordering::Relaxed) && !x.are_finite(first..(first + step).min(x.count())) {
            gaps.store(true, Ordering::Relaxed);
        }
        Ok(())
    })?;
    Ok(gaps.into_inner())
}

/// How many rows ahead a part of a row is asked for: each lies on another page, which processors do not foresee.
const FETCH_AHEAD: usize = 32;

/// Writes the columns of `x` one after the other, missing values as infinity.
fn lay_out<T: Scalar>(x: ArrayView2<'_, T>, columns: &mut [T], look: &mut InterruptCheck<'_>) -> Result<()> {
    let height = x.nrows();
    for (i, row) in x.rows().into_iter().enumerate() {
        if i % PART == 0 {
            look()?;
        }
        simd::prefetch(x.row((i + FETCH_AHEAD).min(height - 1)).to_slice().unwrap_or_default());
        for (j, &value) in row.iter().enumerate() {
            columns[j * height + i] = if value.is_finite() { value } else { T::INFINITY };
        }
    }
    Ok(())
}

/// Writes columns back to rows.
fn write<T: Scalar, R: Scalar>(
    columns: &[T],
    mut out: ArrayViewMut2<'_, R>,
    look: &mut InterruptCheck<'_>,
) -> Result<()> {
    let height = out.nrows();
    for (i, mut row) in out.rows_mut().into_iter().enumerate() {
        if i % PART == 0 {
            look()?;
        }
        row.iter_mut().enumerate().for_each(|(j, out)| *out = R::from_f64(columns[j * height + i].to_f64()));
    }
    Ok(())
}

/// Replaces values that have been dealt out to `buckets`.
fn replace_by_ranks<T: Scalar>(values: &mut [T], buckets: &Buckets<T>, look: &mut InterruptCheck<'_>) -> Result<()> {
    for (part, values) in values.chunks_mut(PART).enumerate() {
        simd::vectorized(
            #[inline(always)]
            || {
                for (row, value) in (part * PART..).zip(values) {
                    let Place { less, equal } = buckets.place(row, *value);
                    let rank = T::from_f64(less as f64 + (equal as f64 - 1.0) / 2.0);
                    *value = if value.is_finite() { rank } else { T::NAN };
                }
            },
        );
        look()?;
    }
    Ok(())
}
