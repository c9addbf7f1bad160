//! Moments up to the fourth, extremes, and products of each value with the one before it.

use acm_core::simd::{Simd, Vector};
use acm_core::units::{LARGE, counted, fits, is_sound, times_power};
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use super::{BLOCK, Block, Summary, summaries};

/// What some values of a column sum up to, in a unit of their own, in which neither values nor numbers are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// The exponent of the unit.
    pub exponent: i32,
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
    let mut open = memory::collected((0..x.ncols()).filter(|&column| shapes[column].count > 0.0))?;
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
    /// The mean, not of differences and not counted in the unit.
    pub fn center(&self) -> f64 {
        times_power(counted(self.origin, self.exponent) + self.mean, self.exponent)
    }

    /// The variance by count - `ddof`, not counted in the unit; NaN with no more than `ddof` values.
    pub fn variance(&self, ddof: usize) -> f64 {
        let freedom = self.count - ddof as f64;
        if freedom > 0.0 { times_power(self.powers[0] / freedom, 2 * self.exponent) } else { f64::NAN }
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

    /// The same counted in a unit with that exponent; where a sum is no number in it, infinite or 0.
    pub fn recounted(mut self, exponent: i32) -> Self {
        if self.exponent != exponent {
            let by = self.exponent - exponent;
            self.mean = times_power(self.mean, by);
            self.powers = [2, 3, 4].map(|degree| times_power(self.powers[degree as usize - 2], degree * by));
            self.pairs = self.pairs.recounted(by);
            self.exponent = exponent;
        }
        self
    }

    /// The same of differences from `origin`.
    fn moved_to(mut self, origin: f64) -> Self {
        let shift = counted(self.origin, self.exponent) - counted(origin, self.exponent);
        self.origin = origin;
        self.mean += shift;
        self.pairs = self.pairs.moved_by(shift);
        self
    }
}

impl Pairs {
    fn recounted(self, by: i32) -> Self {
        Pairs {
            count: self.count,
            before: times_power(self.before, by),
            after: times_power(self.after, by),
            products: times_power(self.products, 2 * by),
        }
    }

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
    const HAS_PAIRS: bool = true;

    const NONE: Shape = Shape {
        exponent: 0,
        origin: f64::NAN,
        count: 0.0,
        mean: 0.0,
        powers: [0.0; 3],
        minimum: f64::NAN,
        maximum: f64::NAN,
        pairs: Pairs { count: 0.0, before: 0.0, after: 0.0, products: 0.0 },
    };

    #[inline(always)]
    fn is_sound(&self) -> bool {
        let is_constant = (self.minimum == self.maximum) & (self.origin != 0.0) & fits(self.origin.abs());
        let Pairs { before, after, products, .. } = self.pairs;
        let paired = before.abs() + after.abs() + products.abs() < LARGE;
        (self.count == 0.0) | (paired & (is_constant | is_sound(self.powers[0])))
    }

    fn size(&self) -> Option<f64> {
        (self.minimum == 0.0 && self.maximum == 0.0).then_some(self.pairs.before.abs())
    }

    fn in_unit(&self, counted: Shape, exponent: i32) -> Shape {
        let Shape { origin, minimum, maximum, .. } = *self;
        Shape { exponent, origin, minimum, maximum, ..counted }
    }

    fn join(&mut self, other: &Shape) {
        if self.count == 0.0 {
            *self = *other;
        } else if other.count > 0.0 {
            let mut other = *other;
            if self.exponent != other.exponent {
                let exponent = self.exponent.max(other.exponent);
                (*self, other) = (self.recounted(exponent), other.recounted(exponent));
            }
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
    fn of<T: Scalar, S: Simd>(block: Block<'_, T>) -> [Shape; BLOCK] {
        let origin = block.offsets();
        let mut shapes = [Shape::NONE; BLOCK];
        for first in (0..BLOCK).step_by(S::F64::LANES) {
            shapes_of::<T, S>(&block, first, &origin, &mut shapes);
        }
        shapes
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

/// The shapes of as many of a block's columns as a register holds.
#[inline(always)]
fn shapes_of<T: Scalar, S: Simd>(block: &Block<'_, T>, first: usize, origin: &[f64; BLOCK], shapes: &mut [Shape]) {
    let columns = Columns::<T, S> { block, first, origin: S::F64::load(&origin[first..]) };
    let whole = columns.extents::<true>();
    // What is not finite shows in the means, and in the products what of the row before is not.
    let (known, powers, pairs) = if is_finite(whole[1]) {
        let pairs = columns.pairs::<true>(whole);
        let pairs = if is_finite(pairs[3]) { pairs } else { columns.pairs::<false>(whole) };
        (whole, columns.powers::<true>(whole[1]), pairs)
    } else {
        let known = columns.extents::<false>();
        (known, columns.powers::<false>(known[1]), columns.pairs::<false>(known))
    };
    let ([count, mean, minimum, maximum], [squares, cubes, fourths]) = (known.map(lanes), powers.map(lanes));
    let [pairs, before, after, products] = pairs.map(lanes);
    for j in 0..S::F64::LANES {
        shapes[first + j] = Shape {
            exponent: 0,
            origin: origin[first + j],
            count: count[j],
            mean: mean[j],
            powers: [squares[j], cubes[j], fourths[j]],
            minimum: if count[j] > 0.0 { minimum[j] } else { f64::NAN },
            maximum: if count[j] > 0.0 { maximum[j] } else { f64::NAN },
            pairs: Pairs { count: pairs[j], before: before[j], after: after[j], products: products[j] },
        };
    }
}

/// Columns of a block that one register holds a row of. With `FINITE` nothing is left out of their sums.
struct Columns<'a, T, S: Simd> {
    block: &'a Block<'a, T>,
    first: usize,
    origin: S::F64,
}

impl<T: Scalar, S: Simd> Columns<'_, T, S> {
    #[inline(always)]
    fn load(&self, row: &[T]) -> S::F64 {
        let mut wide = [0.0; BLOCK];
        let row = &row[self.block.first_column + self.first..][..S::F64::LANES];
        for j in 0..S::F64::LANES {
            wide[j] = row[j].to_f64();
        }
        S::F64::load(&wide)
    }

    /// Count, mean, least and greatest value.
    #[inline(always)]
    fn extents<const FINITE: bool>(&self) -> [S::F64; 4] {
        let [zero, one, infinity, lowest] = constants::<S>();
        let [mut count, mut sum, mut minimum, mut maximum] = [zero, zero, infinity, lowest];
        for (i, row) in self.block.slices(self.block.back).enumerate() {
            if FINITE && self.first == 0 {
                self.block.fetch(i);
            }
            let value = self.load(row);
            let nothing = value.mul(zero);
            if !FINITE {
                count = count.add(unless_missing::<S, FINITE>(nothing, one, zero));
            }
            sum = sum.add(unless_missing::<S, FINITE>(nothing, value.sub(self.origin), zero));
            minimum = unless_missing::<S, FINITE>(nothing, value, infinity).min(minimum);
            maximum = unless_missing::<S, FINITE>(nothing, value, lowest).max(maximum);
        }
        if FINITE {
            count = S::F64::splat(self.block.height() as f64);
        }
        [count, sum.div(count.max(one)), minimum, maximum]
    }

    /// The sums of powers of the distances from the mean.
    #[inline(always)]
    fn powers<const FINITE: bool>(&self, mean: S::F64) -> [S::F64; 3] {
        let zero = S::F64::splat(0.0);
        let [mut squares, mut cubes, mut fourths] = [zero; 3];
        for row in self.block.slices(self.block.back) {
            let value = self.load(row);
            let distance = value.sub(self.origin).sub(mean);
            let distance = unless_missing::<S, FINITE>(value.mul(zero), distance, zero);
            let square = distance.mul(distance);
            squares = squares.add(square);
            cubes = square.mul_add(distance, cubes);
            fourths = square.mul_add(square, fourths);
        }
        [squares, cubes, fourths]
    }

    /// Number and sums of pairs. If all values are finite, every value is the second of a pair.
    #[inline(always)]
    fn pairs<const FINITE: bool>(&self, [count, mean, ..]: [S::F64; 4]) -> [S::F64; 4] {
        let [zero, one, ..] = constants::<S>();
        let [mut pairs, mut befores, mut afters, mut products] = [zero; 4];
        for (row, before) in self.block.slices(self.block.back).zip(self.block.slices(0)) {
            let (value, before) = (self.load(row), self.load(before));
            let nothing = before.mul_add(zero, value.mul(zero));
            let value = unless_missing::<S, FINITE>(nothing, value.sub(self.origin), zero);
            let before = unless_missing::<S, FINITE>(nothing, before.sub(self.origin), zero);
            befores = befores.add(before);
            products = before.mul_add(value, products);
            if !FINITE {
                pairs = pairs.add(unless_missing::<S, FINITE>(nothing, one, zero));
                afters = afters.add(value);
            }
        }
        if FINITE {
            (pairs, afters) = (count, count.mul(mean));
        }
        [pairs, befores, afters, products]
    }
}

/// 0, 1, infinity and its negative.
#[inline(always)]
fn constants<S: Simd>() -> [S::F64; 4] {
    let [zero, one] = [S::F64::splat(0.0), S::F64::splat(1.0)];
    [zero, one, S::F64::splat(f64::INFINITY), S::F64::splat(f64::NEG_INFINITY)]
}

/// `then`, or `otherwise` in the lanes where `nothing`, 0 times a value, is NaN because the value is not finite.
#[inline(always)]
fn unless_missing<S: Simd, const FINITE: bool>(nothing: S::F64, then: S::F64, otherwise: S::F64) -> S::F64 {
    if FINITE { then } else { S::F64::select_less(nothing, S::F64::splat(1.0), then, otherwise) }
}

/// Whether no lane is NaN or infinite.
#[inline(always)]
fn is_finite<V: Vector<f64>>(values: V) -> bool {
    values.mul(V::splat(0.0)).sum() == 0.0
}

/// The lanes of a register, as many as there are.
#[inline(always)]
fn lanes<V: Vector<f64>>(values: V) -> [f64; BLOCK] {
    let mut lanes = [0.0; BLOCK];
    values.store(&mut lanes);
    lanes
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows enough for several segments, narrow and wide, with gaps where `missing` says so of a row and column.
    fn gappy(width: usize, missing: impl Fn(usize, usize) -> bool) -> Array2<f64> {
        Array2::from_shape_fn((90_000 / width, width), |(i, j)| match (missing(i, j), i * width + j) {
            (true, _) => f64::NAN,
            (_, place) => 1e3 + ((place * 7919) % 1013) as f64 / 100.0,
        })
    }

    fn assert_close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() <= 1e-10 * expected.abs() + 1e-9, "{actual} instead of {expected}");
    }

    #[test]
    fn sums_equal_the_plain_ones() {
        let everywhere = [1, 3, 8, 11].map(|width| gappy(width, |i, j| (i * width + j) % 7 == 3));
        let nowhere = [1, 3, 8, 11].map(|width| gappy(width, |_, _| false));
        // Rows 1 to 1024 are a tile, whose last row is the one before the next tile's first.
        let once = [1023, 1024, 1025].map(|row| gappy(8, |i, j| (i, j) == (row, 5)));
        for x in everywhere.into_iter().chain(nowhere).chain(once) {
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
