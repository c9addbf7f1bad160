//! Where values stand among each other, without sorting them all: they are dealt out to buckets that are in order, most
//! with a value or two, and each is then compared with those in its bucket.

use acm_core::parallel::InterruptCheck;
use acm_core::{Result, Scalar, memory, simd};

/// Straight pieces of the map from values to buckets, each for an equal share of a sample: no shape of the distribution
/// crowds more than a few buckets.
const PIECES: usize = 8;

/// Values that are looked at to find the pieces.
const SAMPLE: usize = 128;

/// A value is compared with so many from the start of its bucket on; larger buckets are sorted and searched. What lies
/// beyond the end of a bucket is larger than what it holds, so it may be compared, too.
const WINDOW: usize = 8;

/// Rows of a column between two looks for an interrupt, in which something happens to each: at most some milliseconds.
pub const PART: usize = 1 << 16;

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How many values are less.
    pub less: usize,
    /// How many are equal, itself included.
    pub equal: usize,
}

/// Room for the values of a column, by bucket.
pub struct Buckets<T> {
    /// Of each row.
    bucket: Vec<u32>,
    /// Where each bucket starts, and after them all those of missing values, and the end.
    starts: Vec<u32>,
    /// Bucket by bucket, the missing as infinity; then as many infinities as a window may reach into.
    dealt: Vec<T>,
}

/// A piece of the map: its values rise from 0 to `width * slope`.
#[derive(Clone, Copy)]
struct Piece {
    start: f64,
    width: f64,
    slope: f64,
}

impl<T: Scalar> Buckets<T> {
    /// Room for `height` values.
    pub fn new(height: usize) -> Result<Self> {
        Ok(Buckets {
            bucket: memory::filled(height, 0)?,
            starts: memory::filled(height + 3, 0)?,
            dealt: memory::filled(height + WINDOW, T::INFINITY)?,
        })
    }

    /// Deals out `values`, which are finite or, where missing, infinity.
    pub fn deal(&mut self, values: &[T], look: &mut InterruptCheck<'_>) -> Result<()> {
        self.count(values, look)?;
        for (buckets, values) in self.bucket.chunks(PART).zip(values.chunks(PART)) {
            for (&bucket, &value) in buckets.iter().zip(values) {
                let next = &mut self.starts[bucket as usize + 1];
                self.dealt[*next as usize] = value;
                *next += 1;
            }
            look()?;
        }
        for first in (0..values.len()).step_by(PART) {
            for bounds in self.starts[first..=(first + PART).min(values.len())].windows(2) {
                if bounds[1] - bounds[0] > WINDOW as u32 {
                    self.dealt[bounds[0] as usize..bounds[1] as usize].sort_unstable_by(T::total_cmp);
                }
            }
            look()?;
        }
        Ok(())
    }

    /// Finds the bucket of each value, and where each bucket starts: one place further on than in the end.
    fn count(&mut self, values: &[T], look: &mut InterruptCheck<'_>) -> Result<()> {
        let count = values.len();
        let pieces = pieces(values, count as f64 / PIECES as f64);
        // Counted two places further on, summed up, and taken one place further on, each start is where it belongs.
        self.starts.fill(0);
        for (buckets, values) in self.bucket.chunks_mut(PART).zip(values.chunks(PART)) {
            simd::vectorized(
                #[inline(always)]
                || map(values, count, &pieces, buckets),
            );
            buckets.iter().for_each(|&bucket| self.starts[bucket as usize + 2] += 1);
            look()?;
        }
        let mut sum = 0;
        for starts in self.starts.chunks_mut(PART) {
            for start in starts {
                sum += *start;
                *start = sum;
            }
            look()?;
        }
        Ok(())
    }

    /// How many values are present.
    pub fn present(&self) -> usize {
        self.starts[self.bucket.len()] as usize
    }

    /// Where the value of `row` stands; any place for a missing one.
    #[inline(always)]
    pub fn place(&self, row: usize, value: T) -> Place {
        let bucket = self.bucket[row] as usize;
        let (start, end) = (self.starts[bucket] as usize, self.starts[bucket + 1] as usize);
        if end - start > WINDOW {
            return place_among(start, &self.dealt[start..end], value);
        }
        let (mut less, mut equal) = (0, 0);
        for &other in &self.dealt[start..start + WINDOW] {
            less += u32::from(other < value);
            equal += u32::from(other == value);
        }
        Place { less: start + less as usize, equal: equal as usize }
    }
}

/// Where a value stands that is one of a sorted bucket's, before which `start` come.
#[cold]
#[inline(never)]
fn place_among<T: Scalar>(start: usize, sorted: &[T], value: T) -> Place {
    if sorted.first() == sorted.last() {
        return Place { less: start, equal: sorted.len() };
    }
    let less = sorted.partition_point(|&other| other < value);
    let equal = sorted[less..].partition_point(|&other| other <= value);
    Place { less: start + less, equal }
}

/// The pieces of a map whose values rise by `share` in each.
fn pieces<T: Scalar>(values: &[T], share: f64) -> [Piece; PIECES] {
    let mut sample = [0.0; SAMPLE];
    let mut count = 0;
    let present = values.iter().step_by(values.len().div_ceil(SAMPLE).max(1)).filter(|value| value.is_finite());
    for (place, value) in sample.iter_mut().zip(present) {
        *place = value.to_f64();
        count += 1;
    }
    let sample = &mut sample[..count.max(1)];
    sample.sort_unstable_by(f64::total_cmp);
    let knot = |piece: usize| sample[piece * (sample.len() - 1) / PIECES];
    std::array::from_fn(|piece| {
        let (start, width) = (knot(piece), knot(piece + 1) - knot(piece));
        let slope = share / width;
        // A piece without width, or too wide or narrow for its numbers, maps all its values to its start.
        let sound = width > 0.0 && width.is_finite() && slope.is_finite();
        Piece { start, width: if sound { width } else { 0.0 }, slope: if sound { slope } else { 0.0 } }
    })
}

/// The bucket of each value, one of `count`: never a lesser one for a greater value, as every operation rounds
/// monotonically.
#[inline(always)]
fn map<T: Scalar>(values: &[T], count: usize, pieces: &[Piece; PIECES], buckets: &mut [u32]) {
    // Added to a small number it leaves the nearest integer in the low bits.
    const INTEGER: f64 = (1_u64 << 52) as f64;
    let (last, missing) = (count as f64 - 1.0, count as f64);
    for (bucket, value) in buckets.iter_mut().zip(values) {
        let x = value.to_f64();
        let mut sum = 0.0;
        for piece in pieces {
            let within = x - piece.start;
            let within = if within > 0.0 { within } else { 0.0 };
            let within = if within < piece.width { within } else { piece.width };
            sum += within * piece.slope;
        }
        let sum = if sum < last { sum } else { last };
        let sum = if value.is_finite() { sum } else { missing };
        *bucket = (sum + INTEGER).to_bits() as u32;
    }
}
