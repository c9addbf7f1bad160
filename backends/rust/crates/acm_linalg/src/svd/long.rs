//! The long singular vectors U = A V S^-1, and their second orthonormalisation where S spreads widely.
//!
//! Rounding adds to each column of A V components of the order of eps * s_1 along the stronger ones, which division by
//! a small s_j magnifies. Where s_k < s_1 / 100 the columns are made orthonormal again by block Gram-Schmidt with
//! reorthogonalisation ("twice is enough", Giraud, Langou and Rozložník 2005). Cost: 2 n d k, and 4 n k^2 where
//! repeated.

use acm_core::micro::{BLOCK_ROWS, Register, multiply_add, zeros};
use acm_core::pack::{Panels, Tail};
use acm_core::simd::{self, MAX_LANES, Simd, Task, Vector};
use acm_core::{Result, Scalar, Threads, memory};

use super::jacobi::Short;
use super::orthonormal::orthonormalise;
use super::source::Source;
use crate::tile;

/// Vectors whose singular values are below this, relative to the largest, are made orthogonal once more: what rounding
/// adds to them along the stronger ones weighs the more, the weaker they are.
const STRONG: f64 = 1e-2;

/// Writes the long singular vectors to the columns of `out`.
pub fn project<T: Scalar, U: Scalar>(
    threads: &Threads<'_>,
    source: &Source<'_, T>,
    short: &Short,
    out: &mut [U],
) -> Result<()> {
    let (count, largest) = (short.values.len(), short.values[0]);
    simd::dispatch(Projection { threads, source, short, out })?;
    if short.values[count - 1] > STRONG * largest {
        return Ok(());
    }
    let noise = f64::EPSILON * largest * source.rows() as f64;
    let known = short.values.iter().take_while(|&&value| value > noise).count();
    orthonormalise(threads, out, count, known)
}

struct Projection<'a, T, U> {
    threads: &'a Threads<'a>,
    source: &'a Source<'a, T>,
    short: &'a Short,
    out: &'a mut [U],
}

impl<T: Scalar, U: Scalar> Task for Projection<'_, T, U> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Projection { threads, source, short, out } = self;
        let (width, count) = (source.width(), short.values.len());
        // A vector without a singular value is replaced later.
        let entry = |k: usize, j: usize| match short.values[j] {
            0.0 => 0.0,
            value => short.vectors[k * count + j] / value,
        };
        let factor = Panels::<S, f64>::pack(simd, width, count, Tail::Padded, entry)?;
        let height = tile::height(width);
        let task = tile::task(height, width * factor.padded_width());
        let tasks = out.chunks_mut(task * count).zip((0..source.rows()).step_by(task));
        let prepare = || memory::filled(height * width, 0.0);
        threads.for_each_with(source.rows() * width * count, tasks, prepare, |rows, (out, first)| {
            for (out, first) in out.chunks_mut(height * count).zip((first..).step_by(height)) {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        let height = out.len() / count;
                        source.load(first..first + height, width, rows);
                        for (first, out) in (0..height).step_by(BLOCK_ROWS).zip(out.chunks_mut(BLOCK_ROWS * count)) {
                            project_block(&factor, tile::block(rows, width, first, height), count, out);
                        }
                    },
                );
            }
            Ok(())
        })
    }
}

#[inline(always)]
fn project_block<S: Simd, U: Scalar>(factor: &Panels<S, f64>, rows: [&[f64]; BLOCK_ROWS], count: usize, out: &mut [U]) {
    let lanes = Register::<S, f64>::LANES;
    for (column, panel) in factor.iter() {
        let products = multiply_add::<S, f64>(zeros::<S, f64>(), rows, panel);
        for (out, [low, high]) in out.chunks_exact_mut(count).zip(products) {
            let mut values = [0.0; 2 * MAX_LANES];
            low.store(&mut values);
            high.store(&mut values[lanes..]);
            out[column..].iter_mut().zip(values).take(2 * lanes).for_each(|(out, value)| *out = U::from_f64(value));
        }
    }
}
