//! Sums over the rows for each pair of columns, where both have a value.
//!
//! Rows are taken in tiles that stay in the cache, as differences from an origin with 0 for missing values. What a
//! tile adds to the sums of products is one product of its transpose with itself; only tiles with gaps need two more,
//! with their masks.

pub mod slot;

use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task};
use acm_core::units::{exponent_for, is_sound, largest_in, power, times_power};
use acm_core::{Error, Result, Scalar, Threads, cache, memory};
use ndarray::ArrayView2;

use slot::{BLOCK, Slot, Tile, padded};

/// Columns on the left of a band: one task adds up a band of sums.
const BAND: usize = 128;

/// Values of a tile: with its mask it stays in a core's L2 cache.
const TILE_VALUES: usize = cache::L2_VALUES / 4;

/// Multiplications of a task, at the most: below 50 ms.
const TASK_STEPS: usize = 200_000_000;

/// Tasks that are worked on at the same time: enough for many threads.
const TASKS: usize = 32;

/// Memory for parts of the rows, as a share of the data.
const SHARE: usize = 32;

/// Where the sums go, row by row; each has one number for each pair of columns.
pub struct Output<'a> {
    /// Sums of products of differences from the origin.
    pub products: &'a mut [f64],
    /// Sums of the first column's differences, where the second has a value.
    pub sums: &'a mut [f64],
    /// Rows in which both have a value.
    pub counts: &'a mut [i64],
}

/// Adds up over the rows of `x`, of differences from `origin`, what pairs of columns have where both are finite.
pub fn cross_sums<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    origin: &[T],
    mut out: Output<'_>,
) -> Result<()> {
    let x = Rows::new(x, "x")?;
    let width = x.width();
    if origin.len() != width {
        return Err(Error::invalid("origin", "does not have one value for each column"));
    }
    if [out.products.len(), out.sums.len(), out.counts.len()] != [width * width; 3] {
        return Err(Error::invalid("out", "does not have one value for each pair of columns"));
    }
    let origin = memory::collected(origin.iter().map(|value| value.to_f64()))?;
    simd::dispatch(Pairs { threads, x, origin: &origin, out: out.reborrowed() })?;
    let out_of_range = memory::collected((0..width).filter(|column| !is_sound(out.products[column * (width + 1)])))?;
    if out_of_range.is_empty() { Ok(()) } else { recompute_rescaled(threads, x, origin, &out_of_range, out) }
}

/// Adds up again, with the columns out of range rescaled to units of their size; those of equal values look like it,
/// too, and are gone through for their size only.
#[cold]
fn recompute_rescaled<T: Scalar>(
    threads: &Threads<'_>,
    x: Rows<'_, T>,
    mut origin: Vec<f64>,
    out_of_range: &[usize],
    mut out: Output<'_>,
) -> Result<()> {
    let mut exponents = memory::filled(x.width(), 0)?;
    for (&column, largest) in out_of_range.iter().zip(largest_in(x, out_of_range)?) {
        let largest = if origin[column].abs() > largest { origin[column].abs() } else { largest };
        exponents[column] = if largest > 0.0 { exponent_for(largest) } else { 0 };
    }
    if exponents.iter().all(|&exponent| exponent == 0) {
        return Ok(());
    }
    let mut counted = memory::zeroed(x.values().len())?;
    for (out, row) in counted.chunks_exact_mut(x.width()).zip(x.values().chunks_exact(x.width())) {
        for ((out, value), &exponent) in out.iter_mut().zip(row).zip(&exponents) {
            *out = value.to_f64() * power(-exponent);
        }
    }
    origin.iter_mut().zip(&exponents).for_each(|(origin, &exponent)| *origin *= power(-exponent));
    let counted = ArrayView2::from_shape((x.count(), x.width()), &counted)
        .map_err(|error| Error::invalid("x", error.to_string()))?;
    let (x, width) = (Rows::new(counted, "x")?, x.width());
    simd::dispatch(Pairs { threads, x, origin: &origin, out: out.reborrowed() })?;
    let rows = out.products.chunks_exact_mut(width).zip(out.sums.chunks_exact_mut(width));
    for ((products, sums), &own) in rows.zip(&exponents) {
        products.iter_mut().zip(&exponents).for_each(|(sum, &other)| *sum = times_power(*sum, own + other));
        sums.iter_mut().for_each(|sum| *sum = times_power(*sum, own));
    }
    Ok(())
}

impl Output<'_> {
    fn reborrowed(&mut self) -> Output<'_> {
        Output { products: self.products, sums: self.sums, counts: self.counts }
    }
}

struct Pairs<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    origin: &'a [f64],
    out: Output<'a>,
}

impl<T: Scalar> Task for Pairs<'_, T> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Pairs { threads, x, origin, out } = self;
        let (rows, width) = (x.count(), x.width());
        let stride = padded::<S>(width);
        let bands = width.div_ceil(BAND).max(1);
        let parts = TASKS.div_ceil(bands).min(rows / (SHARE * stride).max(1)).max(1);
        let height = (TILE_VALUES / stride).max(BLOCK);
        let segment = (TASK_STEPS / (BAND.min(stride) * stride)).max(1).min(rows.div_ceil(parts).max(1));
        let segment = segment.next_multiple_of(height);
        let mut slots = memory::with_capacity(parts * bands)?;
        for slot in 0..parts * bands {
            let first = slot % bands * BAND;
            memory::push(&mut slots, Slot::new(first..(first + BAND).min(stride), stride)?)?;
        }
        for start in (0..rows).step_by(parts * segment) {
            let work = (parts * segment).min(rows - start).saturating_mul(width * width);
            let prepare = || Tile::new(height, stride);
            threads.for_each_with(work, slots.iter_mut().enumerate(), prepare, |tile, (number, slot)| {
                let first = (start + number / bands * segment).min(rows);
                simd.vectorize(
                    #[inline(always)]
                    || slot.add::<S, T>(x, first..(first + segment).min(rows), origin, tile),
                );
                Ok(())
            })?;
        }
        let (first, others) = slots.split_at_mut(bands);
        others.chunks(bands).flat_map(|part| part.iter().enumerate()).for_each(|(band, part)| first[band].join(part));
        write(first, width, out);
        Ok(())
    }
}

/// Writes all sums, those below the diagonal as their mirror images.
fn write(bands: &[Slot], width: usize, out: Output<'_>) {
    let rows = bands.iter().flat_map(|slot| slot.band.clone().zip(0..).map(move |(i, row)| (slot, i, row)));
    for (slot, i, row) in rows.take_while(|&(_, i, _)| i < width) {
        for j in 0..width {
            let place = row * slot.stride + j;
            out.sums[i * width + j] = slot.sums[place] + slot.whole[row];
            if j >= i {
                let counts = (slot.counts[place] + slot.whole_rows) as i64;
                for mirrored in [i * width + j, j * width + i] {
                    (out.products[mirrored], out.counts[mirrored]) = (slot.products[place], counts);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn summed(x: &Array2<f64>, threads: usize) -> (Vec<f64>, Vec<f64>, Vec<i64>) {
        let size = x.ncols() * x.ncols();
        let (mut products, mut sums, mut counts) = (vec![7.0; size], vec![7.0; size], vec![7; size]);
        let out = Output { products: &mut products, sums: &mut sums, counts: &mut counts };
        cross_sums(&Threads::uninterrupted(threads), x.view(), &vec![0.5; x.ncols()], out).unwrap();
        (products, sums, counts)
    }

    #[test]
    fn sums_equal_the_plain_ones() {
        for (rows, width, gap) in [(1, 1, 2), (700, 3, 5), (300, 37, 11), (20, 300, 7), (9_000, 5, usize::MAX)] {
            let value = |place: usize| if place % gap == 1 { f64::NAN } else { (place * 31 % 17) as f64 - 3.0 };
            let x = Array2::from_shape_fn((rows, width), |(i, j)| value(i * width + j));
            let (products, sums, counts) = summed(&x, 2);
            for (i, j) in (0..width).flat_map(|i| (0..width).map(move |j| (i, j))) {
                let pairs = x.rows().into_iter().map(|row| (row[i] - 0.5, row[j] - 0.5));
                let both: Vec<_> = pairs.filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
                assert_eq!(counts[i * width + j], both.len() as i64);
                assert_eq!(sums[i * width + j], both.iter().map(|(a, _)| a).sum::<f64>());
                assert_eq!(products[i * width + j], both.iter().map(|(a, b)| a * b).sum::<f64>());
            }
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let x = Array2::from_shape_fn((40_000, 7), |(i, j)| ((i * 31 + j * 17) % 101) as f64 / 7.0);
        assert_eq!(summed(&x, 1), summed(&x, 3));
    }
}
