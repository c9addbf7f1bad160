//! Correlation of two columns over the rows that both have, computed for each pair anew.

use acm_core::parallel::InterruptCheck;
use acm_core::rows::Rows;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayViewMut2;

use super::rescaled::scale_of;

/// Computes the correlation of each of `pairs` by `each`, which costs about `steps`, and writes it to both its places.
pub fn write_pairs<T: Scalar, M>(
    threads: &Threads<'_>,
    steps: usize,
    pairs: &[(usize, usize)],
    prepare: impl Fn() -> Result<M> + Sync,
    each: impl Fn(&mut M, usize, usize, &mut InterruptCheck<'_>) -> Result<f64> + Sync,
    out: &mut ArrayViewMut2<'_, T>,
) -> Result<()> {
    let mut found = memory::filled(pairs.len(), 0.0)?;
    let work = steps.saturating_mul(pairs.len());
    threads.for_each_long(work, pairs.iter().zip(&mut found), prepare, |scratch, (&(i, j), found), look| {
        *found = each(scratch, i, j, look)?;
        Ok(())
    })?;
    for (&(i, j), found) in pairs.iter().zip(found) {
        let value = T::from_f64(found);
        (out[(i, j)], out[(j, i)]) = (value, value);
    }
    Ok(())
}

/// Pearson's correlation of two columns over the rows in which both are finite, whatever the size of their values.
pub fn correlation<T: Scalar>(x: Rows<'_, T>, i: usize, j: usize) -> f64 {
    let values = || (0..x.count()).map(|row| (x.row(row)[i], x.row(row)[j]));
    let both = || values().filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| (a.to_f64(), b.to_f64()));
    let largest = both().fold([0.0; 2], |all, (a, b)| [a.abs().max(all[0]), b.abs().max(all[1])]);
    let scale = largest.map(scale_of);
    let both = || both().map(|(a, b)| (a * scale[0], b * scale[1]));
    let Some(first) = both().next() else { return f64::NAN };
    let shifted = || both().map(|(a, b)| (a - first.0, b - first.1));
    let (mut count, mut sums) = (0.0, [0.0; 2]);
    for (a, b) in shifted() {
        (count, sums) = (count + 1.0, [sums[0] + a, sums[1] + b]);
    }
    let mean = sums.map(|sum| sum / count);
    let mut products = [0.0; 3];
    for (a, b) in shifted() {
        let (a, b) = (a - mean[0], b - mean[1]);
        products = [products[0] + a * b, products[1] + a * a, products[2] + b * b];
    }
    coefficient(products)
}

/// The coefficient from the sums of products and of either's squares, all about the means; NaN where one does not vary.
pub fn coefficient([products, left, right]: [f64; 3]) -> f64 {
    if left > 0.0 && right > 0.0 { (products / (left.sqrt() * right.sqrt())).clamp(-1.0, 1.0) } else { f64::NAN }
}
