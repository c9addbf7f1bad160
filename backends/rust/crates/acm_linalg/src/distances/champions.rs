//! The nearest rows seen so far, lane by lane in registers and then row by row.

use acm_core::Scalar;
use acm_core::simd::{MAX_LANES, Simd, Vector};

use super::panels::Register;

/// The nearest row found for one row of `x`.
#[derive(Clone, Copy)]
pub struct Nearest<T> {
    /// Its squared distance; infinity before any is found.
    pub squared: T,
    /// The second smallest squared distance, counting ties.
    pub runner_up: T,
    /// Its number, the lowest among equals; 0 before any is found.
    pub index: usize,
}

impl<T: Scalar> Nearest<T> {
    /// Before any row is looked at.
    pub const NONE: Self = Nearest { squared: T::INFINITY, runner_up: T::INFINITY, index: 0 };

    /// The better of `self` and `other`, where a tie goes to the lower index.
    #[inline(always)]
    pub fn merge(self, other: Self) -> Self {
        let other_wins = other.squared < self.squared || (other.squared == self.squared && other.index < self.index);
        let (winner, loser) = if other_wins { (other, self) } else { (self, other) };
        let second = if loser.squared < winner.runner_up { loser.squared } else { winner.runner_up };
        Nearest { runner_up: second, ..winner }
    }
}

/// The nearest rows of each lane, for one row of `x`.
#[derive(Clone, Copy)]
pub struct Champions<S: Simd, T: Scalar> {
    squared: Register<S, T>,
    runner_up: Register<S, T>,
    /// Which register of distances the smallest came from, counted from 0.
    turn: Register<S, T>,
}

impl<S: Simd, T: Scalar> Champions<S, T> {
    /// Before any row is looked at.
    #[inline(always)]
    pub fn none() -> Self {
        let infinity = Register::<S, T>::splat(T::INFINITY);
        Champions { squared: infinity, runner_up: infinity, turn: Register::<S, T>::splat(T::ZERO) }
    }

    /// Looks at the next register of squared distances, number `turn`. NaN never wins.
    #[inline(always)]
    pub fn challenge(&mut self, squared: Register<S, T>, turn: Register<S, T>) {
        self.turn = Vector::select_less(squared, self.squared, turn, self.turn);
        if T::NARROWER_THAN_REFERENCE {
            self.runner_up = squared.max(self.squared).min(self.runner_up);
        }
        self.squared = squared.min(self.squared);
    }

    /// The nearest of all lanes, the lowest among equals; the first register's first lane is row `first`.
    #[inline(always)]
    pub fn nearest(&self, first: usize) -> Nearest<T> {
        type R<S, T> = Register<S, T>;
        let infinity = R::<S, T>::splat(T::INFINITY);
        let rows = self.turn.mul_add(R::<S, T>::splat(T::from_f64(R::<S, T>::LANES as f64)), lane_numbers::<S, T>());
        let squared = self.squared.least();
        let tied = Vector::select_less(R::<S, T>::splat(squared), self.squared, infinity, rows);
        let row = tied.least();
        let mut runner_up = T::INFINITY;
        if T::NARROWER_THAN_REFERENCE {
            let winner = R::<S, T>::splat(row);
            let others = Vector::select_less(winner, rows, self.squared, infinity);
            let others = Vector::select_less(rows, winner, self.squared, others);
            runner_up = others.min(self.runner_up).least();
        }
        // A group has fewer than 2^22 rows, so that no conversion is needed.
        Nearest { squared, runner_up, index: first + (row + T::ROUNDS).low_bits() }
    }
}

#[inline(always)]
fn lane_numbers<S: Simd, T: Scalar>() -> Register<S, T> {
    let numbers: [T; MAX_LANES] = std::array::from_fn(|lane| T::from_f64(lane as f64));
    Register::<S, T>::load(&numbers)
}
