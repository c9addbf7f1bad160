//! New values from old ones and a few numbers for each column, in one pass over memory.

use acm_core::{Error, Result, Scalar, Threads, cache, memory, simd};
use ndarray::ArrayView2;

/// Tiles of a short call: so little of it is left to one thread while the others wait, and more than so many threads it
/// does not keep busy for longer than waking them takes.
const TILES: usize = 16;

/// Values that a thread computes between two looks at the queue, in a few microseconds: at least and at most.
const TILE_VALUES: [usize; 2] = [cache::L2_VALUES / 4, cache::L2_VALUES];

/// Narrow rows are taken several at a time, so that loops have at least about this many steps.
const RUN_VALUES: usize = 256;

/// The values of a matrix in C order, row after row.
pub fn values_of<'a, T>(x: ArrayView2<'a, T>) -> Result<&'a [T]> {
    x.to_slice().ok_or_else(|| Error::invalid("x", "is not in C order"))
}

/// Writes `out[i, j] = each(x[i, j], [p[j] for p in parameters])`.
///
/// `each` should be `#[inline(always)]` and free of branches.
pub fn map_by_column<T: Scalar, P: Scalar, const N: usize>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    parameters: [&[P]; N],
    out: &mut [T],
    each: impl Fn(T, [P; N]) -> T + Sync,
) -> Result<()> {
    let (width, x) = (x.ncols(), values_of(x)?);
    if out.len() != x.len() {
        return Err(Error::invalid("out", "does not have the size of x"));
    }
    let run = RUN_VALUES.div_ceil(width) * width;
    let mut repeated = [const { Vec::new() }; N];
    for (all, values) in repeated.iter_mut().zip(parameters) {
        *all = cycled(values, run)?;
    }
    let parameters = repeated.each_ref().map(|all| &all[..]);
    let tile = (x.len() / TILES).clamp(TILE_VALUES[0], TILE_VALUES[1]).next_multiple_of(run);
    threads.for_each(x.len(), x.chunks(tile).zip(out.chunks_mut(tile)), |(x, out)| {
        simd::vectorized(
            #[inline(always)]
            || {
                for (x, out) in x.chunks(run).zip(out.chunks_mut(run)) {
                    let parameters = parameters.map(|p| &p[..x.len()]);
                    for (i, (out, &x)) in out.iter_mut().zip(x).enumerate() {
                        *out = each(x, std::array::from_fn(|p| parameters[p][i]));
                    }
                }
            },
        );
        Ok(())
    })
}

/// `values` again and again, up to `len` of them.
fn cycled<P: Copy>(values: &[P], len: usize) -> Result<Vec<P>> {
    memory::collected(values.iter().copied().cycle().take(len))
}
