//! Pairs of columns whose sums about the columns' means cancel: each pair is summed up about means of its own.
//!
//! Some rows of all columns concerned are laid out one column after the other, so that vectors go along them; sums over
//! them are joined as by Chan, Golub and LeVeque (1983).

use acm_core::rows::Rows;
use acm_core::{Result, Scalar, Threads, memory, simd};
use ndarray::ArrayViewMut2;

use super::common::{coefficient, correlation, write_pairs};
use super::rescaled::keeps_digits;

/// Rows that are laid out at a time: two columns of them stay in the L1 cache.
const ROWS: usize = 512;

/// Columns that are laid out at a time; with so many rows they take 4 MB.
const COLUMNS: usize = 1024;

/// Columns that a thread lays out between two looks at the queue.
const LAID_OUT: usize = 32;

/// Rows of which a thread goes through all of these columns, which lie in its L1 cache.
const TOGETHER: usize = 8;

/// Pairs that are summed up at a time, and by a thread between two looks at the queue.
const PAIRS: usize = 1 << 16;
const SUMMED_UP: usize = 16;

/// Sums side by side, so that vectors are filled and no addition waits for the one before.
const LANES: usize = 16;

/// Writes the correlation of each of `pairs` to both its places.
pub fn write_ambiguous<T: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    mut pairs: &[(usize, usize)],
    out: &mut ArrayViewMut2<'_, T>,
) -> Result<()> {
    let mut extreme = Vec::new();
    let mut batch = Batch::new(x.width(), pairs.len())?;
    while !pairs.is_empty() {
        let taken;
        (taken, pairs) = pairs.split_at(batch.take(pairs)?);
        batch.sum_up(threads, x)?;
        for (&(i, j), sums) in taken.iter().zip(&batch.sums) {
            let Some(value) = sums.coefficient::<T>() else {
                memory::push(&mut extreme, (i, j))?;
                continue;
            };
            let value = T::from_f64(value);
            (out[(i, j)], out[(j, i)]) = (value, value);
        }
    }
    write_pairs(threads, 8 * x.count(), &extreme, || Ok(()), |(), i, j, _| Ok(correlation(x, i, j)), out)
}

/// Some pairs, and the columns that these are of.
struct Batch {
    /// Where each column of the matrix is among these columns; anywhere for others.
    places: Vec<usize>,
    columns: Vec<usize>,
    laid_out: Vec<f64>,
    sums: Vec<Sums>,
}

impl Batch {
    /// Room for columns of `width`, and for as many of `pairs` as are summed up at a time.
    fn new(width: usize, pairs: usize) -> Result<Self> {
        let most = width.min(COLUMNS);
        Ok(Batch {
            places: memory::filled(width, 0)?,
            columns: memory::with_capacity(most)?,
            laid_out: memory::filled(most * ROWS, 0.0)?,
            sums: memory::with_capacity(pairs.min(PAIRS))?,
        })
    }

    /// Takes the first of `pairs`, as many as there is room for, instead of those before. Answers how many.
    fn take(&mut self, pairs: &[(usize, usize)]) -> Result<usize> {
        self.columns.clear();
        self.sums.clear();
        for &(i, j) in pairs.iter().take(PAIRS) {
            let new = [i, j].iter().filter(|&&column| !self.has(column)).count();
            if self.columns.len() + new > self.laid_out.len() / ROWS {
                break;
            }
            for column in [i, j] {
                if !self.has(column) {
                    self.places[column] = self.columns.len();
                    memory::push(&mut self.columns, column)?;
                }
            }
            memory::push(&mut self.sums, Sums::none([self.places[i], self.places[j]]))?;
        }
        Ok(self.sums.len())
    }

    fn has(&self, column: usize) -> bool {
        self.columns.get(self.places[column]) == Some(&column)
    }

    /// Sums up the pairs over all rows.
    fn sum_up<T: Scalar>(&mut self, threads: &Threads<'_>, x: Rows<'_, T>) -> Result<()> {
        for first in (0..x.count()).step_by(ROWS) {
            let blocks = self.laid_out.chunks_mut(LAID_OUT * ROWS).zip(self.columns.chunks(LAID_OUT));
            threads.for_each(self.columns.len() * ROWS, blocks, |(out, columns)| {
                lay_out(x, first, columns, out);
                Ok(())
            })?;
            let column = |place: usize| &self.laid_out[place * ROWS..][..ROWS];
            threads.for_each(self.sums.len() * ROWS, self.sums.chunks_mut(SUMMED_UP), |sums| {
                simd::vectorized(
                    #[inline(always)]
                    || sums.iter_mut().for_each(|sums| sums.add(column(sums.columns[0]), column(sums.columns[1]))),
                );
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Writes [`ROWS`] rows from `first` on of some columns, one column after the other, missing values as NaN.
fn lay_out<T: Scalar>(x: Rows<'_, T>, first: usize, columns: &[usize], out: &mut [f64]) {
    for k in (0..ROWS).step_by(TOGETHER) {
        for (&column, out) in columns.iter().zip(out.chunks_exact_mut(ROWS)) {
            for (row, out) in (first + k..).zip(&mut out[k..k + TOGETHER]) {
                let value = if row < x.count() { x.row(row)[column].to_f64() } else { f64::NAN };
                *out = if value.is_finite() { value } else { f64::NAN };
            }
        }
    }
}

/// Sums over the rows that two columns have in common.
struct Sums {
    /// Where the columns are laid out.
    columns: [usize; 2],
    /// The values of the first common row, from which all others are seen: their distances keep digits that they lose.
    first: Option<[f64; 2]>,
    /// The largest distances from these.
    largest: [f64; 2],
    count: f64,
    mean: [f64; 2],
    /// Of products and of squares of the distances from the means.
    about_means: [f64; 3],
}

impl Sums {
    fn none(columns: [usize; 2]) -> Self {
        Sums { columns, first: None, largest: [0.0; 2], count: 0.0, mean: [0.0; 2], about_means: [0.0; 3] }
    }

    /// Adds further rows.
    #[inline(always)]
    fn add(&mut self, a: &[f64], b: &[f64]) {
        let both = || a.iter().zip(b).find(|(a, b)| !a.is_nan() && !b.is_nan()).map(|(&a, &b)| [a, b]);
        let Some(first) = self.first.or_else(both) else { return };
        self.first = Some(first);
        let [count, sum_a, sum_b, largest_a, largest_b] = levels(a, b, first);
        if count == 0.0 {
            return;
        }
        let mean = [sum_a / count, sum_b / count];
        let distance = [mean[0] - self.mean[0], mean[1] - self.mean[1]];
        let all = self.count + count;
        let (share, weight) = (count / all, self.count * (count / all));
        let joined = [distance[0] * distance[1], distance[0] * distance[0], distance[1] * distance[1]];
        let about_means = products(a, b, first, mean);
        for (sum, (part, joined)) in self.about_means.iter_mut().zip(about_means.iter().zip(joined)) {
            *sum += part + joined * weight;
        }
        self.mean = [self.mean[0] + distance[0] * share, self.mean[1] + distance[1] * share];
        self.largest = [self.largest[0].max(largest_a), self.largest[1].max(largest_b)];
        self.count = all;
    }

    /// The coefficient; None where squares have overflowed or vanished.
    fn coefficient<T: Scalar>(&self) -> Option<f64> {
        let has_digits = |side: usize| {
            let deviation = (self.about_means[side + 1] / self.count).sqrt();
            T::NARROWER_THAN_REFERENCE || self.largest[side] == 0.0 || keeps_digits(deviation)
        };
        (self.count < 2.0 || has_digits(0) && has_digits(1)).then(|| coefficient(self.about_means))
    }
}

/// How many rows both columns have, and of the distances from `first` the sums and the largest.
#[inline(always)]
fn levels(a: &[f64], b: &[f64], first: [f64; 2]) -> [f64; 5] {
    let mut lanes = [[0.0; LANES]; 5];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for k in 0..LANES {
            let both = !a[k].is_nan() & !b[k].is_nan();
            let (a, b) = if both { (a[k] - first[0], b[k] - first[1]) } else { (0.0, 0.0) };
            lanes[0][k] += if both { 1.0 } else { 0.0 };
            lanes[1][k] += a;
            lanes[2][k] += b;
            lanes[3][k] = if a.abs() > lanes[3][k] { a.abs() } else { lanes[3][k] };
            lanes[4][k] = if b.abs() > lanes[4][k] { b.abs() } else { lanes[4][k] };
        }
    }
    let [count, sum_a, sum_b, largest_a, largest_b] = lanes;
    let largest = |lanes: [f64; LANES]| lanes.into_iter().fold(0.0, f64::max);
    [count.iter().sum(), sum_a.iter().sum(), sum_b.iter().sum(), largest(largest_a), largest(largest_b)]
}

/// Sums of the products and squares of distances from `first` and `mean`.
#[inline(always)]
fn products(a: &[f64], b: &[f64], first: [f64; 2], mean: [f64; 2]) -> [f64; 3] {
    let mut lanes = [[0.0; LANES]; 3];
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for k in 0..LANES {
            let both = !a[k].is_nan() & !b[k].is_nan();
            let a = if both { (a[k] - first[0]) - mean[0] } else { 0.0 };
            let b = if both { (b[k] - first[1]) - mean[1] } else { 0.0 };
            lanes[0][k] += a * b;
            lanes[1][k] += a * a;
            lanes[2][k] += b * b;
        }
    }
    lanes.map(|lanes| lanes.iter().sum())
}
