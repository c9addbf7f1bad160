//! Rows with the rows before them as further columns.

use std::ops::Range;

use acm_core::{Error, Result, Scalar, Threads, cache, simd};
use ndarray::ArrayView2;

use crate::by_column::values_of;

/// Values that a thread writes between two looks at the queue.
const TILE_VALUES: usize = cache::L2_VALUES;

/// Beyond so many bytes of features caches do not hold them, memory is new at each call, and rows of `x` are fetched
/// ahead: processors that are busy with the one bring the others too late. With less this would only cost.
const BIG: usize = cache::L3_BYTES;

/// How many rows ahead; twice as many or half gain as much.
const AHEAD: usize = 8;

/// Columns and lags that are transposed at once.
const BLOCK: usize = 4;

/// The order of features in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// All lags of the first column.
    Column,
    /// All columns of the first lag.
    Lag,
}

/// Writes each row of `x` with the rows that lie `lags` before it; NaN where there is none.
pub fn lagged_features<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    lags: Range<usize>,
    order: Order,
    out: &mut [T],
) -> Result<()> {
    let (width, x) = (x.ncols(), values_of(x)?);
    if out.len() != x.len() * lags.len() {
        return Err(Error::invalid("out", "does not have room for every lag of x"));
    }
    let features = width * lags.len();
    let height = (TILE_VALUES / features).max(1);
    let is_big = size_of_val(out) > BIG;
    threads.for_each(out.len(), out.chunks_mut(height * features).enumerate(), |(tile, out)| {
        simd::vectorized(
            #[inline(always)]
            || {
                let (mut end, mut rest) = (tile * height * width, out);
                while !rest.is_empty() {
                    let (out, behind) = rest.split_at_mut(features);
                    // Stores wait for their lines, which processors bring into the cache too late.
                    simd::prefetch(behind.get(features..2 * features).unwrap_or_default());
                    end += width;
                    if is_big {
                        let ahead = row_before(&x[..x.len().min(end + AHEAD * width)], width, lags.start);
                        simd::prefetch(ahead.unwrap_or_default());
                    }
                    match order {
                        Order::Lag => lags_side_by_side(&x[..end], width, lags.clone(), out),
                        Order::Column => columns_side_by_side(&x[..end], width, lags.clone(), out),
                    }
                    rest = behind;
                }
            },
        );
        Ok(())
    })
}

/// The row that lies `lag` before the last one of `x`.
#[inline(always)]
fn row_before<T>(x: &[T], width: usize, lag: usize) -> Option<&[T]> {
    let end = x.len().checked_sub(lag.checked_mul(width)?)?;
    Some(&x[end.checked_sub(width)?..end])
}

#[inline(always)]
fn lags_side_by_side<T: Scalar>(x: &[T], width: usize, lags: Range<usize>, out: &mut [T]) {
    for (lag, out) in lags.zip(out.chunks_exact_mut(width)) {
        match row_before(x, width, lag) {
            // By 32 bytes: of wider stores most would lie across two lines of the cache.
            Some(row) if size_of::<T>() == size_of::<f32>() => copy::<T, 8>(row, out),
            Some(row) => copy::<T, 4>(row, out),
            None => out.fill(T::NAN),
        }
    }
}

/// Copies a row in blocks, the last of which begins early enough to be whole: a call of `memcpy` for each short row
/// costs more than its copying.
#[inline(always)]
fn copy<T: Scalar, const COPIED: usize>(row: &[T], out: &mut [T]) {
    let out = &mut out[..row.len()];
    if let (Some(last), Some(out)) = (row.last_chunk::<COPIED>(), out.last_chunk_mut()) {
        *out = *last;
    } else {
        return out.copy_from_slice(row);
    }
    for (out, row) in out.as_chunks_mut::<COPIED>().0.iter_mut().zip(row.as_chunks().0) {
        *out = *row;
    }
}

#[inline(always)]
fn columns_side_by_side<T: Scalar>(x: &[T], width: usize, lags: Range<usize>, out: &mut [T]) {
    let whole = x.len() >= lags.end * width;
    if whole && lags.len() >= BLOCK && width >= BLOCK {
        return match lags.len() {
            // Compiled for this number, blocks lie one after the other.
            BLOCK => by_blocks(x, width, lags.start, BLOCK, out),
            count => by_blocks(x, width, lags.start, count, out),
        };
    }
    for (column, out) in out.chunks_exact_mut(lags.len()).enumerate() {
        for (out, lag) in out.iter_mut().zip(lags.clone()) {
            *out = row_before(x, width, lag).map_or(T::NAN, |row| row[column]);
        }
    }
}

/// Transposes blocks of columns and lags; the last ones begin early enough to be whole.
#[inline(always)]
fn by_blocks<T: Scalar>(x: &[T], width: usize, first: usize, count: usize, out: &mut [T]) {
    let last_columns = width - BLOCK;
    for lag in (0..count).step_by(BLOCK).map(|lag| lag.min(count - BLOCK)) {
        let newest = x.len() - (first + lag + 1) * width;
        let rows: [&[T]; BLOCK] = std::array::from_fn(|older| &x[newest - older * width..][..width]);
        let blocks: [&[[T; BLOCK]]; BLOCK] = rows.map(|row| row.as_chunks().0);
        for (i, out) in out.chunks_exact_mut(BLOCK * count).enumerate() {
            transpose(blocks.map(|row| row[i]), count, lag, out);
        }
        let last = rows.map(|row| row[last_columns..].as_chunks().0[0]);
        transpose(last, count, lag, &mut out[last_columns * count..]);
    }
}

/// Writes the columns of a block, each `stride` values after the one before it.
#[inline(always)]
fn transpose<T: Scalar>(rows: [[T; BLOCK]; BLOCK], stride: usize, start: usize, out: &mut [T]) {
    let columns: [[T; BLOCK]; BLOCK] = std::array::from_fn(|j| rows.map(|row| row[j]));
    let out = &mut out[start..][..(BLOCK - 1) * stride + BLOCK];
    for (j, column) in columns.iter().enumerate() {
        out[j * stride..][..BLOCK].copy_from_slice(column);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn every_feature_is_in_its_place() {
        for (rows, width, lags) in [(40, 7, 0..6), (40, 4, 1..5), (9, 3, 0..5), (3, 5, 0..9), (1, 1, 1..2)] {
            let x = Array2::from_shape_fn((rows, width), |(i, j)| (i * width + j) as f64);
            for order in [Order::Column, Order::Lag] {
                let mut out = vec![0.0; rows * width * lags.len()];
                lagged_features(&Threads::uninterrupted(1), x.view(), lags.clone(), order, &mut out).unwrap();
                for (place, &feature) in out.iter().enumerate() {
                    let (row, place) = (place / (width * lags.len()), place % (width * lags.len()));
                    let (column, lag) = match order {
                        Order::Column => (place / lags.len(), place % lags.len()),
                        Order::Lag => (place % width, place / width),
                    };
                    let expected = row.checked_sub(lags.start + lag).map_or(f64::NAN, |row| x[(row, column)]);
                    assert!(feature == expected || feature.is_nan() && expected.is_nan());
                }
            }
        }
    }
}
