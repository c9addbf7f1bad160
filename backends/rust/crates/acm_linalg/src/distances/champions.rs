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

    /// The nearest of all lanes; the first register's first lane is row `first`.
    #[inline(always)]
    pub fn nearest(&self, first: usize) -> Nearest<T> {
        let lanes = Register::<S, T>::LANES;
        let mut squared = [T::INFINITY; MAX_LANES];
        let mut runner_up = [T::INFINITY; MAX_LANES];
        let mut turn = [T::ZERO; MAX_LANES];
        self.squared.store(&mut squared);
        self.runner_up.store(&mut runner_up);
        self.turn.store(&mut turn);
        let of_lane = |lane: usize| Nearest {
            squared: squared[lane],
            runner_up: runner_up[lane],
            index: first + turn[lane].to_f64() as usize * lanes + lane,
        };
        (1..lanes).fold(of_lane(0), |nearest, lane| nearest.merge(of_lane(lane)))
    }
}
