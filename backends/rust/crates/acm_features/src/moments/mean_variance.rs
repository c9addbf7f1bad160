//! Mean and variance.

use acm_core::Scalar;
use acm_core::simd::Simd;
use acm_core::units::{counted, fits, is_sound, times_power};

use super::{BLOCK, Block, Summary};

/// Count, mean and sum of squares of some values of a column, all but the count in a unit of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanVariance {
    /// One of the values, not counted in the unit.
    pub offset: f64,
    /// Of the unit.
    exponent: i32,
    count: f64,
    /// The mean of the differences from `offset`.
    mean: f64,
    /// The sum of the squared differences from the mean.
    squares: f64,
}

impl MeanVariance {
    /// How many values there are.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// The exponent of the unit.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// The same counted in a unit with that exponent; where a sum is no number in it, infinite or 0.
    pub fn recounted(mut self, exponent: i32) -> Self {
        if self.exponent != exponent {
            let by = self.exponent - exponent;
            (self.mean, self.squares) = (times_power(self.mean, by), times_power(self.squares, 2 * by));
            self.exponent = exponent;
        }
        self
    }

    /// The sum of the squared differences from the mean.
    pub fn squares(&self) -> f64 {
        self.squares
    }

    /// The mean's distance from `offset`; NaN without values.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.mean } else { f64::NAN }
    }

    /// The standard deviation, counted in the unit, by count - `ddof`; NaN with no more than `ddof` values.
    pub fn deviation(&self, ddof: usize) -> f64 {
        let freedom = self.count - ddof as f64;
        if freedom > 0.0 { (self.squares / freedom).sqrt() } else { f64::NAN }
    }
}

impl Summary for MeanVariance {
    const HAS_PAIRS: bool = false;

    const NONE: MeanVariance = MeanVariance { offset: f64::NAN, exponent: 0, count: 0.0, mean: 0.0, squares: 0.0 };

    #[inline(always)]
    fn is_sound(&self) -> bool {
        let is_constant = (self.squares == 0.0) & (self.offset != 0.0) & fits(self.offset.abs());
        (self.count == 0.0) | is_sound(self.squares) | is_constant
    }

    fn in_unit(&self, counted: MeanVariance, exponent: i32) -> MeanVariance {
        MeanVariance { offset: self.offset, exponent, ..counted }
    }

    fn join(&mut self, other: &MeanVariance) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let mut other = *other;
            if self.exponent != other.exponent {
                let exponent = self.exponent.max(other.exponent);
                (*self, other) = (self.recounted(exponent), other.recounted(exponent));
            }
            let count = self.count + other.count;
            let [own_offset, offset] = [self.offset, other.offset].map(|offset| counted(offset, self.exponent));
            let distance = ((offset - own_offset) + other.mean) - self.mean;
            self.mean += distance * (other.count / count);
            self.squares += other.squares + distance * distance * (self.count * (other.count / count));
            self.count = count;
        }
    }

    #[inline(always)]
    fn of<T: Scalar, S: Simd>(block: Block<'_, T>) -> [MeanVariance; BLOCK] {
        let offset = block.offsets();
        let [count, mean] = means::<T, true>(&block, offset);
        let all_finite = mean.iter().all(|mean| mean.is_finite());
        let [count, mean] = if all_finite { [count, mean] } else { means::<T, false>(&block, offset) };
        let squares = match all_finite {
            true => squares::<T, true>(&block, offset, mean),
            false => squares::<T, false>(&block, offset, mean),
        };
        std::array::from_fn(|j| MeanVariance {
            offset: offset[j],
            exponent: 0,
            count: count[j],
            mean: mean[j],
            squares: squares[j],
        })
    }
}

/// Count and mean. With `FINITE` nothing is left out, and what is not finite shows in the means.
#[inline(always)]
fn means<T: Scalar, const FINITE: bool>(block: &Block<'_, T>, offset: [f64; BLOCK]) -> [[f64; BLOCK]; 2] {
    let [mut count, mut sum] = [[0.0; BLOCK]; 2];
    for row in block.rows_while_fetching() {
        for j in 0..BLOCK {
            let counts = FINITE || row[j].is_finite();
            sum[j] += if counts { row[j] - offset[j] } else { 0.0 };
            if !FINITE {
                count[j] += if counts { 1.0 } else { 0.0 };
            }
        }
    }
    if FINITE {
        count = [block.height() as f64; BLOCK];
    }
    [count, std::array::from_fn(|j| if count[j] > 0.0 { sum[j] / count[j] } else { 0.0 })]
}

/// The sums of the squared distances from the mean.
#[inline(always)]
fn squares<T: Scalar, const FINITE: bool>(
    block: &Block<'_, T>,
    offset: [f64; BLOCK],
    mean: [f64; BLOCK],
) -> [f64; BLOCK] {
    let mut squares = [0.0; BLOCK];
    for row in block.rows() {
        for j in 0..BLOCK {
            let distance = (row[j] - offset[j]) - mean[j];
            squares[j] += if FINITE || row[j].is_finite() { distance * distance } else { 0.0 };
        }
    }
    squares
}
