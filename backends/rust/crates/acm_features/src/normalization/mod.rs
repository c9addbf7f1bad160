//! Columns brought to a common centre and scale.

use acm_core::rows::one_a_column;
use acm_core::units::{LARGE, power, times_power};
use acm_core::{Result, Scalar, Threads, memory};
use ndarray::ArrayView2;

use crate::Missing;
use crate::by_column::map_by_column;
use crate::moments::{self, MeanVariance};
use crate::robust_stats::{self, NORMAL_CONSISTENCY};

/// Scales between this and its reciprocal have a normal reciprocal in both float types.
const LEAST_NORMAL_RECIPROCAL: f64 = 1e-37;

/// Less than half a unit in the last place of the greatest `f32`: subtracting it does not overflow.
const GREATEST_CENTER: f64 = 1e30;

/// The exponent of a unit in which the largest numbers and their differences are small.
const LARGEST_UNIT: i32 = 1000;

/// Where centre and scale come from if they are not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Mean, and standard deviation by count - `ddof`.
    Standard {
        /// What the count is reduced by.
        ddof: usize,
    },
    /// Median, and median absolute deviation made comparable to a standard deviation.
    Robust,
}

/// Writes `(x - center) / max(scale, floor)`, and `+-clip` for finite `x` beyond it.
///
/// A centre or scale that is not given is taken from the finite values of each column.
#[allow(clippy::too_many_arguments, reason = "the operation's parameters")]
pub fn zscore<T: Scalar>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    center: Option<&[T]>,
    scale: Option<&[T]>,
    method: Method,
    floor: f64,
    clip: Option<f64>,
    out: &mut [T],
) -> Result<()> {
    let columns = Columns::new(threads, x, center, scale, method)?;
    // Of a floor that is no number in the unit, the next one that is.
    let counted = |&exponent: &i32| times_power(floor, -exponent).clamp(f64::from_bits(1), f64::MAX);
    let floors = columns.exponent.iter().map(counted);
    let scales = memory::collected(columns.scale.iter().zip(floors).map(|(&scale, floor)| at_least(floor, scale)))?;
    let (factors, centers) = (reciprocals::<T>(&scales)?, columns.centers::<T>()?);
    match (factors, centers) {
        (Some(factors), Some([center, rest])) if rest.iter().all(|&rest| rest == T::ZERO) => scores(
            threads,
            x,
            [&center, &factors],
            clip.map(T::from_f64),
            out,
            #[inline(always)]
            |x, [center, factor]| (x - center) * factor,
        ),
        (Some(factors), Some([center, rest])) => scores(
            threads,
            x,
            [&center, &rest, &factors],
            clip.map(T::from_f64),
            out,
            #[inline(always)]
            |x, [center, rest, factor]| ((x - center) - rest) * factor,
        ),
        _ => scores(
            threads,
            x,
            [&columns.counted()?, &columns.offset, &columns.center, &scales],
            clip,
            out,
            #[inline(always)]
            |x, [counted, offset, center, scale]| ((x * counted - offset) - center) / scale,
        ),
    }
}

/// The larger; NaN where `scale` is.
fn at_least(floor: f64, scale: f64) -> f64 {
    if scale < floor { floor } else { scale }
}

/// What to multiply by instead of dividing, many times faster and as good; None where one lost digits or overflowed.
fn reciprocals<T: Scalar>(scales: &[f64]) -> Result<Option<Vec<T>>> {
    let normal = |&scale: &f64| {
        let size = scale.abs();
        !scale.is_finite() || size > LEAST_NORMAL_RECIPROCAL && size < 1.0 / LEAST_NORMAL_RECIPROCAL
    };
    let factors = || memory::collected(scales.iter().map(|scale| T::from_f64(1.0 / scale)));
    scales.iter().all(normal).then(factors).transpose()
}

/// Writes `score(x, columns)`, clipped, by arithmetic in `P`.
fn scores<T: Scalar, P: Scalar, const N: usize>(
    threads: &Threads<'_>,
    x: ArrayView2<'_, T>,
    columns: [&[P]; N],
    clip: Option<P>,
    out: &mut [T],
    score: impl Fn(P, [P; N]) -> P + Sync,
) -> Result<()> {
    match clip {
        None => map_by_column(
            threads,
            x,
            columns,
            out,
            #[inline(always)]
            |x, columns| T::from_f64(score(P::from_f64(x.to_f64()), columns).to_f64()),
        ),
        Some(clip) => map_by_column(
            threads,
            x,
            columns,
            out,
            #[inline(always)]
            |x, columns| {
                let score = score(P::from_f64(x.to_f64()), columns);
                T::from_f64(if x.is_finite() { clipped(score, clip) } else { score }.to_f64())
            },
        ),
    }
}

/// `score` or the nearer of `+-clip`; NaN stays NaN.
#[inline(always)]
fn clipped<P: Scalar>(score: P, clip: P) -> P {
    let score = if score > clip { clip } else { score };
    if score < -clip { -clip } else { score }
}

/// Centre and scale of each column, the centre in two parts, each in a unit of its own.
struct Columns {
    /// Of the units: all 0 but where sums or differences would leave the range of numbers.
    exponent: Vec<i32>,
    offset: Vec<f64>,
    /// Comes after the offset: a mean rounded to the size of the offset would lose the digits that `x - offset` has.
    center: Vec<f64>,
    scale: Vec<f64>,
}

impl Columns {
    const NONE: Columns = Columns { exponent: Vec::new(), offset: Vec::new(), center: Vec::new(), scale: Vec::new() };

    /// Offset and centre in the data's own type, the nearest number to their sum and what is missing from it: the
    /// difference of a value and a number close to it is exact. None where a difference might overflow that type alone.
    fn centers<T: Scalar>(&self) -> Result<Option<[Vec<T>; 2]>> {
        let columns = || self.offset.iter().zip(&self.center);
        let nearest = memory::collected(columns().map(|(offset, center)| T::from_f64(offset + center)))?;
        let missing = columns().zip(&nearest).map(|((offset, center), nearest)| {
            let missing = (offset - nearest.to_f64()) + center;
            T::from_f64(if missing.is_nan() { 0.0 } else { missing })
        });
        let missing = memory::collected(missing)?;
        let exponents = self.exponent.iter().all(|&exponent| exponent == 0);
        let fits = |center: &T| center.is_nan() || center.to_f64().abs() <= GREATEST_CENTER;
        Ok((exponents && nearest.iter().all(fits)).then_some([nearest, missing]))
    }

    fn new<T: Scalar>(
        threads: &Threads<'_>,
        x: ArrayView2<'_, T>,
        center: Option<&[T]>,
        scale: Option<&[T]>,
        method: Method,
    ) -> Result<Self> {
        let mut columns = match (center, scale) {
            (Some(_), Some(_)) => Columns { exponent: memory::filled(x.ncols(), 0)?, ..Columns::NONE },
            (_, scale) => Columns::of(threads, x, method, scale.is_none())?,
        };
        if let Some(scale) = scale {
            one_a_column("scale", scale, x.ncols())?;
            columns.scale = memory::collected(scale.iter().map(|value| value.to_f64()))?;
            for (scale, &own) in columns.scale.iter_mut().zip(&columns.exponent) {
                let counted = times_power(*scale, -own);
                *scale = if scale.is_finite() { counted.clamp(f64::MIN, f64::MAX) } else { counted };
            }
        }
        if let Some(center) = center {
            one_a_column("center", center, x.ncols())?;
            columns.center = memory::zeroed(center.len())?;
            columns.offset = memory::collected(center.iter().map(|value| value.to_f64()))?;
            columns.count_offsets();
        }
        Ok(columns)
    }

    /// Counts the offsets, and what goes with them, in units in which differences from them do not overflow.
    fn count_offsets(&mut self) {
        for ((offset, scale), exponent) in self.offset.iter_mut().zip(&mut self.scale).zip(&mut self.exponent) {
            let wider =
                if offset.is_finite() && offset.abs() > LARGE { LARGEST_UNIT.max(*exponent) } else { *exponent };
            *offset = times_power(*offset, -wider);
            *scale = times_power(*scale, *exponent - wider);
            *exponent = wider;
        }
    }

    /// Centre and scale of the finite values; the scale only where it is wanted.
    fn of<T: Scalar>(threads: &Threads<'_>, x: ArrayView2<'_, T>, method: Method, scale: bool) -> Result<Self> {
        match method {
            Method::Standard { ddof } => {
                let mut columns = moments::means_and_variances_in_units(threads, x)?;
                // Of equal values, which need no unit, nor do zeros.
                let constant = columns.iter_mut().filter(|column| column.squares() == 0.0);
                constant.for_each(|column| *column = column.recounted(0));
                let offset = |column: &MeanVariance| times_power(column.offset, -column.exponent());
                Ok(Columns {
                    exponent: memory::collected(columns.iter().map(MeanVariance::exponent))?,
                    offset: memory::collected(columns.iter().map(offset))?,
                    center: memory::collected(columns.iter().map(|column| column.mean()))?,
                    scale: memory::collected(columns.iter().map(|column| column.deviation(ddof)))?,
                })
            }
            Method::Robust => {
                let (median, half) = match scale {
                    true => robust_stats::medians_and_half_deviations(threads, x, Missing::NonFinite)?,
                    false => (robust_stats::medians(threads, x, Missing::NonFinite)?, Vec::new()),
                };
                let center = memory::zeroed(median.len())?;
                let is_huge = |j: usize| median[j].abs() > LARGE || half.get(j).is_some_and(|&half| half > LARGE);
                let unit = |j| if is_huge(j) { LARGEST_UNIT } else { 0 };
                let exponent = memory::collected((0..median.len()).map(unit))?;
                let counted = |(value, &exponent): (&f64, &i32)| times_power(*value, -exponent);
                let offset = memory::collected(median.iter().zip(&exponent).map(counted))?;
                let scale = half.iter().zip(&exponent).map(counted).map(|half| NORMAL_CONSISTENCY * half * 2.0);
                Ok(Columns { offset, center, scale: memory::collected(scale)?, exponent })
            }
        }
    }

    /// What a value is multiplied by to be counted in its column's unit.
    fn counted(&self) -> Result<Vec<f64>> {
        memory::collected(self.exponent.iter().map(|&exponent| power(-exponent)))
    }
}

#[cfg(test)]
mod tests;
