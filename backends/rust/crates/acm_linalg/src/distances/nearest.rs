//! The nearest row of one matrix for each row of another, without the matrix of distances.

use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayView2;

use super::differences::Search;
use super::screen;

/// Writes `indices[i] = argmin_j |x_i - y_j|`, the lowest `j` among equals, and the distance itself to `distances`.
///
/// NaN or infinity in `x` or `y` is an error. Memory does not grow with the number of rows but for a number for each of
/// `y`.
pub fn pairwise_distances_argmin_min<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    indices: &mut [i64],
    distances: &mut [T],
) -> Result<()> {
    Search::new(threads, x, y, indices, Some(distances)).and_then(simd::dispatch)
}

/// Writes `indices[i] = argmin_j |x_i - y_j|`, as [`pairwise_distances_argmin_min`] does.
pub fn pairwise_distances_argmin<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    y: ArrayView2<'_, T>,
    indices: &mut [i64],
) -> Result<()> {
    Search::new(threads, x, y, indices, None).and_then(simd::dispatch)
}

/// Where a 256-bit register holds a coordinate of every row of `y`, a wider one would be half empty.
const NARROW_BYTES: usize = 32;

/// Where a 512-bit register holds it, that is half the work on any processor.
const WIDE_BYTES: usize = 64;

impl<T: Scalar> Task for Search<'_, T> {
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn is_wide(&self) -> bool {
        let coordinate = self.y.count() * size_of::<T>();
        coordinate > NARROW_BYTES
            && (coordinate <= WIDE_BYTES || simd::has_whole_wide_registers() || screen::pays(self))
    }

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        screen::search(simd, self)
    }
}
