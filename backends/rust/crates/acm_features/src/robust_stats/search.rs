//! The order statistic of one column by Floyd and Rivest's selection (1975): a bracket from a sample, then a count.
//!
//! ```text
//! sample m values;  bracket = the sample's values at ranks  m q -+ 4 sqrt(m q (1 - q))        misses once in 15,000
//! count below, at and above the bracket's ends;  keep what lies strictly inside                (one pass: see sweep)
//! rank inside the bracket?  quickselect among the kept (some percent of n)  :  widen the bracket fourfold, count again
//! ```
//!
//! Why: the exact median after one sequential pass, which all columns share, and no copy of the column. Values equal to
//! an end of the bracket are counted, not kept, so that ties cost nothing. Cost: n comparisons with two ends, O(sqrt(n)
//! log n) kept on average.

use acm_core::{Result, Scalar, memory};

use crate::quantiles::Quantile;

/// Half the width of the first bracket, in standard deviations of the quantile's place in the sample: it misses one
/// column in 15,000.
const FIRST_REACH: f64 = 4.0;

/// Each further bracket is this much wider.
const REACH_GROWTH: f64 = 4.0;

/// Two values with the quantile between them, probably.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bracket<T> {
    /// The lower end.
    pub low: T,
    /// The upper end.
    pub high: T,
}

impl<T: Scalar> Bracket<T> {
    /// The bracket around the quantile of that level of `sample`, which is reordered; open where the sample ends.
    fn around(level: f64, sample: &mut [T], reach: f64) -> Self {
        let size = sample.len() as f64;
        let margin = 1 + (reach * (size * level * (1.0 - level)).sqrt()) as usize;
        let place = (size * level) as usize;
        let end = sample.len().min(place + margin);
        let mut bracket = Bracket { low: -T::INFINITY, high: T::INFINITY };
        if place + margin <= sample.len() {
            bracket.high = *sample.select_nth_unstable_by(end - 1, T::total_cmp).1;
        }
        if place >= margin {
            bracket.low = *sample[..end].select_nth_unstable_by(place - margin, T::total_cmp).1;
        }
        bracket
    }
}

/// How many values lie below, in and above a bracket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that are not NaN.
    pub all: usize,
    /// Less than the lower end.
    pub below: usize,
    /// Equal to the lower end.
    pub at_low: usize,
    /// Equal to the upper end.
    pub at_high: usize,
}

impl From<[usize; 4]> for Counts {
    fn from([all, below, at_low, at_high]: [usize; 4]) -> Self {
        Counts { all, below, at_low, at_high }
    }
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.all += other.all;
        self.below += other.below;
        self.at_low += other.at_low;
        self.at_high += other.at_high;
    }
}

/// Counts of a column's values about a bracket.
#[derive(Debug, Default)]
pub struct Tally<T> {
    counts: Counts,
    /// The values inside the bracket, in no order.
    between: Vec<T>,
    /// How many of them are in their place already, the smallest.
    placed: usize,
}

impl<T: Scalar> Tally<T> {
    /// Adds the counts of a part of the column.
    pub fn add(&mut self, counts: Counts, between: &[T]) -> Result<()> {
        self.counts.add(counts);
        memory::extend(&mut self.between, between.iter().copied())
    }

    /// The quantile, or None if the bracket missed it. NaN if there are no values.
    fn quantile(&mut self, quantile: Quantile, bracket: Bracket<T>) -> Option<f64> {
        if self.counts.all == 0 {
            return Some(f64::NAN);
        }
        let place = quantile.among(self.counts.all);
        let low = self.value_at(place.low, bracket)?;
        let high = if place.high == place.low { low } else { self.value_at(place.high, bracket)? };
        Some(place.value(low, high))
    }

    /// The value of that rank, or None if the bracket missed it. Ranks must be asked for in rising order.
    fn value_at(&mut self, rank: usize, bracket: Bracket<T>) -> Option<f64> {
        let rank = rank.checked_sub(self.counts.below)?;
        if rank < self.counts.at_low {
            return Some(bracket.low.to_f64());
        }
        let rank = rank - self.counts.at_low;
        if rank < self.between.len() {
            let (_, &mut value, _) =
                self.between[self.placed..].select_nth_unstable_by(rank - self.placed, T::total_cmp);
            self.placed = rank + 1;
            return Some(value.to_f64());
        }
        let beyond = bracket.low == bracket.high || rank - self.between.len() >= self.counts.at_high;
        if beyond { None } else { Some(bracket.high.to_f64()) }
    }
}

/// The search for one quantile of a column. The sample of the column that it is given is reordered.
#[derive(Debug)]
pub struct Search<T> {
    quantile: Quantile,
    reach: f64,
    bracket: Option<Bracket<T>>,
    value: f64,
}

impl<T: Scalar> Search<T> {
    /// A search that is over, and found nothing.
    pub const OVER: Self = Search { quantile: Quantile::MEDIAN, reach: FIRST_REACH, bracket: None, value: f64::NAN };

    /// A search that starts from a sample of the column without missing values.
    pub fn new(quantile: Quantile, sample: &mut [T]) -> Self {
        let bracket = Some(Bracket::around(quantile.level, sample, FIRST_REACH));
        Search { quantile, bracket, ..Search::OVER }
    }

    /// Turns to the values' distances from their median, just found; their median is NaN where this one is not finite.
    pub fn turn_to_distances(&mut self, sample: &mut [T]) {
        let median = self.value;
        sample.iter_mut().for_each(|value| *value = half_distance(*value, median));
        if median.is_finite() {
            *self = Search { value: median, ..Search::new(self.quantile, sample) };
        } else {
            self.value = f64::NAN;
        }
    }

    /// Where to look; None once the value is known.
    pub fn bracket(&self) -> Option<Bracket<T>> {
        self.bracket
    }

    /// The quantile, once it is known.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Draws the conclusion from a tally of all values.
    pub fn conclude(&mut self, mut tally: Tally<T>, sample: &mut [T]) {
        let Some(bracket) = self.bracket else { return };
        self.bracket = match tally.quantile(self.quantile, bracket) {
            Some(value) => {
                self.value = value;
                None
            }
            None => {
                self.reach *= REACH_GROWTH;
                Some(Bracket::around(self.quantile.level, sample, self.reach))
            }
        }
    }
}

/// Half the distance of a value from the median: the distance of two finite numbers may be larger than all numbers.
#[inline(always)]
pub fn half_distance<T: Scalar>(value: T, median: f64) -> T {
    T::from_f64((value.to_f64() * 0.5 - median * 0.5).abs())
}
