//! The nearest rows seen so far, lane by lane in registers and then row by row.

use acm_core::micro::{BLOCK_ROWS, Pair, Register, Sums};
use acm_core::pack::{GROUP_BYTES, Panels, columns_in, panel_width};
use acm_core::simd::{MAX_LANES, Simd, Vector};
use acm_core::{Result, Scalar, memory};

/// The nearest row found for one row of `x`.
#[derive(Clone, Copy)]
pub struct Nearest<T> {
    /// Its squared distance, or another number with the order of distances; infinity before any is found.
    pub least: T,
    /// The second smallest number, counting ties.
    pub runner_up: T,
    /// Its number, the lowest among equals; 0 before any is found.
    pub index: usize,
}

impl<T: Scalar> Nearest<T> {
    /// Before any row is looked at.
    pub const NONE: Self = Nearest { least: T::INFINITY, runner_up: T::INFINITY, index: 0 };

    /// The better of `self` and `other`, where a tie goes to the lower index.
    #[inline(always)]
    pub fn merge(self, other: Self) -> Self {
        let other_wins = other.least < self.least || (other.least == self.least && other.index < self.index);
        let (winner, loser) = if other_wins { (other, self) } else { (self, other) };
        let second = if loser.least < winner.runner_up { loser.least } else { winner.runner_up };
        Nearest { runner_up: second, ..winner }
    }
}

/// The nearest rows of each lane, for one row of `x`.
#[derive(Clone, Copy)]
pub struct ArgminLanes<S: Simd, T: Scalar> {
    least: Register<S, T>,
    runner_up: Register<S, T>,
    /// Which register the smallest came from, counted from 0.
    step: Register<S, T>,
}

impl<S: Simd, T: Scalar> ArgminLanes<S, T> {
    /// Before any row is looked at.
    #[inline(always)]
    fn none() -> Self {
        let infinity = Register::<S, T>::splat(T::INFINITY);
        ArgminLanes { least: infinity, runner_up: infinity, step: Register::<S, T>::splat(T::ZERO) }
    }

    /// Looks at the next register, number `step`. NaN never wins.
    #[inline(always)]
    fn update(&mut self, candidate: Register<S, T>, step: Register<S, T>) {
        self.step = Vector::select_less(candidate, self.least, step, self.step);
        if T::NARROWER_THAN_REFERENCE {
            self.runner_up = candidate.max(self.least).min(self.runner_up);
        }
        self.least = candidate.min(self.least);
    }

    /// The nearest of all lanes, the lowest among equals; the first register's first lane is row `first`.
    #[inline(always)]
    fn nearest(&self, first: usize) -> Nearest<T> {
        type R<S, T> = Register<S, T>;
        let infinity = R::<S, T>::splat(T::INFINITY);
        let rows = self.step.mul_add(R::<S, T>::splat(T::from_f64(R::<S, T>::LANES as f64)), lane_numbers::<S, T>());
        let [least, runner_up] = match T::NARROWER_THAN_REFERENCE {
            true => self.least.two_least(self.runner_up),
            false => [self.least.least(), T::INFINITY],
        };
        let tied = Vector::select_less(R::<S, T>::splat(least), self.least, infinity, rows);
        let row = tied.least();
        // A group has fewer than 2^22 rows, so that no conversion is needed.
        Nearest { least, runner_up, index: first + (row + T::ROUNDS).low_bits() }
    }

    /// Writes the nearest of each lane, which is a row of `x` of its own, to `found`; step 0 is row `first`.
    #[inline(always)]
    fn write(&self, first: usize, found: &mut [Nearest<T>]) {
        let [mut least, mut runner_up, mut step] = [[T::ZERO; MAX_LANES]; 3];
        self.least.store(&mut least);
        self.runner_up.store(&mut runner_up);
        self.step.add(Register::<S, T>::splat(T::ROUNDS)).store(&mut step);
        for (lane, found) in found.iter_mut().enumerate() {
            let index = first + step[lane].low_bits();
            *found = Nearest { least: least[lane], runner_up: runner_up[lane], index };
        }
    }
}

#[inline(always)]
fn lane_numbers<S: Simd, T: Scalar>() -> Register<S, T> {
    let numbers: [T; MAX_LANES] = std::array::from_fn(|lane| T::from_f64(lane as f64));
    Register::<S, T>::load(&numbers)
}

/// Looks for rows among `panels` that are nearer than those found so far: block after block of rows, `block(i)` from
/// the `i`-th on, by what `sums` says of a block and a panel.
#[inline(always)]
pub fn compare<'a, S: Simd, T: Scalar>(
    panels: &Panels<S, T>,
    found: &mut [Nearest<T>],
    block: impl Fn(usize) -> [&'a [T]; BLOCK_ROWS],
    sums: impl Fn([&'a [T]; BLOCK_ROWS], &[Pair<S, T>]) -> Sums<S, T>,
) {
    let group = columns_in::<S, T>(GROUP_BYTES, panels.depth()) / panel_width::<S, T>();
    for start in (0..panels.count()).step_by(group) {
        let first = panels.columns().start + start * panel_width::<S, T>();
        for (row, found) in (0..).step_by(BLOCK_ROWS).zip(found.chunks_mut(BLOCK_ROWS)) {
            let rows = block(row);
            let mut best = [ArgminLanes::<S, T>::none(); BLOCK_ROWS];
            for (step, panel) in (start..(start + group).min(panels.count())).enumerate() {
                let steps = [2 * step, 2 * step + 1].map(|step| Register::<S, T>::splat(T::from_f64(step as f64)));
                for (best, [low, high]) in best.iter_mut().zip(sums(rows, panels.panel(panel))) {
                    best.update(low, steps[0]);
                    best.update(high, steps[1]);
                }
            }
            for (found, best) in found.iter_mut().zip(&best) {
                *found = found.merge(best.nearest(first));
            }
        }
    }
}

/// Rows whose sums [`compare_to_few`] gathers: whole blocks, and as many as whole registers hold.
const GATHERED: usize = 8 * BLOCK_ROWS;

/// The same where all rows of `y` fit in the first register of one panel: sums are transposed, so that a register
/// holds those of as many rows of `x` to one of `y`, and no lanes of one register have to be compared.
#[inline(always)]
pub fn compare_to_few<'a, S: Simd, T: Scalar>(
    panels: &Panels<S, T>,
    found: &mut [Nearest<T>],
    block: impl Fn(usize) -> [&'a [T]; BLOCK_ROWS],
    sums: impl Fn([&'a [T]; BLOCK_ROWS], &[Pair<S, T>]) -> Sums<S, T>,
) {
    let lanes = Register::<S, T>::LANES;
    let mut gathered = [T::INFINITY; GATHERED * MAX_LANES];
    let mut transposed = [T::INFINITY; MAX_LANES * MAX_LANES];
    for (row, found) in (0..).step_by(GATHERED).zip(found.chunks_mut(GATHERED)) {
        for (first, gathered) in (0..found.len()).step_by(BLOCK_ROWS).zip(gathered.chunks_mut(BLOCK_ROWS * lanes)) {
            for ([sums, _], gathered) in
                sums(block(row + first), panels.panel(0)).iter().zip(gathered.chunks_mut(lanes))
            {
                sums.store(gathered);
            }
        }
        for (gathered, found) in gathered.chunks_exact(lanes * lanes).zip(found.chunks_mut(lanes)) {
            Register::<S, T>::transpose(gathered, lanes, &mut transposed, lanes);
            let mut best = ArgminLanes::<S, T>::none();
            for (step, sums) in transposed.chunks_exact(lanes).take(panels.columns().len()).enumerate() {
                best.update(Vector::load(sums), Register::<S, T>::splat(T::from_f64(step as f64)));
            }
            best.write(panels.columns().start, found);
        }
    }
}

/// Where indices and distances of some rows go, and the number of the first of them.
pub type Part<'a, U> = (usize, (&'a mut [i64], Option<&'a mut [U]>));

/// Cuts what a search for the rows from `first` on writes into parts of `height` rows.
pub fn parts<'a, U>(
    first: usize,
    height: usize,
    indices: &'a mut [i64],
    distances: Option<&'a mut [U]>,
) -> Result<Vec<Part<'a, U>>> {
    let mut distances = distances.map(|distances| distances.chunks_mut(height));
    let mut next = || distances.as_mut().and_then(Iterator::next);
    memory::collected((first..).step_by(height).zip(indices.chunks_mut(height).map(|indices| (indices, next()))))
}
