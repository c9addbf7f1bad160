//! Columns whose squares neither overflow nor vanish.

use std::ops::RangeInclusive;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, cache, memory};
use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use crate::by_column::map_by_column;
use crate::moments::{MeanVariance, means_and_variances};

/// Numbers whose squares, and sums of many of them, are as precise as they are themselves.
const FITTING: RangeInclusive<f64> = 1e-140..=1e140;

/// Values that are looked at between two looks at the queue, at least, and parts of the rows at most.
const LOOKED_AT: usize = cache::L2_VALUES;
const PARTS: usize = 256;

/// A matrix, columns whose squares would overflow or vanish scaled by powers of two, and the mean and variance of each
/// column.
pub struct Rescaled<'a, T> {
    /// The matrix itself or, where a column is scaled, a copy.
    pub x: CowArray<'a, T, Ix2>,
    /// Of its columns.
    pub columns: Vec<MeanVariance>,
}

impl<'a, T: Scalar> Rescaled<'a, T> {
    /// Looks at the finite values of each column of `x`.
    pub fn new(threads: &Threads<'_>, x: ArrayView2<'a, T>) -> Result<Self> {
        let found = means_and_variances(threads, x)?;
        let ambiguous = memory::collected((0..x.ncols()).filter(|&column| !has_digits::<T>(&found[column])))?;
        let scales = scales(threads, Rows::new(x, "x")?, &ambiguous)?;
        if scales.iter().all(|&scale| scale == 1.0) {
            return Ok(Rescaled { x: x.into(), columns: found });
        }
        let mut scaled = memory::zeroed(x.len())?;
        map_by_column(
            threads,
            x,
            [scales.as_slice()],
            &mut scaled,
            #[inline(always)]
            |value, [scale]| T::from_f64(value.to_f64() * scale),
        )?;
        let x = Array2::from_shape_vec(x.dim(), scaled).map_err(|error| Error::invalid("x", error.to_string()))?;
        Ok(Rescaled { columns: means_and_variances(threads, x.view())?, x: x.into() })
    }
}

/// Whether the squares of numbers of this size, and their sum, have kept their digits.
pub fn keeps_digits(size: f64) -> bool {
    FITTING.contains(&size)
}

/// Whether a column is known well enough. All squares of `f32` fit into `f64`, and so they do where there is no
/// distance; that there is none is certain where the least one is not too small to be squared.
fn has_digits<T: Scalar>(column: &MeanVariance) -> bool {
    let deviation = column.deviation(0);
    let constant = deviation == 0.0 && keeps_digits(column.offset.abs());
    T::NARROWER_THAN_REFERENCE || column.count() < 2.0 || constant || keeps_digits(deviation)
}

/// For each column a power of two: 1 unless it is one of `columns`, and holds more than zeros.
fn scales<T: Scalar>(threads: &Threads<'_>, x: Rows<'_, T>, columns: &[usize]) -> Result<Vec<f64>> {
    let mut scales = memory::filled(x.width(), 1.0)?;
    if columns.is_empty() {
        return Ok(scales);
    }
    let step = (LOOKED_AT / x.width()).max(x.count().div_ceil(PARTS)).max(1);
    let mut largest = memory::filled(x.count().div_ceil(step) * columns.len(), 0.0)?;
    let parts = largest.chunks_exact_mut(columns.len()).zip((0..x.count()).step_by(step));
    threads.for_each(x.count().saturating_mul(columns.len()), parts, |(largest, first)| {
        for row in (first..(first + step).min(x.count())).map(|row| x.row(row)) {
            for (largest, &column) in largest.iter_mut().zip(columns) {
                let size = row[column].to_f64().abs();
                *largest = if size > *largest && size.is_finite() { size } else { *largest };
            }
        }
        Ok(())
    })?;
    for (index, &column) in columns.iter().enumerate() {
        let largest = largest.iter().skip(index).step_by(columns.len()).fold(0.0, |a: f64, &b| a.max(b));
        scales[column] = if largest > 0.0 { scale_of(largest) } else { 1.0 };
    }
    Ok(scales)
}

/// The power of two that brings a positive number close to 1, as far as it has to for its square to be rescaled.
pub fn scale_of(size: f64) -> f64 {
    // As it is stored, the exponent of 1 is 1023.
    let exponent = (size.to_bits() >> 52) as i64;
    f64::from_bits(((2 * 1023 - exponent).clamp(1023 - 1000, 1023 + 1000) as u64) << 52)
}
