//! Squared prediction error and Hotelling's T^2 of rows under a principal component model, one pass over the rows.

use acm_core::micro::{BLOCK_ROWS, Register, load, multiply_add, zeros};
use acm_core::pack::{Panels, Tail};
use acm_core::rows::Rows;
use acm_core::simd::{self, Simd, Task, Vector};
use acm_core::{Error, Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use crate::exponents::{shrunk_deviations, sum_of_squares};
use crate::tile;

/// Least variance that a score is divided by.
const LEAST_VARIANCE: f64 = 1e-12;

/// A principal component model.
pub struct Model<'a, T> {
    /// Of each column.
    pub mean: &'a [T],
    /// Orthonormal rows.
    pub components: ArrayView2<'a, T>,
    /// Along each component.
    pub variance: &'a [T],
}

/// Writes `spe[i] = |c - (c C^T) C|^2` with `c = x_i - mean`, and `t2[i] = sum((c C^T)^2 / max(variance, 1e-12))`,
/// both computed in `f64`.
pub fn spe_t2<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    model: &Model<'_, T>,
    spe: &mut [T],
    t2: &mut [T],
) -> Result<()> {
    let (x, components) = (Rows::new(x, "x")?, Rows::new(model.components, "components")?);
    if components.width() != x.width() {
        return Err(Error::invalid("components", "has rows of another length than x"));
    }
    if (spe.len(), t2.len()) != (x.count(), x.count()) {
        return Err(Error::invalid("out", "does not have one value for each row of x"));
    }
    let mean = tile::as_f64("mean", model.mean, x.width())?;
    let variance = tile::as_f64("variance", model.variance, components.count())?;
    let roots = memory::collected(variance.iter().map(|&variance| 1.0 / at_least(LEAST_VARIANCE, variance).sqrt()))?;
    simd::dispatch(Judgement { threads, x, mean, components, roots, spe, t2 })
}

/// The larger; NaN where `value` is.
fn at_least(floor: f64, value: f64) -> f64 {
    if value < floor { floor } else { value }
}

struct Judgement<'a, T> {
    threads: &'a Threads<'a>,
    x: Rows<'a, T>,
    mean: Vec<f64>,
    components: Rows<'a, T>,
    roots: Vec<f64>,
    spe: &'a mut [T],
    t2: &'a mut [T],
}

impl<T: Scalar> Task for Judgement<'_, T> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Judgement { threads, x, mean, components, mut roots, spe, t2 } = self;
        let (width, count) = (x.width(), components.count());
        let plane = Plane::<S>::new(simd, components)?;
        let padding = plane.inward.padded_width() - roots.len();
        memory::extend(&mut roots, std::iter::repeat_n(0.0, padding))?;
        let stride = plane.outward.padded_width();
        let height = tile::height(stride);
        let task = tile::task(height, 2 * stride * count.max(1));
        let tasks = spe.chunks_mut(task).zip(t2.chunks_mut(task)).zip((0..x.count()).step_by(task));
        let prepare = || memory::filled(height * stride + BLOCK_ROWS * roots.len(), 0.0);
        let work = x.count().saturating_mul(2 * width * (count + 2));
        threads.for_each_with(work, tasks, prepare, |scratch, ((spe, t2), first)| {
            let (deviations, scores) = scratch.split_at_mut(height * stride);
            let tiles = spe.chunks_mut(height).zip(t2.chunks_mut(height)).zip((first..).step_by(height));
            for ((spe, t2), first) in tiles {
                simd.vectorize(
                    #[inline(always)]
                    || {
                        tile::deviations(x, first..first + spe.len(), &mean, stride, deviations);
                        plane.judge(deviations, stride, &roots, scores, spe, t2);
                    },
                );
                for i in 0..spe.len() {
                    if !(spe[i].is_finite() && t2[i].is_finite()) {
                        (spe[i], t2[i]) = plain(x.row(first + i), &mean, components, &roots)?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// The components, packed for both directions.
struct Plane<S: Simd> {
    /// From rows to scores.
    inward: Panels<S, f64>,
    /// From scores to rows.
    outward: Panels<S, f64>,
}

impl<S: Simd> Plane<S> {
    fn new<T: Scalar>(simd: S, components: Rows<'_, T>) -> Result<Self> {
        let (count, width) = (components.count(), components.width());
        Ok(Plane {
            inward: Panels::pack(simd, width, count, Tail::Padded, |k, j| components.row(j)[k].to_f64())?,
            outward: Panels::pack(simd, count, width, Tail::Padded, |k, j| components.row(k)[j].to_f64())?,
        })
    }

    /// Both numbers for each row of a tile; `scores` is scratch memory for a block.
    #[inline(always)]
    fn judge<T: Scalar>(
        &self,
        deviations: &[f64],
        stride: usize,
        roots: &[f64],
        scores: &mut [f64],
        spe: &mut [T],
        t2: &mut [T],
    ) {
        let count = spe.len();
        let outs = spe.chunks_mut(BLOCK_ROWS).zip(t2.chunks_mut(BLOCK_ROWS));
        for (first, (spe, t2)) in (0..count).step_by(BLOCK_ROWS).zip(outs) {
            let rows = tile::block(deviations, stride, first, count);
            let within = self.within(rows, roots, scores);
            let scores = std::array::from_fn(|r| &scores[r * roots.len()..][..roots.len()]);
            let off = self.off(rows, scores);
            for (out, total) in t2.iter_mut().zip(within).chain(spe.iter_mut().zip(off)) {
                *out = T::from_f64(total.sum());
            }
        }
    }

    /// Adds up squares of shares of the scores of a block, and writes the scores, negated.
    #[inline(always)]
    fn within(&self, rows: [&[f64]; BLOCK_ROWS], roots: &[f64], negated: &mut [f64]) -> [Register<S, f64>; BLOCK_ROWS] {
        let lanes = Register::<S, f64>::LANES;
        let zero = Register::<S, f64>::splat(0.0);
        let mut totals = [zero; BLOCK_ROWS];
        for (column, panel) in self.inward.iter() {
            let scores = multiply_add::<S, f64>(zeros::<S, f64>(), rows, panel);
            let blocks = totals.iter_mut().zip(negated.chunks_exact_mut(roots.len()));
            for ((total, negated), scores) in blocks.zip(scores) {
                for (column, score) in [column, column + lanes].into_iter().zip(scores) {
                    // Divided before it is squared: the square of a score may be too large, or too small, for a number.
                    let share = score.mul(Vector::load(&roots[column..]));
                    *total = share.mul_add(share, *total);
                    zero.sub(score).store(&mut negated[column..]);
                }
            }
        }
        totals
    }

    /// Adds up squares of what the components leave of the rows of a block.
    #[inline(always)]
    fn off(&self, rows: [&[f64]; BLOCK_ROWS], negated: [&[f64]; BLOCK_ROWS]) -> [Register<S, f64>; BLOCK_ROWS] {
        let mut totals = [Register::<S, f64>::splat(0.0); BLOCK_ROWS];
        for (column, panel) in self.outward.iter() {
            let errors = multiply_add::<S, f64>(load::<S, f64>(rows, column), negated, panel);
            for (total, [low, high]) in totals.iter_mut().zip(errors) {
                *total = high.mul_add(high, low.mul_add(low, *total));
            }
        }
        totals
    }
}

/// Both numbers of one row at scales where no square overflows, and in plain arithmetic: the lanes behind a row's
/// values make NaN of infinities.
#[cold]
fn plain<T: Scalar>(row: &[T], mean: &[f64], components: Rows<'_, T>, roots: &[f64]) -> Result<(T, T)> {
    let (deviations, factor) = shrunk_deviations(row, mean)?;
    let mut errors = memory::collected(deviations.iter().copied())?;
    let mut shares = memory::filled(components.count(), 0.0)?;
    for (k, share) in shares.iter_mut().enumerate() {
        let component = components.row(k);
        let score: f64 = deviations.iter().zip(component).map(|(value, part)| value * part.to_f64()).sum();
        errors.iter_mut().zip(component).for_each(|(error, part)| *error -= score * part.to_f64());
        *share = score * roots[k];
    }
    Ok((T::from_f64(sum_of_squares(&errors, factor)), T::from_f64(sum_of_squares(&shares, factor))))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn known_values() {
        let x = array![[3.0_f32, 5.0], [1.0, 1.0], [f32::NAN, 1.0]];
        let components = array![[0.0_f32, 1.0]];
        let model = Model { mean: &[1.0, 1.0], components: components.view(), variance: &[2.0] };
        let (mut spe, mut t2) = ([0.0; 3], [0.0; 3]);
        spe_t2(&Threads::uninterrupted(1), x.view(), &model, &mut spe, &mut t2).unwrap();
        assert_eq!((&spe[..2], &t2[..2]), (&[4.0, 0.0][..], &[8.0, 0.0][..]));
        assert!(spe[2].is_nan() && t2[2].is_nan());
    }

    #[test]
    fn without_components_or_columns() {
        let (x, none) = (array![[3.0, 5.0], [1.0, 2.0]], Array2::zeros((0, 2)));
        let (mut spe, mut t2) = ([7.0; 2], [7.0; 2]);
        let model = Model { mean: &[1.0, 1.0], components: none.view(), variance: &[] };
        spe_t2(&Threads::uninterrupted(1), x.view(), &model, &mut spe, &mut t2).unwrap();
        assert_eq!((spe, t2), ([20.0, 1.0], [0.0; 2]));
        for count in [0, 1] {
            let (x, components) = (Array2::<f64>::zeros((2, 0)), Array2::zeros((count, 0)));
            let model = Model { mean: &[], components: components.view(), variance: &[1.0][..count] };
            (spe, t2) = ([7.0; 2], [7.0; 2]);
            spe_t2(&Threads::uninterrupted(1), x.view(), &model, &mut spe, &mut t2).unwrap();
            assert_eq!((spe, t2), ([0.0; 2], [0.0; 2]));
        }
    }

    #[test]
    fn squares_beyond_all_numbers() {
        let size = 2.0_f64.powi(1023);
        // Within the plane, but for what overflows: a difference, a score, its square.
        let x = array![[size, 2.0], [0.0, size], [1e160, 3.0]];
        let components = array![[1.0, 0.0]];
        let model = Model { mean: &[-size, 0.0], components: components.view(), variance: &[1e308] };
        let (mut spe, mut t2) = ([0.0; 3], [0.0; 3]);
        spe_t2(&Threads::uninterrupted(1), x.view(), &model, &mut spe, &mut t2).unwrap();
        assert_eq!(spe, [4.0, f64::INFINITY, 9.0]);
        let expected = size / 1e308 * size;
        assert!(t2[0] == f64::INFINITY && t2[1..].iter().all(|value| (value / expected - 1.0).abs() < 1e-12));
        let model = Model { mean: &[0.0, 0.0], ..model };
        spe_t2(&Threads::uninterrupted(1), x.view(), &model, &mut spe, &mut t2).unwrap();
        assert!((t2[2] - 1e12).abs() < 1.0 && t2[1] == 0.0);
    }
}
