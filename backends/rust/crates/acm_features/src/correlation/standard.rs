//! Columns brought to mean 0 and length 1, packed for the block kernel as they are needed.

use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::simd::{self, Simd};
use acm_core::{Result, Scalar, memory};

use super::block::panel_columns;
use super::rescaled::Rescaled;

/// How many rows ahead a row is asked for: memory takes about as long to deliver as so many rows to be packed.
const FETCH_AHEAD: usize = 8;

/// A matrix whose columns are seen with mean 0 and length 1. Missing values are seen as 0, a constant column as NaN.
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
    /// The columns of a matrix, over the finite values of each.
    pub fn new(matrix: &'a Rescaled<'_, T>) -> Result<Self> {
        let columns = &matrix.columns;
        let factor = |length: f64| if length.is_normal() { 1.0 / length } else { f64::NAN };
        Ok(Standard {
            x: Rows::new(matrix.x.view(), "x")?,
            gaps: columns.iter().any(|column| column.count() < matrix.x.nrows() as f64),
            offset: memory::collected(columns.iter().map(|column| column.offset))?,
            mean: memory::collected(columns.iter().map(|column| column.mean()))?,
            factor: memory::collected(
                columns.iter().map(|column| factor(column.deviation(0) * column.count().sqrt())),
            )?,
        })
    }

    /// The correlation of a column with itself: 1, or NaN where it does not vary.
    pub fn diagonal(&self, column: usize) -> f64 {
        if self.factor[column].is_nan() { f64::NAN } else { 1.0 }
    }

    /// Packs `rows` of `columns`. What the last panel holds beyond them is arbitrary.
    #[inline(always)]
    pub fn pack<S: Simd, P: Scalar>(&self, rows: Range<usize>, columns: Range<usize>, packed: &mut Packed<P>) {
        let parameters = self.parameters(columns.clone());
        packed.depth = rows.len();
        for (k, row) in rows.enumerate() {
            self.fetch(row + FETCH_AHEAD, columns.clone());
            packed.put_row(k, panel_columns::<S, P>(), &self.x.row(row)[columns.clone()], parameters);
        }
    }

    /// Writes `row` of `columns`.
    #[inline(always)]
    pub fn write_row<P: Scalar>(&self, row: usize, columns: Range<usize>, out: &mut [P]) {
        self.fetch(row + FETCH_AHEAD, columns.clone());
        standardise(&self.x.row(row)[columns.clone()], self.parameters(columns), out);
    }

    #[inline(always)]
    fn parameters(&self, columns: Range<usize>) -> [&[f64]; 3] {
        [&self.offset, &self.mean, &self.factor].map(|all| &all[columns.clone()])
    }

    /// Asks for a row to be brought into the cache: each lies on another page, which processors do not foresee.
    #[inline(always)]
    fn fetch(&self, row: usize, columns: Range<usize>) {
        if row < self.x.count() {
            simd::prefetch(&self.x.row(row)[columns]);
        }
    }
}

/// Writes the values of some columns with mean 0 and length 1.
#[inline(always)]
fn standardise<T: Scalar, P: Scalar>(x: &[T], [offset, mean, factor]: [&[f64]; 3], out: &mut [P]) {
    for ((out, x), ((offset, mean), factor)) in out.iter_mut().zip(x).zip(offset.iter().zip(mean).zip(factor)) {
        let value = P::from_f64(((x.to_f64() - offset) - mean) * factor);
        *out = if x.is_finite() { value } else { P::ZERO };
    }
}

/// Some rows of some columns, in panels as the block kernel takes them.
pub struct Packed<P> {
    values: Vec<P>,
    /// 1 where a value is present; nothing where none is missing anywhere.
    present: Vec<P>,
    squares: Vec<P>,
    /// One row of all columns.
    row: Vec<P>,
    depth: usize,
}

impl<P: Scalar> Packed<P> {
    /// Room for `depth` rows of `side` columns, a multiple of a panel's.
    pub fn new(depth: usize, side: usize, gaps: bool) -> Result<Self> {
        let of_gaps = if gaps { depth * side } else { 0 };
        Ok(Packed {
            values: memory::filled(depth * side, P::ZERO)?,
            present: memory::filled(of_gaps, P::ZERO)?,
            squares: memory::filled(of_gaps, P::ZERO)?,
            row: memory::filled(side, P::ZERO)?,
            depth,
        })
    }

    /// Puts row `k` into the panels of `width` columns.
    #[inline(always)]
    fn put_row<T: Scalar>(&mut self, k: usize, width: usize, x: &[T], parameters: [&[f64]; 3]) {
        // In one long loop, then a panel at a time: a panel is too short for a loop of its own.
        standardise(x, parameters, &mut self.row[..x.len()]);
        let panels = self.values.chunks_exact_mut(self.depth * width);
        for (panel, row) in panels.zip(self.row.chunks_exact(width)) {
            panel[k * width..][..width].copy_from_slice(row);
        }
        if !self.present.is_empty() {
            self.put_gaps(k, width, x);
        }
    }

    #[inline(always)]
    fn put_gaps<T: Scalar>(&mut self, k: usize, width: usize, x: &[T]) {
        for (panel, x) in x.chunks(width).enumerate() {
            let place = (panel * self.depth + k) * width;
            let values = &self.values[place..][..x.len()];
            let present = &mut self.present[place..][..x.len()];
            present.iter_mut().zip(x).for_each(|(one, x)| *one = if x.is_finite() { P::ONE } else { P::ZERO });
            let squares = &mut self.squares[place..][..x.len()];
            squares.iter_mut().zip(values).for_each(|(square, value)| *square = *value * *value);
        }
    }

    /// The parts that hold rows.
    #[inline(always)]
    fn filled(&self) -> [&[P]; 3] {
        let size = self.depth * self.row.len();
        [&self.values, &self.present, &self.squares].map(|all| &all[..size.min(all.len())])
    }

    /// How many rows are packed.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The factors whose products are summed up for each pair of columns, `self` on the left.
    #[inline(always)]
    pub fn factors<'a>(&'a self, right: &'a Self) -> [[&'a [P]; 2]; SUMS] {
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
