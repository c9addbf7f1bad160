//! Which ranks are wanted of a column, and in which buckets they lie.

use acm_core::{Result, Scalar, memory};

use super::super::Quantile;

/// The ranks that are wanted of a column.
pub struct Wanted {
    /// How many values the column has.
    count: usize,
    /// The ranks, rising, and each one's place among the values kept.
    ranks: Vec<usize>,
    places: Vec<usize>,
    kept: usize,
}

impl Wanted {
    /// From the number of values in each bucket; marks the buckets whose values have to be kept.
    pub fn new(quantiles: &[Quantile], counts: &[u32], keeps: &mut [u8]) -> Result<Self> {
        let count = counts.iter().map(|&count| count as usize).sum();
        let mut ranks = memory::with_capacity(2 * quantiles.len())?;
        if count > 0 {
            let places = quantiles.iter().map(|quantile| quantile.among(count));
            memory::extend(&mut ranks, places.flat_map(|at| [at.low, at.high]))?;
        }
        ranks.sort_unstable();
        ranks.dedup();
        let mut places = memory::with_capacity(ranks.len())?;
        let (mut below, mut kept) = (0, 0);
        for (&count, keep) in counts.iter().zip(keeps) {
            let end = below + count as usize;
            while let Some(&rank) = ranks.get(places.len()).filter(|&&rank| rank < end) {
                memory::push(&mut places, kept + rank - below)?;
                *keep = 1;
            }
            kept += usize::from(*keep) * count as usize;
            below = end;
        }
        Ok(Wanted { count, ranks, places, kept })
    }

    /// How many values are kept.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Writes the quantiles; `kept` are the values kept, which are reordered.
    pub fn finish<T: Scalar>(&self, quantiles: &[Quantile], kept: &mut [T], found: &mut [f64]) {
        if self.count == 0 {
            return; // NaN, as it was
        }
        put_in_place(kept, 0, &self.places);
        for (found, at) in found.iter_mut().zip(quantiles.iter().map(|quantile| quantile.among(self.count))) {
            let [low, high] = [at.low, at.high].map(|rank| {
                let place = self.ranks.partition_point(|&known| known < rank);
                kept[self.places[place]].to_f64()
            });
            *found = at.value(low, high);
        }
    }
}

/// Brings the values of these ranks, which rise and count from `first`, to where they belong.
fn put_in_place<T: Scalar>(values: &mut [T], first: usize, ranks: &[usize]) {
    let middle = ranks.len() / 2;
    let Some(&rank) = ranks.get(middle) else { return };
    let (below, _, above) = values.select_nth_unstable_by(rank - first, T::total_cmp);
    put_in_place(below, first, &ranks[..middle]);
    put_in_place(above, rank + 1, &ranks[middle + 1..]);
}
