//! Sums out of range, recomputed from values rescaled to a unit of their size.

use acm_core::simd::Simd;
use acm_core::units::{exponent_for, power};
use acm_core::{Result, Scalar, memory};

use super::{BLOCK, Block, Summary};

/// Sums up the columns of a block anew whose `parts` are not sound, each in its own unit.
///
/// Columns of equal values look like it, too: they are gone through for their size only.
#[cold]
#[inline(never)]
pub fn recompute_rescaled<T: Scalar, S: Simd, P: Summary>(
    simd: S,
    block: &Block<'_, T>,
    parts: &mut [P; BLOCK],
) -> Result<()> {
    let sound = parts.each_ref().map(P::is_sound);
    let known = parts.each_ref().map(|part| if part.is_sound() { Some(0.0) } else { part.size() });
    let sizes = if known.iter().all(Option::is_some) {
        known.map(Option::unwrap_or_default)
    } else {
        simd.vectorize(
            #[inline(always)]
            || largest(block, P::HAS_PAIRS),
        )
    };
    let exponents: [i32; BLOCK] = std::array::from_fn(|j| if sound[j] { 0 } else { exponent_for(sizes[j]) });
    let out_of_range: [bool; BLOCK] = std::array::from_fn(|j| exponents[j] != 0 && sizes[j] > 0.0);
    for j in 0..BLOCK {
        parts[j] = parts[j].in_unit(parts[j], exponents[j]);
    }
    if !out_of_range.contains(&true) {
        return Ok(());
    }
    let values = counted_in(block, exponents.map(|exponent| power(-exponent)))?;
    let counted = simd.vectorize(
        #[inline(always)]
        || P::of::<f64, S>(Block { values: &values, back: BLOCK, next: &[], width: 2 * BLOCK, first_column: 0 }),
    );
    for j in 0..BLOCK {
        if out_of_range[j] {
            parts[j] = parts[j].in_unit(counted[j], exponents[j]);
        }
    }
    Ok(())
}

/// The largest finite magnitude of each column, also of the values before its own where `paired`.
#[inline(always)]
fn largest<T: Scalar>(block: &Block<'_, T>, paired: bool) -> [f64; BLOCK] {
    let mut largest = [0.0; BLOCK];
    block.rows().for_each(
        #[inline(always)]
        |row| take_in(&mut largest, row),
    );
    if paired {
        block.rows_before().for_each(
            #[inline(always)]
            |row| take_in(&mut largest, row),
        );
    }
    largest
}

#[inline(always)]
fn take_in(largest: &mut [f64; BLOCK], row: [f64; BLOCK]) {
    for j in 0..BLOCK {
        let size = if row[j].is_finite() { row[j].abs() } else { 0.0 };
        largest[j] = if size > largest[j] { size } else { largest[j] };
    }
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

#[cfg(test)]
mod tests {
    use acm_core::Threads;
    use acm_core::units::times_power;
    use ndarray::Array2;

    use crate::moments::{LagSums, MeanVariance, Shape, lag_sums, means_and_variances_in_units, shapes};

    /// Gaps in a column, zeros in another, and parts of other sizes in a third.
    fn sensors(width: usize, has_gaps: bool) -> Array2<f64> {
        Array2::from_shape_fn((60_000 / width, width), |(i, j)| match (i * width + j) * 7919 % 1013 {
            place if place % 7 == 0 && j == 0 && has_gaps => f64::NAN,
            _ if j == 1 => 0.0,
            place if j == 2 && i > 2000 => place as f64 * 1e-30,
            place => 100.0 + place as f64 / 8.0,
        })
    }

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-9 * other.abs() || one == other || one.is_nan() && other.is_nan()
    }

    #[test]
    fn columns_of_any_size_give_the_same() {
        let threads = Threads::uninterrupted(2);
        for (width, exponent) in
            [1, 3, 8, 11].into_iter().flat_map(|w| [-1000, -600, -300, 250, 500, 1010].map(|e| (w, e)))
        {
            for has_gaps in [true, false] {
                let x = sensors(width, has_gaps);
                let scaled = x.mapv(|value| times_power(value, exponent));
                let [plain, found] = [&x, &scaled].map(|x| shapes(&threads, x.view()).unwrap());
                let same = |of: fn(&Shape) -> f64| plain.iter().zip(&found).all(|(a, b)| close(of(b), of(a)));
                assert!(same(Shape::skewness) && same(Shape::kurtosis), "{width} columns, {exponent}");
                let [plain, found] = [&x, &scaled].map(|x| means_and_variances_in_units(&threads, x.view()).unwrap());
                let deviation = |level: &MeanVariance| times_power(level.deviation(0), level.exponent());
                for (a, b) in plain.iter().zip(&found) {
                    assert!(close(deviation(b), times_power(deviation(a), exponent)), "{width} columns, {exponent}");
                }
                let [plain, found] = [&x, &scaled].map(|x| lag_sums(&threads, x.view()).unwrap().unwrap_or_default());
                let ratio = |sums: &LagSums| {
                    let [products, squares] = sums.around([0.0, 0.0]);
                    products / squares
                };
                assert_eq!(plain.len(), found.len());
                assert!(
                    plain.iter().zip(&found).all(|(a, b)| close(ratio(b), ratio(a))),
                    "{width} columns, {exponent}"
                );
            }
        }
    }
}
