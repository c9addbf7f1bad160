//! Rows whose nearest row `f32` cannot tell are looked at again, together and by differences in `f64`.

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, memory};
use ndarray::ArrayView2;

use super::argmin_lanes::Nearest;

/// Squared distances of `f32` below this have lost digits, or all of them, to underflow.
const UNDERFLOW: f64 = 1e-30;

/// Indices that are looked at together: ambiguous ones are few.
const CHUNK: usize = 64;

/// The index of a row that has to be looked at again.
pub const AMBIGUOUS: i64 = -1;

/// True where rounding, overflow or underflow in `T` may have picked another row than `f64` would.
#[inline(always)]
pub fn is_ambiguous<T: Scalar>(nearest: Nearest<T>, width: usize) -> bool {
    // Each of `width` terms and each addition is off by at most EPSILON, relatively, in both sums.
    let doubt = 1.0 + 2.0 * (width as f64 + 4.0) * T::EPSILON.to_f64();
    let (squared, runner_up) = (nearest.least.to_f64(), nearest.runner_up.to_f64());
    T::NARROWER_THAN_REFERENCE && (!squared.is_finite() || runner_up <= squared * doubt + UNDERFLOW)
}

/// Has `search` find in `f64` the rows nearest to the ambiguous ones, about `at_once` of them at a time: it is given
/// them and where to write indices and distances. The first of `indices` is that of row `first` of `x`.
pub fn refine<T: Scalar>(
    (x, first): (Rows<'_, T>, usize),
    at_once: usize,
    (indices, mut distances): (&mut [i64], Option<&mut [T]>),
    search: impl Fn(Rows<'_, f64>, &mut [i64], &mut [f64]) -> Result<()>,
) -> Result<()> {
    let at_once = at_once.min(indices.len());
    let mut next = 0;
    while let Some(rows) = take_ambiguous(indices, &mut next, at_once)? {
        let (mut nearest, mut found) = (memory::filled(rows.len(), 0)?, memory::filled(rows.len(), 0.0)?);
        let mut values = memory::with_capacity(rows.len() * x.width())?;
        memory::extend(&mut values, rows.iter().flat_map(|row| x.row(first + row)).map(|value| value.to_f64()))?;
        let values = ArrayView2::from_shape((rows.len(), x.width()), &values).map_err(|_| Error::OutOfMemory)?;
        search(Rows::new(values, "x")?, &mut nearest, &mut found)?;
        for (row, (nearest, found)) in rows.into_iter().zip(nearest.into_iter().zip(found)) {
            indices[row] = nearest;
            if let Some(distances) = &mut distances {
                distances[row] = T::from_f64(found);
            }
        }
    }
    Ok(())
}

/// The first ambiguous entries of `indices` from `next` on, about as many as are wanted at `most`; None if there are
/// none.
fn take_ambiguous(indices: &[i64], next: &mut usize, most: usize) -> Result<Option<Vec<usize>>> {
    let (mut rows, length) = (Vec::new(), CHUNK.min(most));
    for (first, chunk) in (*next..).step_by(length).zip(indices[*next..].chunks(length)) {
        *next = first + chunk.len();
        if chunk.iter().fold(false, |any, &index| any | (index == AMBIGUOUS)) {
            if rows.is_empty() {
                rows = memory::with_capacity(most + length)?;
            }
            let ambiguous = (first..).zip(chunk).filter(|&(_, &index)| index == AMBIGUOUS);
            memory::extend(&mut rows, ambiguous.map(|(row, _)| row))?;
        }
        if rows.len() >= most {
            break;
        }
    }
    Ok((!rows.is_empty()).then_some(rows))
}
