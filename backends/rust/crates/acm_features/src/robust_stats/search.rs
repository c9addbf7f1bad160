//! The search for a column's two middle values: a bracket that a sample suggests, and where the values lie beside it.
//!
//! A random sample of `m` values tells the middle of the column up to about `sqrt(m) / 2` places of the sample. Only
//! the values inside such a bracket (some percent) have to be ordered; of the others their number is enough. Values
//! equal to an end of the bracket are counted, not kept, so that ties cost nothing. The result is exact; a bracket
//! that missed the middle shows in the numbers, and the search goes on with a wider one.

use acm_core::{Error, Result};

/// Half the width of the first bracket, in standard deviations of the middle's place in the sample: it misses one
/// column in 15,000.
const FIRST_REACH: f64 = 4.0;

/// Each further bracket is this much wider.
const REACH_GROWTH: f64 = 4.0;

/// Two values with the middle between them, probably.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bracket {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Bracket {
    const ALL: Bracket = Bracket { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// The bracket around the middle of `sample`, which is reordered; all numbers where the sample is too small.
    fn around_middle(sample: &mut [f64], reach: f64) -> Self {
        let (middle, margin) = (sample.len() / 2, 1 + (reach * (sample.len() as f64).sqrt() / 2.0) as usize);
        if margin >= middle {
            return Bracket::ALL;
        }
        let (_, &mut low, above) = sample.select_nth_unstable_by(middle - margin, f64::total_cmp);
        let (_, &mut high, _) = above.select_nth_unstable_by(2 * margin - 1, f64::total_cmp);
        Bracket { low, high }
    }
}

/// How many values lie where beside a bracket.
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

impl Counts {
    fn add(&mut self, other: Counts) {
        self.all += other.all;
        self.below += other.below;
        self.at_low += other.at_low;
        self.at_high += other.at_high;
    }
}

/// What is known of a column's values.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Counts,
    /// The values inside the bracket, in no order.
    between: Vec<f64>,
    /// How many of them are in their place already, the smallest.
    placed: usize,
}

impl Tally {
    /// Adds what was found in a part of the column.
    pub fn add(&mut self, counts: Counts, between: &[f64]) -> Result<()> {
        self.counts.add(counts);
        self.between.try_reserve(between.len()).map_err(|_| Error::OutOfMemory)?;
        self.between.extend_from_slice(between);
        Ok(())
    }

    /// The median, or None if the bracket missed it. NaN if there are no values.
    fn median(&mut self, bracket: Bracket) -> Option<f64> {
        let Some(last) = self.counts.all.checked_sub(1) else { return Some(f64::NAN) };
        let low = self.value_at(last / 2, bracket)?;
        let high = if last % 2 == 0 { low } else { self.value_at(last.div_ceil(2), bracket)? };
        Some(mean(low, high))
    }

    /// The value of that rank, or None if the bracket missed it. Ranks must be asked for in rising order.
    fn value_at(&mut self, rank: usize, bracket: Bracket) -> Option<f64> {
        let rank = rank.checked_sub(self.counts.below)?;
        if rank < self.counts.at_low {
            return Some(bracket.low);
        }
        let rank = rank - self.counts.at_low;
        if rank < self.between.len() {
            let (_, &mut value, _) =
                self.between[self.placed..].select_nth_unstable_by(rank - self.placed, f64::total_cmp);
            self.placed = rank + 1;
            return Some(value);
        }
        let beyond = bracket.low == bracket.high || rank - self.between.len() >= self.counts.at_high;
        if beyond { None } else { Some(bracket.high) }
    }
}

/// The mean by halves, which cannot overflow; never -0, so that the order of equal values does not show.
fn mean(low: f64, high: f64) -> f64 {
    if low == high { low + 0.0 } else { low / 2.0 + high / 2.0 }
}

/// The search in one column.
#[derive(Debug, Default)]
pub struct Search {
    sample: Vec<f64>,
    reach: f64,
    bracket: Option<Bracket>,
    median: f64,
}

impl Search {
    /// A search that starts from a sample of the column without missing values.
    pub fn new(sample: Vec<f64>) -> Self {
        let mut search = Search { sample, ..Search::default() };
        search.start();
        search
    }

    /// Turns to the values' distances from their median, just found; their median is NaN where this one is not finite.
    pub fn turn_to_deviations(&mut self) {
        for value in &mut self.sample {
            *value = (*value - self.median).abs();
        }
        if self.median.is_finite() {
            self.start();
        } else {
            self.median = f64::NAN;
        }
    }

    fn start(&mut self) {
        self.reach = FIRST_REACH;
        self.bracket = Some(Bracket::around_middle(&mut self.sample, self.reach));
    }

    /// Where to look; None once the median is known.
    pub fn bracket(&self) -> Option<Bracket> {
        self.bracket
    }

    /// The median, once it is known.
    pub fn median(&self) -> f64 {
        self.median
    }

    /// Draws the conclusion from a tally of all values.
    pub fn conclude(&mut self, mut tally: Tally) {
        let Some(bracket) = self.bracket else { return };
        self.bracket = match tally.median(bracket) {
            Some(median) => {
                self.median = median;
                None
            }
            None => {
                self.reach *= REACH_GROWTH;
                Some(Bracket::around_middle(&mut self.sample, self.reach))
            }
        }
    }
}
