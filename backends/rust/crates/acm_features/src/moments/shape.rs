//! Moments up to the fourth, extremes, and products of each value with the one before it.

use acm_core::{Result, Scalar, Threads};
use ndarray::ArrayView2;

use super::{BLOCK, Block, Summary, summaries};

/// What some values of a column sum up to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// One of the values; all sums are of differences from it.
    pub origin: f64,
    /// How many values there are.
    pub count: f64,
    /// Their mean.
    pub mean: f64,
    /// The sums of the second, third and fourth powers of their distances from the mean.
    pub powers: [f64; 3],
    /// The least value.
    pub minimum: f64,
    /// The greatest value.
    pub maximum: f64,
    /// The pairs of values in neighbouring rows.
    pub pairs: Pairs,
}

/// Values and the ones before them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pairs {
    /// How many pairs there are.
    pub count: f64,
    /// The sum of the first of each pair.
    pub before: f64,
    /// The sum of the second of each pair.
    pub after: f64,
    /// The sum of their products.
    pub products: f64,
}

/// What each column of `x` sums up to, of differences from its first finite value.
pub fn shapes<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>) -> Result<Vec<Shape>> {
    let mut shapes: Vec<Shape> = summaries(threads, x)?;
    let mut open: Vec<usize> = (0..x.ncols()).filter(|&column| shapes[column].count > 0.0).collect();
    for row in x.rows() {
        open.retain(|&column| {
            let found = row[column].is_finite();
            if found {
                shapes[column] = shapes[column].moved_to(row[column].to_f64());
            }
            !found
        });
        if open.is_empty() {
            break;
        }
    }
    Ok(shapes)
}

impl Shape {
    /// The variance by count - `ddof`; NaN with no more than `ddof` values.
    pub fn variance(&self, ddof: usize) -> f64 {
        let freedom = self.count - ddof as f64;
        if freedom > 0.0 { self.powers[0] / freedom } else { f64::NAN }
    }

    /// The skewness without bias; NaN with fewer than 3 values, and where all are equal.
    pub fn skewness(&self) -> f64 {
        let (n, [squares, cubes, _]) = (self.count, self.powers);
        let adjustment = n * (n - 1.0).sqrt() / (n - 2.0);
        if n < 3.0 { f64::NAN } else { adjustment * cubes / (squares * squares.sqrt()) }
    }

    /// The excess kurtosis without bias; NaN with fewer than 4 values, and where all are equal.
    pub fn kurtosis(&self) -> f64 {
        let (n, [squares, _, fourths]) = (self.count, self.powers);
        let adjustment = (n - 1.0) / ((n - 2.0) * (n - 3.0));
        // By one product, so that fourths too small for numbers, and then it too is 0, give NaN.
        let ratio = fourths / (squares * squares);
        if n < 4.0 { f64::NAN } else { adjustment * (n * (n + 1.0) * ratio - 3.0 * (n - 1.0)) }
    }

    /// The same of differences from `origin`.
    fn moved_to(mut self, origin: f64) -> Self {
        let shift = self.origin - origin;
        self.origin = origin;
        self.mean += shift;
        self.pairs = self.pairs.moved_by(shift);
        self
    }
}

impl Pairs {
    fn moved_by(self, shift: f64) -> Self {
        Pairs {
            count: self.count,
            before: self.before + self.count * shift,
            after: self.after + self.count * shift,
            products: self.products + shift * (self.before + self.after + self.count * shift),
        }
    }

    fn add(&mut self, other: Pairs) {
        self.count += other.count;
        self.before += other.before;
        self.after += other.after;
        self.products += other.products;
    }
}

impl Summary for Shape {
    const NONE: Shape = Shape {
        origin: f64::NAN,
        count: 0.0,
        mean: 0.0,
        powers: [0.0; 3],
        minimum: f64::NAN,
        maximum: f64::NAN,
        pairs: Pairs { count: 0.0, before: 0.0, after: 0.0, products: 0.0 },
    };

    fn join(&mut self, other: &Shape) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let other = other.moved_to(self.origin);
            self.powers = joined_powers(self, &other);
            let count = self.count + other.count;
            self.mean += (other.mean - self.mean) * (other.count / count);
            self.count = count;
            self.minimum = self.minimum.min(other.minimum);
            self.maximum = self.maximum.max(other.maximum);
            self.pairs.add(other.pairs);
        }
    }

    #[inline(always)]
    fn of<T: Scalar>(block: Block<'_, T>) -> [Shape; BLOCK] {
        let all_finite = shapes_of::<T, true>(&block);
        let is_finite = |shape: &Shape| (shape.powers[2] + shape.pairs.products).is_finite();
        if all_finite.iter().all(is_finite) { all_finite } else { shapes_of::<T, false>(&block) }
    }
}

/// The sums of powers of both together, by Pébay's formulas.
fn joined_powers(a: &Shape, b: &Shape) -> [f64; 3] {
    let (n, distance) = (a.count + b.count, b.mean - a.mean);
    let (p, q, square) = (a.count / n, b.count / n, distance * distance);
    let between = square * (a.count * q);
    let [squares, cubes, fourths] = std::array::from_fn(|i| a.powers[i] + b.powers[i]);
    [
        squares + between,
        cubes + distance * (between * (p - q) + 3.0 * (p * b.powers[0] - q * a.powers[0])),
        fourths
            + square * (between * (p * p - p * q + q * q) + 6.0 * (p * p * b.powers[0] + q * q * a.powers[0]))
            + 4.0 * distance * (p * b.powers[1] - q * a.powers[1]),
    ]
}

/// The shapes of a block's columns. With `FINITE` nothing is left out, and what is not finite shows in the sums.
#[inline(always)]
fn shapes_of<T: Scalar, const FINITE: bool>(block: &Block<'_, T>) -> [Shape; BLOCK] {
    let origin = block.offsets();
    let [count, mean, minimum, maximum] = extents::<T, FINITE>(block, origin);
    let [squares, cubes, fourths] = powers::<T, FINITE>(block, origin, mean);
    let [pairs, before, after, products] = pairs::<T, FINITE>(block, origin, count, mean);
    std::array::from_fn(|j| Shape {
        origin: origin[j],
        count: count[j],
        mean: mean[j],
        powers: [squares[j], cubes[j], fourths[j]],
        minimum: if count[j] > 0.0 { minimum[j] } else { f64::NAN },
        maximum: if count[j] > 0.0 { maximum[j] } else { f64::NAN },
        pairs: Pairs { count: pairs[j], before: before[j], after: after[j], products: products[j] },
    })
}

/// Count, mean, least and greatest value.
#[inline(always)]
fn extents<T: Scalar, const FINITE: bool>(block: &Block<'_, T>, origin: [f64; BLOCK]) -> [[f64; BLOCK]; 4] {
    let [mut count, mut sum] = [[0.0; BLOCK]; 2];
    let (mut minimum, mut maximum) = ([f64::INFINITY; BLOCK], [f64::NEG_INFINITY; BLOCK]);
    for row in block.rows_while_fetching() {
        for j in 0..BLOCK {
            let counts = FINITE || row[j].is_finite();
            if !FINITE {
                count[j] += if counts { 1.0 } else { 0.0 };
            }
            sum[j] += if counts { row[j] - origin[j] } else { 0.0 };
            minimum[j] = if counts && row[j] < minimum[j] { row[j] } else { minimum[j] };
            maximum[j] = if counts && row[j] > maximum[j] { row[j] } else { maximum[j] };
        }
    }
    if FINITE {
        count = [block.height() as f64; BLOCK];
    }
    let mean = std::array::from_fn(|j| if count[j] > 0.0 { sum[j] / count[j] } else { 0.0 });
    [count, mean, minimum, maximum]
}

/// The sums of powers of the distances from the mean.
#[inline(always)]
fn powers<T: Scalar, const FINITE: bool>(
    block: &Block<'_, T>,
    origin: [f64; BLOCK],
    mean: [f64; BLOCK],
) -> [[f64; BLOCK]; 3] {
    let [mut squares, mut cubes, mut fourths] = [[0.0; BLOCK]; 3];
    for row in block.rows() {
        for j in 0..BLOCK {
            let distance = (row[j] - origin[j]) - mean[j];
            let distance = if FINITE || row[j].is_finite() { distance } else { 0.0 };
            let square = distance * distance;
            squares[j] += square;
            cubes[j] += square * distance;
            fourths[j] += square * square;
        }
    }
    [squares, cubes, fourths]
}

/// Number and sums of pairs. If all values are finite, every value is the second of a pair.
#[inline(always)]
fn pairs<T: Scalar, const FINITE: bool>(
    block: &Block<'_, T>,
    origin: [f64; BLOCK],
    count: [f64; BLOCK],
    mean: [f64; BLOCK],
) -> [[f64; BLOCK]; 4] {
    let [mut pairs, mut befores, mut afters, mut products] = [[0.0; BLOCK]; 4];
    for (row, before) in block.rows().zip(block.rows_before()) {
        for j in 0..BLOCK {
            let counts = FINITE || row[j].is_finite() && before[j].is_finite();
            let value = if counts { row[j] - origin[j] } else { 0.0 };
            let before = if counts { before[j] - origin[j] } else { 0.0 };
            befores[j] += before;
            products[j] += before * value;
            if !FINITE {
                pairs[j] += if counts { 1.0 } else { 0.0 };
                afters[j] += value;
            }
        }
    }
    if FINITE {
        (pairs, afters) = (count, std::array::from_fn(|j| count[j] * mean[j]));
    }
    [pairs, befores, afters, products]
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows enough for several segments, narrow and wide, with gaps.
    fn gappy(width: usize) -> Array2<f64> {
        Array2::from_shape_fn((90_000 / width, width), |(i, j)| match i * width + j {
            place if place % 7 == 3 => f64::NAN,
            place => 1e3 + ((place * 7919) % 1013) as f64 / 100.0,
        })
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-10 * expected.abs() + 1e-9, "{actual} instead of {expected}");
    }

    #[test]
    fn sums_equal_the_plain_ones() {
        for width in [1, 3, 8, 11] {
            let x = gappy(width);
            let shapes = shapes(&Threads::uninterrupted(2), x.view()).unwrap();
            for (shape, column) in shapes.iter().zip(x.columns()) {
                let values: Vec<f64> = column.iter().copied().filter(|value| value.is_finite()).collect();
                assert_eq!((shape.count, shape.origin), (values.len() as f64, values[0]));
                let mean = values.iter().map(|value| value - values[0]).sum::<f64>() / shape.count;
                assert_close(shape.mean, mean);
                for (power, sum) in [2, 3, 4].into_iter().zip(shape.powers) {
                    let powers = values.iter().map(|value| (value - values[0] - mean).powi(power));
                    // Odd powers cancel: they are as exact as the even ones beside them.
                    assert!((sum - powers.sum::<f64>()).abs() < 1e-9 * shape.powers[2]);
                }
                let pairs = column.windows(2).into_iter().map(|pair| (pair[0] - values[0]) * (pair[1] - values[0]));
                assert_close(shape.pairs.products, pairs.filter(|product| product.is_finite()).sum());
            }
        }
    }
}
