//! Columns made orthonormal, each by those before it: CholeskyQR, repeated, where the columns are well enough apart for
//! it; otherwise Gram-Schmidt with reorthogonalisation, in which unit vectors take the place of dependent columns.

use acm_core::{Result, Scalar, Threads, memory, simd};

/// Rows whose products are added up before the next.
const SUMMED_ROWS: usize = 4096;

/// Most parts of rows whose products are kept before they are added up.
const MOST_PARTS: usize = 32;

/// Columns that are far from orthogonal need two passes, random ones rarely a third.
const MOST_PASSES: usize = 4;

/// What products may be off by after all passes, in units of the last digit: sums over many rows add some.
const CLOSE: f64 = 256.0;

/// A column of which no more than this is left by those before it depends on them.
const DEPENDENT: f64 = 1e-6;

/// Makes the columns of `rows`, `count` values each, orthonormal; those from `known` on are replaced by random ones
/// first.
pub fn orthonormalise<T: Scalar>(threads: &Threads<'_>, rows: &mut [T], count: usize, known: usize) -> Result<()> {
    for (i, row) in rows.chunks_exact_mut(count).enumerate() {
        for (j, value) in row.iter_mut().enumerate().skip(known) {
            *value = T::from_f64(random(i * count + j));
        }
    }
    for pass in 0.. {
        let products = products(threads, rows, count)?;
        if is_identity(&products, count, 8.0 * T::EPSILON.to_f64()) {
            break;
        }
        if pass == MOST_PASSES {
            if !is_identity(&products, count, CLOSE * T::EPSILON.to_f64()) {
                gram_schmidt(rows, count);
            }
            break;
        }
        let factors = factors(products, count);
        threads.for_each(rows.len() * count, rows.chunks_mut(SUMMED_ROWS * count), |rows| {
            rows.chunks_exact_mut(count).for_each(|row| combine(row, &factors));
            Ok(())
        })?;
    }
    Ok(())
}

/// Makes columns orthonormal one after the other, whatever they are.
fn gram_schmidt<T: Scalar>(rows: &mut [T], count: usize) {
    for j in 0..count {
        if !stands_alone(rows, count, j) {
            put_unit_vector(rows, count, j);
            // What a unit vector has of the columns before, it has at most twice: once, and once more from rounding.
            stands_alone(rows, count, j);
        }
    }
}

/// Takes from column `j` what it has of those before it, twice, and gives it length 1; false if hardly anything is left.
fn stands_alone<T: Scalar>(rows: &mut [T], count: usize, j: usize) -> bool {
    if !normalise(rows, count, j, 0.0) {
        return false;
    }
    (0..2).all(|_| {
        for k in 0..j {
            let product: f64 = rows.chunks_exact(count).map(|row| row[k].to_f64() * row[j].to_f64()).sum();
            rows.chunks_exact_mut(count)
                .for_each(|row| row[j] = T::from_f64(row[j].to_f64() - product * row[k].to_f64()));
        }
        normalise(rows, count, j, DEPENDENT)
    })
}

/// Gives column `j` length 1; false unless it is longer than `least`.
fn normalise<T: Scalar>(rows: &mut [T], count: usize, j: usize, least: f64) -> bool {
    let length = rows.chunks_exact(count).map(|row| row[j].to_f64().powi(2)).sum::<f64>().sqrt();
    if !(length > least && length.is_finite()) {
        return false;
    }
    rows.chunks_exact_mut(count).for_each(|row| row[j] = T::from_f64(row[j].to_f64() / length));
    true
}

/// Makes column `j` the unit vector that has least of the columns before it: with fewer columns than rows, never all.
fn put_unit_vector<T: Scalar>(rows: &mut [T], count: usize, j: usize) {
    let share = |row: &[T]| row[..j].iter().map(|value| value.to_f64().powi(2)).sum::<f64>();
    let least = rows.chunks_exact(count).enumerate().min_by(|(_, a), (_, b)| share(a).total_cmp(&share(b)));
    let place = least.map_or(0, |(place, _)| place);
    for (i, row) in rows.chunks_exact_mut(count).enumerate() {
        row[j] = if i == place { T::ONE } else { T::ZERO };
    }
}

/// A number from -0.5 to 0.5 that looks random (the finaliser of MurmurHash3).
fn random(index: usize) -> f64 {
    let mut bits = (index as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        bits = (bits ^ (bits >> 33)).wrapping_mul(factor);
    }
    ((bits ^ (bits >> 33)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// The products of every two columns.
fn products<T: Scalar>(threads: &Threads<'_>, rows: &[T], count: usize) -> Result<Vec<f64>> {
    let height = (rows.len() / count).div_ceil(MOST_PARTS).max(SUMMED_ROWS);
    let parts = rows.len().div_ceil(height * count);
    let mut sums = memory::filled(parts * count * count, 0.0)?;
    let tiles = sums.chunks_mut(count * count).zip(rows.chunks(height * count));
    threads.for_each(rows.len() * count, tiles, |(sums, rows)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for row in rows.chunks_exact(count) {
                    for (sums, value) in sums.chunks_exact_mut(count).zip(row) {
                        sums.iter_mut().zip(row).for_each(|(sum, other)| *sum += value.to_f64() * other.to_f64());
                    }
                }
            },
        );
        Ok(())
    })?;
    let (total, others) = sums.split_at_mut(count * count);
    for part in others.chunks_exact(count * count) {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    sums.truncate(count * count);
    Ok(sums)
}

fn is_identity(products: &[f64], count: usize, tolerance: f64) -> bool {
    products.iter().enumerate().all(|(at, value)| {
        let wanted = if at / count == at % count { 1.0 } else { 0.0 };
        (value - wanted).abs() <= tolerance
    })
}

/// The lower triangle L of `products` = L L^T, row by row.
fn factors(mut products: Vec<f64>, count: usize) -> Vec<f64> {
    for j in 0..count {
        for i in j..count {
            let known: f64 = (0..j).map(|k| products[i * count + k] * products[j * count + k]).sum();
            let rest = products[i * count + j] - known;
            products[i * count + j] = if i == j {
                // Rounding leaves no less of a column than this.
                rest.max(f64::EPSILON * products[j * count + j]).sqrt()
            } else {
                rest / products[j * count + j]
            };
        }
    }
    products
}

/// Replaces a row by the solution y of L y = row.
fn combine<T: Scalar>(row: &mut [T], factors: &[f64]) {
    let count = row.len();
    for j in 0..count {
        let known: f64 = (0..j).map(|k| factors[j * count + k] * row[k].to_f64()).sum();
        row[j] = T::from_f64((row[j].to_f64() - known) / factors[j * count + j]);
    }
}
