//! Sums over each value and the one before it, of columns without gaps.

use acm_core::rows::Rows;
use acm_core::simd::Simd;
use acm_core::units::{LARGE, counted, fits, is_sound, times_power};
use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayView2;

use super::{BLOCK, Block, SEGMENT_VALUES, Summary, summaries};

/// What some neighbours in a column sum up to, as differences from the mean of the earlier ones, in a unit of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LagSums {
    /// The exponent of the unit.
    pub exponent: i32,
    /// One of the values, not counted in the unit.
    offset: f64,
    count: f64,
    /// The mean of the earlier values' differences from `offset`.
    mean: f64,
    /// The sum of the later values' differences from that mean.
    later: f64,
    /// The sum of the earlier values' squared differences from it.
    squares: f64,
    /// The sum of the products of both.
    products: f64,
}

/// The sums of each column of `x`; None if there are no two rows, or if a value is NaN or infinite, or the sums are.
pub fn lag_sums<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>) -> Result<Option<Vec<LagSums>>> {
    let rows = Rows::new(x, "x")?;
    // Gaps are seldom in the last rows only, and then summing up to there was in vain.
    let some = (SEGMENT_VALUES / x.ncols()).max(1).min(x.nrows());
    if x.nrows() < 2 || !rows.are_finite(0..some) {
        return Ok(None);
    }
    let lag_sums: Vec<LagSums> = summaries(threads, x)?;
    let pairs = (x.nrows() - 1) as f64;
    let whole = |sums: &LagSums| sums.count == pairs && (sums.squares + sums.products).is_finite();
    Ok(lag_sums.iter().all(whole).then_some(lag_sums))
}

impl LagSums {
    /// The mean of the column that begins with `first`, in two parts, the second small, counted in the unit.
    pub fn mean_with(&self, first: f64) -> [f64; 2] {
        let [first, offset] = [first, self.offset].map(|value| counted(value, self.exponent));
        let sum = (first - offset) + (self.later + self.count * self.mean);
        [offset, sum / (self.count + 1.0)]
    }

    /// The sums of products and of the earlier values' squares, of differences from a centre in two parts, counted in the
    /// unit.
    pub fn around(&self, [offset, shift]: [f64; 2]) -> [f64; 2] {
        let moved = self.moved_by(((counted(self.offset, self.exponent) - offset) + self.mean) - shift);
        [moved.products, moved.squares]
    }

    /// The same counted in a larger unit with that exponent.
    fn recounted(mut self, exponent: i32) -> Self {
        if self.exponent != exponent {
            let by = self.exponent - exponent;
            (self.mean, self.later) = (times_power(self.mean, by), times_power(self.later, by));
            (self.squares, self.products) = (times_power(self.squares, 2 * by), times_power(self.products, 2 * by));
            self.exponent = exponent;
        }
        self
    }

    /// The sums of differences that are larger by `shift`.
    fn moved_by(mut self, shift: f64) -> Self {
        let all = self.count * shift;
        self.products += shift * (self.later + all);
        self.squares += shift * all;
        self.later += all;
        self
    }
}

impl Summary for LagSums {
    const HAS_PAIRS: bool = true;

    const NONE: LagSums =
        LagSums { exponent: 0, offset: f64::NAN, count: 0.0, mean: 0.0, later: 0.0, squares: 0.0, products: 0.0 };

    #[inline(always)]
    fn is_sound(&self) -> bool {
        let is_constant = (self.squares == 0.0) & (self.offset != 0.0) & fits(self.offset.abs());
        let paired = self.later.abs() + self.products.abs() < LARGE;
        (self.count == 0.0) | (paired & (is_constant | is_sound(self.squares)))
    }

    fn in_unit(&self, counted: LagSums, exponent: i32) -> LagSums {
        LagSums { offset: self.offset, exponent, ..counted }
    }

    fn join(&mut self, other: &LagSums) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let (mut own, mut other, exponent) = (*self, *other, self.exponent.max(other.exponent));
            if own.exponent != other.exponent {
                (own, other) = (own.recounted(exponent), other.recounted(exponent));
            }
            let count = own.count + other.count;
            let [own_offset, offset] = [own.offset, other.offset].map(|offset| counted(offset, exponent));
            let distance = ((offset - own_offset) + other.mean) - own.mean;
            let shift = distance * (other.count / count);
            self.mean = own.mean + shift;
            let (own, other) = (own.moved_by(-shift), other.moved_by(distance - shift));
            *self = LagSums {
                exponent,
                offset: self.offset,
                count,
                mean: self.mean,
                later: own.later + other.later,
                squares: own.squares + other.squares,
                products: own.products + other.products,
            };
        }
    }

    #[inline(always)]
    fn of<T: Scalar, S: Simd>(block: Block<'_, T>) -> [LagSums; BLOCK] {
        let paired = lag_sums_of::<T, true>(&block);
        // The first row has none before it.
        if paired.iter().all(|sums| sums.squares.is_finite()) { paired } else { lag_sums_of::<T, false>(&block) }
    }
}

/// The sums of a block's columns. With `PAIRED` every value has one before it.
#[inline(always)]
fn lag_sums_of<T: Scalar, const PAIRED: bool>(block: &Block<'_, T>) -> [LagSums; BLOCK] {
    let offset = block.offsets();
    let [count, mean] = earlier_means::<T, PAIRED>(block, offset);
    let squares = squares::<T, PAIRED>(block, offset, mean);
    let [later, products] = products::<T, PAIRED>(block, offset, mean);
    std::array::from_fn(|j| LagSums {
        exponent: 0,
        offset: offset[j],
        count: count[j],
        mean: mean[j],
        later: later[j],
        squares: squares[j],
        products: products[j],
    })
}

/// Count and mean of the values that have one behind them.
#[inline(always)]
fn earlier_means<T: Scalar, const PAIRED: bool>(block: &Block<'_, T>, offset: [f64; BLOCK]) -> [[f64; BLOCK]; 2] {
    let [mut count, mut sum] = [[0.0; BLOCK]; 2];
    for before in block.rows_before_while_fetching() {
        for j in 0..BLOCK {
            let counts = PAIRED || before[j].is_finite();
            sum[j] += if counts { before[j] - offset[j] } else { 0.0 };
            if !PAIRED {
                count[j] += if counts { 1.0 } else { 0.0 };
            }
        }
    }
    if PAIRED {
        count = [block.height() as f64; BLOCK];
    }
    [count, std::array::from_fn(|j| if count[j] > 0.0 { sum[j] / count[j] } else { 0.0 })]
}

/// The sums of the earlier values' squared differences from `mean`, and of nothing else: in one loop with `products`
/// the compiler would shuffle lanes.
#[inline(always)]
fn squares<T: Scalar, const PAIRED: bool>(
    block: &Block<'_, T>,
    offset: [f64; BLOCK],
    mean: [f64; BLOCK],
) -> [f64; BLOCK] {
    let mut squares = [0.0; BLOCK];
    for before in block.rows_before() {
        for j in 0..BLOCK {
            let distance = (before[j] - offset[j]) - mean[j];
            squares[j] += if PAIRED || before[j].is_finite() { distance * distance } else { 0.0 };
        }
    }
    squares
}

/// The sums of later values, and of products with the values before them, as differences from `mean`.
#[inline(always)]
fn products<T: Scalar, const PAIRED: bool>(
    block: &Block<'_, T>,
    offset: [f64; BLOCK],
    mean: [f64; BLOCK],
) -> [[f64; BLOCK]; 2] {
    let [mut later, mut products] = [[0.0; BLOCK]; 2];
    for (row, before) in block.rows().zip(block.rows_before()) {
        for j in 0..BLOCK {
            let counts = PAIRED || before[j].is_finite();
            let value = if counts { (row[j] - offset[j]) - mean[j] } else { 0.0 };
            let before = if counts { (before[j] - offset[j]) - mean[j] } else { 0.0 };
            later[j] += value;
            products[j] += before * value;
        }
    }
    [later, products]
}
