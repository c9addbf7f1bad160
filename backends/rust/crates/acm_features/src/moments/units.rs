//! Sums that went astray, counted anew in a unit of their values' size.

use acm_core::simd::Simd;
use acm_core::units::{exponent_for, power};
use acm_core::{Result, Scalar, memory};

use super::{BLOCK, Block, Summary};

/// Sums up the columns of a block anew whose `parts` are not sound, each in its own unit.
///
/// Columns of equal values look like it, too: they are gone through for their size only.
#[cold]
#[inline(never)]
pub fn count_anew<T: Scalar, S: Simd, P: Summary>(simd: S, block: &Block<'_, T>, parts: &mut [P; BLOCK]) -> Result<()> {
    let (sizes, sound) = (largest(block), parts.each_ref().map(P::is_sound));
    let exponents: [i32; BLOCK] = std::array::from_fn(|j| if sound[j] { 0 } else { exponent_for(sizes[j]) });
    let astray: [bool; BLOCK] = std::array::from_fn(|j| exponents[j] != 0 && sizes[j] > 0.0);
    for j in 0..BLOCK {
        parts[j] = parts[j].in_unit(parts[j], exponents[j]);
    }
    if !astray.contains(&true) {
        return Ok(());
    }
    let values = counted_in(block, exponents.map(|exponent| power(-exponent)))?;
    let counted = simd.vectorize(
        #[inline(always)]
        || P::of::<f64, S>(Block { values: &values, back: BLOCK, next: &[], width: 2 * BLOCK, first_column: 0 }),
    );
    for j in 0..BLOCK {
        if astray[j] {
            parts[j] = parts[j].in_unit(counted[j], exponents[j]);
        }
    }
    Ok(())
}

/// The largest finite magnitude of each column, of the values before its own, too.
fn largest<T: Scalar>(block: &Block<'_, T>) -> [f64; BLOCK] {
    let mut largest = [0.0; BLOCK];
    for row in block.rows().chain(block.rows_before()) {
        for (largest, value) in largest.iter_mut().zip(row) {
            let size = if value.is_finite() { value.abs() } else { 0.0 };
            *largest = if size > *largest { size } else { *largest };
        }
    }
    largest
}

/// Rows of the values before and the values, all times their columns' factors, as a block of these columns alone sees
/// them.
fn counted_in<T: Scalar>(block: &Block<'_, T>, factors: [f64; BLOCK]) -> Result<Vec<f64>> {
    let mut values = memory::filled(block.height() * 2 * BLOCK + BLOCK, 0.0)?;
    for ((before, row), out) in block.rows_before().zip(block.rows()).zip(values.chunks_exact_mut(2 * BLOCK)) {
        for j in 0..BLOCK {
            out[j] = before[j] * factors[j];
            out[BLOCK + j] = row[j] * factors[j];
        }
    }
    Ok(values)
}
