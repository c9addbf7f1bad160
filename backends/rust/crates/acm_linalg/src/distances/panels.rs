//! Rows of a matrix packed into panels for the block kernel.

use std::ops::Range;

use acm_core::rows::Rows;
use acm_core::simd::{MAX_LANES, Simd, Vector};
use acm_core::{Result, Scalar, Threads, memory};

/// Bytes of packed rows that all threads go through together; stays in the shared L3 cache.
pub const STRIP_BYTES: usize = 4 << 20;

/// Bytes of packed rows that a thread reuses for one block of rows after another; stays in its L2 cache.
pub const GROUP_BYTES: usize = 128 << 10;

/// Rows of a block: with two registers a row the sums take 12 of the 16 registers of AVX2.
pub const BLOCK_ROWS: usize = 6;

/// A register of `T` on `S`.
pub type Register<S, T> = <T as Scalar>::Vector<S>;

/// One coordinate of all rows of a panel: two registers, so that one broadcast serves two subtractions.
pub type Coordinate<S, T> = [Register<S, T>; 2];

/// Sums of a block: for each row two registers, one number for each row, or column, that the panel holds.
pub type Sums<S, T> = [[Register<S, T>; 2]; BLOCK_ROWS];

/// Sums of nothing.
#[inline(always)]
pub fn zeros<S: Simd, T: Scalar>() -> Sums<S, T> {
    [[Register::<S, T>::splat(T::ZERO); 2]; BLOCK_ROWS]
}

/// How many rows a panel holds.
pub const fn panel_rows<S: Simd, T: Scalar>() -> usize {
    2 * <Register<S, T> as Vector<T>>::LANES
}

/// How many rows of `width` values fit in `bytes`, in whole panels and at least one.
pub fn rows_in<S: Simd, T: Scalar>(bytes: usize, width: usize) -> usize {
    (bytes / (width.max(1) * size_of::<T>())).max(1).next_multiple_of(panel_rows::<S, T>())
}

/// Rows packed by coordinate: panel `p` holds, for each coordinate in turn, its value in rows `p * panel_rows ..`.
pub struct Panels<S: Simd, T: Scalar> {
    coordinates: Vec<Coordinate<S, T>>,
    rows: Range<usize>,
    width: usize,
}

impl<S: Simd, T: Scalar> Panels<S, T> {
    /// Packs `rows` of `y`, in another type if need be. The last panel is filled up with infinity, whose distance is
    /// never the smallest.
    pub fn pack<U: Scalar>(simd: S, threads: &Threads<'_>, y: Rows<'_, U>, rows: Range<usize>) -> Result<Self> {
        Self::pack_with(
            (simd, threads),
            (rows, y.width()),
            #[inline(always)]
            |row, k| T::from_f64(y.row(row)[k].to_f64()),
            |_| T::INFINITY,
        )
    }

    /// Packs `rows` of `width` coordinates, `at(row, k)` each. The last panel is filled up with rows of `filler(k)`.
    pub fn pack_with(
        (simd, threads): (S, &Threads<'_>),
        (rows, width): (Range<usize>, usize),
        at: impl Fn(usize, usize) -> T + Sync,
        filler: impl Fn(usize) -> T + Sync,
    ) -> Result<Self> {
        let count = rows.len().div_ceil(panel_rows::<S, T>());
        let nothing = [Register::<S, T>::splat(T::ZERO); 2];
        let mut coordinates = memory::filled(count * width, nothing)?;
        let panels = coordinates.chunks_mut(width.max(1)).zip(rows.clone().step_by(panel_rows::<S, T>()));
        threads.for_each(count * width * MAX_LANES, panels, |(panel, first)| {
            simd.vectorize(
                #[inline(always)]
                || pack_panel::<S, T>(first..rows.end, &at, &filler, panel),
            );
            Ok(())
        })?;
        Ok(Panels { coordinates, rows, width })
    }

    /// How many panels there are.
    pub fn count(&self) -> usize {
        self.rows.len().div_ceil(panel_rows::<S, T>())
    }

    /// How many coordinates a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The rows packed, as numbers of rows of the matrix they came from.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// Panel `index`: one entry a coordinate.
    #[inline(always)]
    pub fn panel(&self, index: usize) -> &[Coordinate<S, T>] {
        &self.coordinates[index * self.width..][..self.width]
    }
}

#[inline(always)]
fn pack_panel<S: Simd, T: Scalar>(
    rows: Range<usize>,
    at: impl Fn(usize, usize) -> T,
    filler: impl Fn(usize) -> T,
    panel: &mut [Coordinate<S, T>],
) {
    let lanes = Register::<S, T>::LANES;
    let mut values = [T::ZERO; 2 * MAX_LANES];
    for (k, coordinate) in panel.iter_mut().enumerate() {
        values.fill(filler(k));
        for (value, row) in values[..2 * lanes].iter_mut().zip(rows.clone()) {
            *value = at(row, k);
        }
        *coordinate = [Vector::load(&values), Vector::load(&values[lanes..])];
    }
}
