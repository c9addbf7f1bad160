//! Products of CSR matrices with vectors and matrices, summed up in `f64`.

use std::ops::Range;

use acm_core::micro::Register;
use acm_core::rows::Rows;
use acm_core::simd::{self, MAX_LANES, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

/// Products that a thread computes between two looks at the queue.
const TILE_PRODUCTS: usize = 64 * 1024;

/// Most registers of sums: three of AVX2's sixteen are left for the factors.
const MOST_REGISTERS: usize = 13;

/// How many values before it is needed a row of a dense factor is asked for.
const AHEAD: usize = 6;

/// The integers of `indices` and `indptr`, `i32` or `i64`.
pub trait Index: Copy + Send + Sync {
    /// The same number; a negative one becomes larger than any length.
    fn at(self) -> usize;
}

impl Index for i32 {
    #[inline(always)]
    fn at(self) -> usize {
        self as usize
    }
}

impl Index for i64 {
    #[inline(always)]
    fn at(self) -> usize {
        self as usize
    }
}

/// A CSR matrix as its arrays; nothing is known of its indices yet.
#[derive(Debug, Clone, Copy)]
pub struct Csr<'a, T, I, P> {
    data: &'a [T],
    indices: &'a [I],
    indptr: &'a [P],
}

/// The values and indices of a row.
type Row<'a, T, I> = (&'a [T], &'a [I]);

impl<'a, T: Scalar, I: Index, P: Index> Csr<'a, T, I, P> {
    /// The matrix, if `indptr` rises from 0 to at most the number of values.
    pub fn new(data: &'a [T], indices: &'a [I], indptr: &'a [P]) -> Result<Self> {
        let ends = [indptr.first(), indptr.last()].map(|end| end.map_or(usize::MAX, |end| end.at()));
        let rises = indptr.is_sorted_by_key(|start| start.at());
        if ends[0] != 0 || ends[1] > data.len().min(indices.len()) || !rises {
            let problem = format!("does not rise from 0 to at most {}, the length of `data`", data.len());
            return Err(Error::invalid("indptr", problem));
        }
        Ok(Csr { data, indices, indptr })
    }

    fn row(&self, row: usize) -> Row<'a, T, I> {
        let values = self.indptr[row].at()..self.indptr[row + 1].at();
        (&self.data[values.clone()], &self.indices[values])
    }

    fn height(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Ranges of rows with about `products` values each.
    fn tiles(&self, products: usize) -> Result<Vec<Range<usize>>> {
        let mut tiles = memory::with_capacity(2 + self.data.len() / products + self.height() / products)?;
        let mut start = 0;
        while start < self.height() {
            // A row counts for one more, so that empty ones do not come for nothing.
            let cost = |row: &P| row.at() - self.indptr[start].at();
            let rest = &self.indptr[start + 1..];
            let end = start + 1 + rest.partition_point(|row| cost(row) < products).min(products).min(rest.len() - 1);
            memory::push(&mut tiles, start..end)?;
            start = end;
        }
        Ok(tiles)
    }

    /// An error if an index after the last row's, which no product meets, is not below `columns`.
    fn check_rest(&self, columns: usize) -> Result<()> {
        let met = self.indptr[self.height()].at();
        if self.indices[met..].iter().any(|index| index.at() >= columns) { Err(outside(columns)) } else { Ok(()) }
    }
}

fn outside(columns: usize) -> Error {
    Error::invalid("indices", format!("holds an index outside 0 to {}", columns as i64 - 1))
}

/// Writes the product of `matrix` and `vector`.
pub fn csr_matvec<T: Scalar, I: Index, P: Index>(
    threads: &Threads<'_>,
    matrix: Csr<'_, T, I, P>,
    vector: &[T],
    out: &mut [T],
) -> Result<()> {
    matrix.check_rest(vector.len())?;
    let tiles = with_rows(matrix.tiles(TILE_PRODUCTS)?, 1, out)?;
    threads.for_each(matrix.data.len().saturating_mul(8), tiles.into_iter(), |(rows, out)| {
        let done = simd::vectorized(
            #[inline(always)]
            || {
                for (row, out) in rows.zip(out) {
                    *out = dot(matrix.row(row), vector)?;
                }
                Some(())
            },
        );
        done.ok_or_else(|| outside(vector.len()))
    })
}

/// The product of a row and a vector; None if an index lies outside.
#[inline(always)]
fn dot<T: Scalar, I: Index>((values, indices): Row<'_, T, I>, vector: &[T]) -> Option<T> {
    // Four sums, so that one addition need not wait for the one before.
    let mut sums = [0.0; 4];
    let (values, last_values) = values.as_chunks::<4>();
    let (indices, last_indices) = indices.as_chunks::<4>();
    for (values, indices) in values.iter().zip(indices) {
        for lane in 0..4 {
            sums[lane] += values[lane].to_f64() * vector.get(indices[lane].at())?.to_f64();
        }
    }
    for (sum, (&value, index)) in sums.iter_mut().zip(last_values.iter().zip(last_indices)) {
        *sum += value.to_f64() * vector.get(index.at())?.to_f64();
    }
    Some(T::from_f64((sums[0] + sums[1]) + (sums[2] + sums[3])))
}

/// Writes the product of `matrix` and `dense`, row by row.
pub fn csr_matmul<T: Scalar, I: Index, P: Index>(
    threads: &Threads<'_>,
    matrix: Csr<'_, T, I, P>,
    dense: ArrayView2<'_, T>,
    out: &mut [T],
) -> Result<()> {
    let dense = Rows::new(dense, "b")?;
    matrix.check_rest(dense.count())?;
    simd::dispatch(Product { threads, matrix, dense, out })
}

struct Product<'a, T, I, P> {
    threads: &'a Threads<'a>,
    matrix: Csr<'a, T, I, P>,
    dense: Rows<'a, T>,
    out: &'a mut [T],
}

impl<T: Scalar, I: Index, P: Index> Task for Product<'_, T, I, P> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Product { threads, matrix, dense, out } = self;
        let width = dense.width();
        let tiles = with_rows(matrix.tiles((TILE_PRODUCTS / width).max(1))?, width, out)?;
        let work = matrix.data.len().saturating_mul(width);
        threads.for_each(work, tiles.into_iter(), |(rows, out)| {
            let done = simd.vectorize(
                #[inline(always)]
                || sum_rows::<S, T, I, P>(matrix, rows, dense, out),
            );
            done.ok_or_else(|| outside(dense.count()))
        })
    }
}

/// Writes the sums of rows of `dense`, weighted as `rows` of the matrix say; None if an index lies outside.
#[inline(always)]
fn sum_rows<S: Simd, T: Scalar, I: Index, P: Index>(
    matrix: Csr<'_, T, I, P>,
    rows: Range<usize>,
    dense: Rows<'_, T>,
    out: &mut [T],
) -> Option<()> {
    match dense.width() {
        1 => sum_narrow::<T, I, P, 1>(matrix, rows, dense, out),
        2 => sum_narrow::<T, I, P, 2>(matrix, rows, dense, out),
        3 => sum_narrow::<T, I, P, 3>(matrix, rows, dense, out),
        4 => sum_narrow::<T, I, P, 4>(matrix, rows, dense, out),
        5 => sum_narrow::<T, I, P, 5>(matrix, rows, dense, out),
        6 => sum_narrow::<T, I, P, 6>(matrix, rows, dense, out),
        7 => sum_narrow::<T, I, P, 7>(matrix, rows, dense, out),
        _ => sum_wide::<S, T, I, P>(matrix, rows, dense, out),
    }
}

/// Sums side by side for values of a row that follow each other: no addition waits for the one before.
const CHAINS: usize = 2;

/// The sums where a row of `dense` has `WIDTH` values: too few for a register on every processor.
#[inline(always)]
fn sum_narrow<T: Scalar, I: Index, P: Index, const WIDTH: usize>(
    matrix: Csr<'_, T, I, P>,
    rows: Range<usize>,
    dense: Rows<'_, T>,
    out: &mut [T],
) -> Option<()> {
    let dense = dense.values().as_chunks::<WIDTH>().0;
    for (row, out) in rows.zip(out.as_chunks_mut::<WIDTH>().0) {
        let (values, indices) = matrix.row(row);
        let (values, last_values) = values.as_chunks::<CHAINS>();
        let (indices, last_indices) = indices.as_chunks::<CHAINS>();
        let mut sums = [[0.0; WIDTH]; CHAINS];
        for (values, indices) in values.iter().zip(indices) {
            for chain in 0..CHAINS {
                add_terms(&mut sums[chain], values[chain], dense.get(indices[chain].at())?);
            }
        }
        for (&value, index) in last_values.iter().zip(last_indices) {
            add_terms(&mut sums[0], value, dense.get(index.at())?);
        }
        for column in 0..WIDTH {
            out[column] = T::from_f64(sums[0][column] + sums[1][column]);
        }
    }
    Some(())
}

#[inline(always)]
fn add_terms<T: Scalar, const WIDTH: usize>(sums: &mut [f64; WIDTH], value: T, terms: &[T; WIDTH]) {
    for column in 0..WIDTH {
        sums[column] += value.to_f64() * terms[column].to_f64();
    }
}

/// The sums where a row of `dense` fills at least a register.
#[inline(always)]
fn sum_wide<S: Simd, T: Scalar, I: Index, P: Index>(
    matrix: Csr<'_, T, I, P>,
    rows: Range<usize>,
    dense: Rows<'_, T>,
    out: &mut [T],
) -> Option<()> {
    let count = dense.count();
    let met = &matrix.indices[matrix.indptr[rows.start].at()..matrix.indptr[rows.end].at()];
    // Without an early exit, so that the loop is vectorised.
    if met.iter().fold(false, |any, index| any | (index.at() >= count)) {
        return None;
    }
    let (width, lanes) = (dense.width(), Register::<S, f64>::LANES);
    // Strips of equal width, each with its sums in registers, so that the values are gone through as rarely as can be.
    let strip = width.div_ceil(width.div_ceil(MOST_REGISTERS * lanes));
    for first in (0..width).step_by(strip) {
        // The last strip begins early enough to be whole.
        let first = first.min(width - strip);
        let (rows, columns) = (rows.clone(), first..first + strip);
        macro_rules! by_registers {
            ($($count:literal)*) => {
                match strip.div_ceil(lanes) {
                    $($count => sum_strip::<S, T, I, P, $count>(matrix, rows, dense, columns, out),)*
                    _ => sum_strip::<S, T, I, P, MOST_REGISTERS>(matrix, rows, dense, columns, out),
                }
            };
        }
        by_registers!(1 2 3 4 5 6 7 8 9 10 11 12);
    }
    Some(())
}

/// The sums for as many columns as `COUNT` registers hold, of which the last begins early enough to be whole.
#[inline(always)]
fn sum_strip<S: Simd, T: Scalar, I: Index, P: Index, const COUNT: usize>(
    matrix: Csr<'_, T, I, P>,
    rows: Range<usize>,
    dense: Rows<'_, T>,
    columns: Range<usize>,
    out: &mut [T],
) {
    let lanes = Register::<S, f64>::LANES;
    let end = matrix.indptr[rows.end].at();
    for (row, out) in rows.zip(out.chunks_exact_mut(dense.width())) {
        let (values, indices) = matrix.row(row);
        let soon = &matrix.indices[(matrix.indptr[row].at() + AHEAD).min(end)..end];
        let mut sums = [Register::<S, f64>::splat(0.0); COUNT];
        for (k, (&value, index)) in values.iter().zip(indices).enumerate() {
            if let Some(soon) = soon.get(k) {
                simd::prefetch(&dense.row(soon.at())[columns.clone()]);
            }
            let value = Register::<S, f64>::splat(value.to_f64());
            let terms = &dense.row(index.at())[columns.clone()];
            // A length that the compiler knows: no bounds checks in the loop where the time goes.
            let (front, last) = (&terms[..(COUNT - 1) * lanes], &terms[terms.len() - lanes..]);
            for r in 0..COUNT - 1 {
                sums[r] = value.mul_add(widened::<S, T>(&front[r * lanes..][..lanes]), sums[r]);
            }
            sums[COUNT - 1] = value.mul_add(widened::<S, T>(last), sums[COUNT - 1]);
        }
        let out = &mut out[columns.clone()];
        let last = out.len() - lanes;
        for (r, sum) in sums.into_iter().enumerate() {
            let mut values = [0.0; MAX_LANES];
            sum.store(&mut values);
            let out = &mut out[(r * lanes).min(last)..];
            out.iter_mut().zip(&values[..lanes]).for_each(|(out, &sum)| *out = T::from_f64(sum));
        }
    }
}

/// A register of `values`, which fill it.
#[inline(always)]
fn widened<S: Simd, T: Scalar>(values: &[T]) -> Register<S, f64> {
    let mut wide = [0.0; MAX_LANES];
    wide.iter_mut().zip(values).for_each(|(wide, value)| *wide = value.to_f64());
    Vector::load(&wide)
}

/// Each range of rows, which follow each other, with their part of `out`, `width` values a row.
fn with_rows<T>(tiles: Vec<Range<usize>>, width: usize, mut out: &mut [T]) -> Result<Vec<(Range<usize>, &mut [T])>> {
    let mut parts = memory::with_capacity(tiles.len())?;
    for rows in tiles {
        let (part, rest) = out.split_at_mut(rows.len() * width);
        memory::push(&mut parts, (rows, part))?;
        out = rest;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows of 0, 1, 2, ... 6, 0, ... values, unsorted and with duplicates.
    fn matrix(height: usize, columns: usize) -> (Vec<f64>, Vec<i32>, Vec<i64>) {
        let mut indptr = vec![0];
        indptr.extend((0..height).scan(0, |end, row| {
            *end += (row % 7) as i64;
            Some(*end)
        }));
        let count = indptr[height] as usize;
        let indices = (0..count).map(|k| (k * 13 % columns) as i32).collect();
        ((0..count).map(|k| (k as f64).sin()).collect(), indices, indptr)
    }

    #[test]
    fn products_equal_those_of_the_dense_matrix() {
        for (height, columns, width) in
            (1..18).map(|width| (99, 7, width)).chain([(1, 1, 1), (30, 5, 40), (90_000, 11, 3)])
        {
            let (data, indices, indptr) = matrix(height, columns);
            let b = Array2::from_shape_fn((columns, width), |(i, j)| (i * 3 + j) as f64);
            let mut expected = Array2::<f64>::zeros((height, width));
            for row in 0..height {
                for k in indptr[row] as usize..indptr[row + 1] as usize {
                    let term = &b.row(indices[k] as usize) * data[k];
                    expected.row_mut(row).scaled_add(1.0, &term);
                }
            }
            let csr = Csr::new(&data, &indices, &indptr).unwrap();
            let threads = Threads::uninterrupted(2);
            let mut out = Array2::from_elem((height, width), f64::NAN);
            csr_matmul(&threads, csr, b.view(), out.as_slice_mut().unwrap()).unwrap();
            assert!(out.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
            let mut out = vec![f64::NAN; height];
            csr_matvec(&threads, csr, &b.column(0).to_vec(), &mut out).unwrap();
            assert!(out.iter().zip(expected.column(0)).all(|(found, expected)| (found - expected).abs() < 1e-12));
        }
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let data = [1.0, 2.0];
        for indptr in [vec![], vec![1, 2], vec![0, 2, 1], vec![0, 3], vec![0, -1]] {
            assert!(Csr::new(&data, &[0, 1], &indptr).is_err());
        }
        for (indices, indptr) in [([0, 2], [0, 2]), ([-1, 0], [0, 2]), ([0, 2], [0, 1])] {
            let csr = Csr::new(&data, &indices, &indptr).unwrap();
            let threads = Threads::uninterrupted(1);
            assert_eq!(csr_matvec(&threads, csr, &[1.0, 1.0], &mut [0.0]), Err(outside(2)));
            let b = Array2::ones((2, 1));
            assert_eq!(csr_matmul(&threads, csr, b.view(), &mut [0.0]), Err(outside(2)));
        }
    }
}
