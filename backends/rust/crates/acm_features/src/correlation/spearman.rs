//! Spearman's rank correlation of all pairs of columns.

use acm_core::parallel::InterruptCheck;
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::common::{coefficient, write_pairs};
use super::pearson::complete;
use super::ranks::{Order, ranks};
use super::rescaled::Rescaled;
use super::standard::Standard;

/// So many ranks, halves of integers, are exact in `f32`.
const MOST_ROWS: usize = 1 << 23;

/// Writes the correlation of the ranks of each pair of columns, ranked over the rows in which both are finite.
///
/// Each column is sorted once. A pair with gaps in different rows goes through both orders and counts anew.
pub fn spearman<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, out: ArrayViewMut2<'_, T>) -> Result<()> {
    if x.nrows() <= MOST_ROWS { by_ranks::<T, f32>(threads, x, out) } else { by_ranks::<T, T>(threads, x, out) }
}

/// The same, with the ranks held as numbers of type `R`.
fn by_ranks<T: Scalar, R: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    mut out: ArrayViewMut2<'_, T>,
) -> Result<()> {
    let mut ranked = Array2::<R>::from_shape_vec(x.dim(), memory::zeroed(x.len())?)
        .map_err(|error| Error::invalid("x", error.to_string()))?;
    let orders = ranks(threads, x, ranked.view_mut())?;
    complete(threads, &Standard::new(&Rescaled::new(threads, ranked.view())?)?, &mut out)?;
    let mut differing = Vec::new();
    for (i, left) in orders.iter().enumerate() {
        let others = (i + 1..orders.len()).filter(|&j| !left.has_same_rows_as(&orders[j]));
        memory::extend(&mut differing, others.map(|j| (i, j)))?;
    }
    let prepare = || Ok((memory::filled(x.nrows(), 0.0)?, memory::with_capacity(x.nrows())?));
    let each = |(rank, group): &mut (Vec<f64>, Vec<u32>), i: usize, j: usize, look: &mut InterruptCheck<'_>| {
        over_common_rows(&orders[i], &orders[j], rank, group, look)
    };
    write_pairs(threads, 16 * x.nrows(), &differing, prepare, each, &mut out)
}

/// The rank correlation of two columns over their common rows; `rank` and `group` have room for a number a row.
fn over_common_rows(
    left: &Order,
    right: &Order,
    rank: &mut [f64],
    group: &mut Vec<u32>,
    look: &mut InterruptCheck<'_>,
) -> Result<f64> {
    let (mut count, mut sums) = (0, [0.0; 3]);
    left.ranks_among(right, group, look, |rows, shared| {
        rows.iter().for_each(|&row| rank[row as usize] = shared);
        count += rows.len();
        sums[1] += rows.len() as f64 * shared * shared;
    })?;
    right.ranks_among(left, group, look, |rows, shared| {
        sums[0] += shared * rows.iter().map(|&row| rank[row as usize]).sum::<f64>();
        sums[2] += rows.len() as f64 * shared * shared;
    })?;
    // Halves of integers: exact, unless there are so many that a rounding is nothing beside them.
    let total = count as f64 * (count as f64 - 1.0) / 2.0;
    Ok(coefficient(sums.map(|sum| sum - total / count as f64 * total)))
}
