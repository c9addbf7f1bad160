//! Leading singular triplets of a matrix that is longer in one direction than in the other.
//!
//! [`triangle`] reduces the rows to a small triangle R with the same right singular vectors, by Householder reflections
//! of blocks that stay in the cache; [`jacobi`] decomposes R; the long singular vectors are the rows times the short
//! ones ([`long`]). Each column loses digits relative to itself only, as with LAPACK's most accurate routine
//! (`dgejsv`). Where all wanted singular values turn out to be a fair share of the largest, the Gram matrix gives the
//! triangle ([`gram`]): there the square of the condition number costs nothing that matters. All is computed in `f64`.

mod gram;
mod jacobi;
mod long;
mod orthonormal;
mod source;
mod triangle;

use acm_core::rows::Rows;
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use jacobi::Short;
use source::Source;

/// Most columns (of the short side): beyond, LAPACK's blocked algorithm is faster than rotations.
const MOST_COLUMNS: usize = 128;

/// Writes the largest singular values of `x` to `s`, in descending order, and their vectors to the columns of `u`
/// (one row a row of `x`) and the rows of `vt`.
///
/// The entry of largest magnitude in each row of `vt` is positive. NaN or infinity in `x` is an error.
pub fn truncated_svd<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    u: &mut [T],
    s: &mut [T],
    vt: &mut [T],
) -> Result<()> {
    require_room(x, [u.len(), vt.len()], [x.nrows(), x.ncols()], s.len())?;
    let mut source = Source::new(Rows::new(x, "x")?, memory::filled(x.ncols(), 0.0)?);
    let mut short = source.decompose(threads, s.len())?;
    right_vectors(threads, &source, &mut short, vt)?;
    if source.is_transposed() {
        u.iter_mut().zip(&short.vectors).for_each(|(u, &v)| *u = T::from_f64(v));
    } else {
        long::project(threads, &source, &short, u)?;
    }
    s.iter_mut().zip(&short.values).for_each(|(s, &value)| *s = T::from_f64(source.unscaled(value)));
    Ok(())
}

/// Writes the mean of each column of `x` to `mean`, the directions of largest variance to the rows of `components`, and
/// the variances along them, by the number of rows - 1, to `variance`.
///
/// The entry of largest magnitude in each component is positive. NaN or infinity in `x` is an error.
pub fn pca_fit<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    mean: &mut [T],
    components: &mut [T],
    variance: &mut [T],
) -> Result<()> {
    let count = variance.len();
    require_room(x, [mean.len() * count, components.len()], [x.ncols(), x.ncols()], count)?;
    let rows = Rows::new(x, "x")?;
    let means = source::column_means(threads, rows)?;
    mean.iter_mut().zip(&means).for_each(|(out, &value)| *out = T::from_f64(value));
    let mut source = Source::new(rows, means);
    let mut short = source.decompose(threads, count)?;
    right_vectors(threads, &source, &mut short, components)?;
    let freedom = (x.nrows() - 1) as f64;
    for (out, &value) in variance.iter_mut().zip(&short.values) {
        let s = source.unscaled(value);
        *out = T::from_f64(s * (s / freedom));
    }
    Ok(())
}

/// An error unless `found` values are `count` for each of `sides`, and so many components exist.
fn require_room<T>(x: ArrayView2<'_, T>, found: [usize; 2], sides: [usize; 2], count: usize) -> Result<()> {
    let shorter = x.nrows().min(x.ncols());
    if !(1..=shorter).contains(&count) {
        return Err(Error::invalid("n_components", format!("is {count}; expected 1 to {shorter}")));
    }
    if found != sides.map(|side| side * count) {
        return Err(Error::invalid("out", "does not have one value for each row or column and component"));
    }
    if shorter > MOST_COLUMNS {
        return Err(Error::Unsupported(format!("more than {MOST_COLUMNS} rows and columns are left to LAPACK")));
    }
    Ok(())
}

/// Writes the right singular vectors of the matrix to the rows of `vt`, and refines the signs of all vectors by them.
fn right_vectors<T: Scalar>(
    threads: &Threads<'_>,
    source: &Source<'_, T>,
    short: &mut Short,
    vt: &mut [T],
) -> Result<()> {
    let count = short.values.len();
    if !source.is_transposed() {
        let signs = signs(&short.vectors, count)?;
        short.flip(&signs);
        transpose(&short.vectors, count, vt);
        return Ok(());
    }
    let mut columns = memory::filled(source.rows() * count, 0.0)?;
    long::project(threads, source, short, &mut columns)?;
    let signs = signs(&columns, count)?;
    short.flip(&signs);
    columns.chunks_exact_mut(count).for_each(|row| row.iter_mut().zip(&signs).for_each(|(v, sign)| *v *= sign));
    transpose(&columns, count, vt);
    Ok(())
}

/// The signs that make the entry of largest magnitude in each column positive; `count` columns.
fn signs(rows: &[f64], count: usize) -> Result<Vec<f64>> {
    let mut largest = memory::filled(count, 0.0_f64)?;
    for row in rows.chunks_exact(count) {
        for (largest, &value) in largest.iter_mut().zip(row).filter(|(largest, value)| value.abs() > largest.abs()) {
            *largest = value;
        }
    }
    memory::collected(largest.into_iter().map(|value| if value < 0.0 { -1.0 } else { 1.0 }))
}

/// Writes the columns of `rows`, which have `count` values each, as rows.
fn transpose<T: Scalar>(rows: &[f64], count: usize, out: &mut [T]) {
    for (j, out) in out.chunks_exact_mut(rows.len() / count).enumerate() {
        out.iter_mut().zip(rows[j..].iter().step_by(count)).for_each(|(out, &value)| *out = T::from_f64(value));
    }
}

#[cfg(test)]
mod tests;
