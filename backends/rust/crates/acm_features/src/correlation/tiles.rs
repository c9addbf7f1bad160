//! Sums over the rows for each pair of columns, in square tiles of pairs on and above the diagonal.

use std::marker::PhantomData;
use std::ops::{ControlFlow, Range, RangeInclusive};

use acm_core::simd::{self, Simd, Task};
use acm_core::{Result, Scalar, Threads, memory};

use super::block::{add_products, panel_columns};
use super::standard::{Packed, SUMS, Standard};

/// Most columns of a tile, which grows with the matrix. A value is packed once for so many columns on the other side,
/// so larger tiles are faster; the smallest stay in a core's L2 cache with their sums.
const SIDE: RangeInclusive<usize> = 240..=480;

/// Beyond the smallest, tiles have at most this part of the columns: those that are held at the same time then take a
/// sixteenth of the memory of the dense matrix.
const BANDS: usize = 11;

/// The same of `f32` sums, which take half as much memory.
const WIDER_SIDE: RangeInclusive<usize> = 336..=768;
const FEWER_BANDS: usize = 7;

/// Rows packed at a time: a panel of them stays in the L1 cache while all blocks on the left meet it.
pub const DEPTH: usize = 128;

/// Most rows that a thread goes through between two looks at the queue.
const SEGMENT: usize = 32 * DEPTH;

/// Least rows of a part.
const SHORTEST: usize = 8 * DEPTH;

/// Tiles, or parts of them, that are summed up at the same time, at least and at most: work for many threads.
const SLOTS: RangeInclusive<usize> = 8..=32;

/// Sums that are held in memory, between the limits of [`SLOTS`].
const SUMS_HELD: usize = 1 << 20;

/// The sums of a tile.
pub struct Tile<'a, A> {
    /// The columns on the left.
    pub rows: Range<usize>,
    /// The columns on the right.
    pub columns: Range<usize>,
    sums: &'a [A],
    side: usize,
}

impl<A: Copy> Tile<'_, A> {
    /// Sum number `index` of [`SUMS`] for the `i`th column on the left and the `j`th on the right.
    #[inline(always)]
    pub fn sum(&self, index: usize, i: usize, j: usize) -> A {
        self.sums[(index * self.side + i) * self.side + j]
    }

    /// The first sums for the `i`th column on the left and all on the right.
    #[inline(always)]
    pub fn products(&self, i: usize) -> &[A] {
        &self.sums[i * self.side..][..self.columns.len()]
    }

    /// Whether the columns on the left are those on the right; the sums below the diagonal are then arbitrary.
    pub fn is_diagonal(&self) -> bool {
        self.rows == self.columns
    }
}

/// Sums over all rows, tile by tile, from the top down and in each band of rows from the left to the right.
///
/// Products are of numbers of type `P`, and so are their sums over [`DEPTH`] rows, which are added up in `A`. `counts`
/// is [`SUMS`], or 1 for the first alone. `finish` gets each tile, on the calling thread, and says whether to go on.
pub fn for_each_tile<P: Scalar, A: Scalar, T: Scalar>(
    threads: &Threads<'_>,
    standard: &Standard<'_, T>,
    counts: usize,
    finish: impl FnMut(&Tile<'_, A>) -> Result<ControlFlow<()>>,
) -> Result<()> {
    simd::dispatch(Tiles { threads, standard, counts, finish, numbers: PhantomData::<(P, A)> })
}

struct Tiles<'a, P, A, T, F> {
    threads: &'a Threads<'a>,
    standard: &'a Standard<'a, T>,
    counts: usize,
    finish: F,
    numbers: PhantomData<(P, A)>,
}

impl<P: Scalar, A: Scalar, T: Scalar, F> Task for Tiles<'_, P, A, T, F>
where
    F: FnMut(&Tile<'_, A>) -> Result<ControlFlow<()>>,
{
    type Output = Result<()>;

    const MAY_BE_WIDE: bool = true;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Tiles { threads, standard, counts, mut finish, .. } = self;
        let width = standard.x.width();
        let wider = size_of::<A>() < size_of::<f64>();
        let (sides, bands) = if wider { (WIDER_SIDE, FEWER_BANDS) } else { (SIDE, BANDS) };
        let most = width.div_ceil(bands).clamp(*sides.start(), *sides.end());
        // Tiles of equal size, so that none is a sliver.
        let side = width.div_ceil(width.div_ceil(most)).next_multiple_of(panel_columns::<S, P>());
        let pairs = pairs(width, side)?;
        let slots = (SUMS_HELD / (counts * side * side)).clamp(*SLOTS.start(), *SLOTS.end());
        let parts = (slots / pairs.len()).clamp(1, standard.x.count().div_ceil(SHORTEST));
        let sums_of = Sums { standard, counts, side, parts };
        let mut sums = memory::filled(slots.min(pairs.len()) * sums_of.size() * parts, A::ZERO)?;
        for pairs in pairs.chunks(slots) {
            let sums = &mut sums[..pairs.len() * sums_of.size() * parts];
            sums.fill(A::ZERO);
            sums_of.fill::<S, P, A>(simd, threads, pairs, sums)?;
            for ((rows, columns), sums) in pairs.iter().cloned().zip(sums.chunks_exact(sums_of.size() * parts)) {
                if finish(&Tile { rows, columns, sums: &sums[..sums_of.size()], side })?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The columns on the left and on the right of a tile.
type Pair = (Range<usize>, Range<usize>);

/// All tiles of `side` columns on and above the diagonal, band by band.
fn pairs(width: usize, side: usize) -> Result<Vec<Pair>> {
    let count = width.div_ceil(side);
    let range = |tile: usize| tile * side..((tile + 1) * side).min(width);
    let mut pairs = memory::with_capacity(count * (count + 1) / 2)?;
    memory::extend(&mut pairs, (0..count).flat_map(|i| (i..count).map(move |j| (range(i), range(j)))))?;
    Ok(pairs)
}

/// The sums of products, and in how many `parts` of the rows they are taken.
struct Sums<'a, T> {
    standard: &'a Standard<'a, T>,
    counts: usize,
    side: usize,
    parts: usize,
}

impl<T: Scalar> Sums<'_, T> {
    /// How many sums a tile has.
    fn size(&self) -> usize {
        self.counts * self.side * self.side
    }

    /// Fills `sums`: for each of `pairs` those over each part of the rows, the first of which gets the sums over all.
    fn fill<S: Simd, P: Scalar, A: Scalar>(
        &self,
        simd: S,
        threads: &Threads<'_>,
        pairs: &[Pair],
        sums: &mut [A],
    ) -> Result<()> {
        let (size, parts, height) = (self.size(), self.parts, self.standard.x.count());
        let segment = height.div_ceil(parts).next_multiple_of(DEPTH).min(SEGMENT);
        let packed = || Packed::<P>::new(DEPTH, self.side, self.counts == SUMS);
        for start in (0..height).step_by(parts * segment) {
            let tasks = sums.chunks_exact_mut(size).enumerate();
            let rows = height.min(start + parts * segment) - start;
            let work = rows.saturating_mul(size / 2).saturating_mul(pairs.len());
            threads.for_each_with(
                work,
                tasks,
                || Ok((packed()?, packed()?)),
                |(left, right), (slot, sums)| {
                    let first = (start + slot % parts * segment).min(height);
                    let rows = first..(first + segment).min(height);
                    simd.vectorize(
                        #[inline(always)]
                        || self.add_rows::<S, P, A>(rows, &pairs[slot / parts], [left, right], sums),
                    );
                    Ok(())
                },
            )?;
        }
        for sums in sums.chunks_exact_mut(parts * size) {
            let (all, rest) = sums.split_at_mut(size);
            rest.chunks_exact(size).for_each(|part| all.iter_mut().zip(part).for_each(|(all, part)| *all += *part));
        }
        Ok(())
    }

    /// Adds the sums over `rows`.
    #[inline(always)]
    fn add_rows<S: Simd, P: Scalar, A: Scalar>(
        &self,
        rows: Range<usize>,
        (on_left, on_right): &Pair,
        [left, right]: [&mut Packed<P>; 2],
        sums: &mut [A],
    ) {
        for start in rows.clone().step_by(DEPTH) {
            let rows = start..(start + DEPTH).min(rows.end);
            self.standard.pack::<S, P>(rows.clone(), on_left.clone(), left);
            let diagonal = on_left == on_right;
            let live = [on_left.len(), on_right.len()];
            if !diagonal {
                self.standard.pack::<S, P>(rows, on_right.clone(), right);
            }
            let factors = left.factors(if diagonal { left } else { right });
            for (factors, sums) in factors.into_iter().zip(sums.chunks_exact_mut(self.side * self.side)) {
                add_products::<S, P, A>(factors, left.depth(), live, diagonal, self.side, sums);
            }
        }
    }
}
