//! Columns brought to mean 0 and length 1, packed for the block kernel as they are needed.

use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::simd::Simd;
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::block::panel_columns;
use crate::moments::{self, Level};

/// A matrix whose columns are seen with mean 0 and length 1. What is missing is seen as 0, a constant column as NaN.
pub struct Standard<'a, T> {
    /// The matrix as it is.
    pub x: Rows<'a, T>,
    /// Whether anything is missing.
    pub gaps: bool,
    offset: Vec<f64>,
    /// Comes after the offset: a mean rounded to the size of the offset would lose the digits that `x - offset` has.
    mean: Vec<f64>,
    factor: Vec<f64>,
}

impl<'a, T: Scalar> Standard<'a, T> {
    /// The columns of `x`, over the finite values of each.
    pub fn new(threads: &Threads<'_>, x: ArrayView2<'a, T>) -> Result<Self> {
        let columns = moments::summaries::<T, Level>(threads, x)?;
        let factor = |length: f64| if length.is_normal() { 1.0 / length } else { f64::NAN };
        Ok(Standard {
            x: Rows::new(x, "x")?,
            gaps: columns.iter().any(|column| column.count() < x.nrows() as f64),
            offset: columns.iter().map(|column| column.offset).collect(),
            mean: columns.iter().map(|column| column.mean()).collect(),
            factor: columns.iter().map(|column| factor(column.deviation(0) * column.count().sqrt())).collect(),
        })
    }

    /// The correlation of a column with itself: 1, or NaN where it does not vary.
    pub fn diagonal(&self, column: usize) -> f64 {
        if self.factor[column].is_nan() { f64::NAN } else { 1.0 }
    }

    /// Packs `rows` of `columns`.
    #[inline(always)]
    pub fn pack<S: Simd>(&self, rows: Range<usize>, columns: Range<usize>, packed: &mut Packed<T>) {
        let (width, depth) = (panel_columns::<S, T>(), rows.len());
        let count = columns.len();
        let parameters = [&self.offset, &self.mean, &self.factor].map(|all| &all[columns.clone()]);
        packed.depth = depth;
        packed.row.fill(T::ZERO);
        packed.present_row.fill(T::ZERO);
        for (k, row) in rows.enumerate() {
            let x = &self.x.row(row)[columns.clone()];
            standardise(x, parameters, &mut packed.row[..count]);
            let panels = packed.values.chunks_exact_mut(depth * width).zip(packed.row.chunks_exact(width));
            panels.for_each(|(panel, row)| panel[k * width..][..width].copy_from_slice(row));
            if !packed.present.is_empty() {
                packed.present_row.iter_mut().zip(x).for_each(|(one, x)| *one = one_if(x.is_finite()));
                packed.pack_gaps(k, width);
            }
        }
    }
}

#[inline(always)]
fn standardise<T: Scalar>(x: &[T], [offset, mean, factor]: [&[f64]; 3], out: &mut [T]) {
    for ((out, x), ((offset, mean), factor)) in out.iter_mut().zip(x).zip(offset.iter().zip(mean).zip(factor)) {
        let value = T::from_f64(((x.to_f64() - offset) - mean) * factor);
        *out = if x.is_finite() { value } else { T::ZERO };
    }
}

#[inline(always)]
fn one_if<T: Scalar>(condition: bool) -> T {
    if condition { T::ONE } else { T::ZERO }
}

/// Some rows of some columns, in panels as the block kernel takes them.
pub struct Packed<T> {
    values: Vec<T>,
    /// 1 where a value is present; nothing where none is missing anywhere.
    present: Vec<T>,
    squares: Vec<T>,
    row: Vec<T>,
    present_row: Vec<T>,
    depth: usize,
}

impl<T: Scalar> Packed<T> {
    /// Room for `depth` rows of `side` columns, a multiple of a panel's.
    pub fn new(depth: usize, side: usize, gaps: bool) -> Result<Self> {
        let of_gaps = if gaps { depth * side } else { 0 };
        Ok(Packed {
            values: memory::filled(depth * side, T::ZERO)?,
            present: memory::filled(of_gaps, T::ZERO)?,
            squares: memory::filled(of_gaps, T::ZERO)?,
            row: memory::filled(side, T::ZERO)?,
            present_row: memory::filled(side, T::ZERO)?,
            depth,
        })
    }

    #[inline(always)]
    fn pack_gaps(&mut self, k: usize, width: usize) {
        let rows = self.row.chunks_exact(width).zip(self.present_row.chunks_exact(width));
        let size = self.depth * width;
        let panels = self.present.chunks_exact_mut(size).zip(self.squares.chunks_exact_mut(size));
        for ((present, squares), (row, ones)) in panels.zip(rows) {
            present[k * width..][..width].copy_from_slice(ones);
            squares[k * width..][..width].iter_mut().zip(row).for_each(|(out, &value)| *out = value * value);
        }
    }

    /// The parts that hold rows.
    #[inline(always)]
    fn filled(&self) -> [&[T]; 3] {
        let size = self.depth * self.row.len();
        [&self.values, &self.present, &self.squares].map(|all| &all[..size.min(all.len())])
    }

    /// How many rows are packed.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The factors whose products are summed up for each pair of columns, `self` on the left.
    #[inline(always)]
    pub fn factors<'a>(&'a self, right: &'a Self) -> [[&'a [T]; 2]; SUMS] {
        let [values, present, squares] = self.filled();
        let [right_values, right_present, right_squares] = right.filled();
        [
            [values, right_values],
            [present, right_present],
            [values, right_present],
            [present, right_values],
            [squares, right_present],
            [present, right_squares],
        ]
    }
}

/// Sums for each pair of columns with gaps: of products, rows, values and squares, the last two of either column over
/// the rows that both have. Without gaps the first is enough.
pub const SUMS: usize = 6;
