"""Sums of columns in a form in which those of parts can be merged, and the formulas for that."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Numbers = np.ndarray[Any, Any]


class Sums(NamedTuple):
    """What `column_sums` gives: one number a column each, all but the extremes of differences from `origin`."""

    origin: Numbers
    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - the fields of this tuple are not counted
    mean: Numbers
    squares: Numbers
    cubes: Numbers
    fourths: Numbers
    minimum: Numbers
    maximum: Numbers
    pairs: Numbers
    before: Numbers
    after: Numbers
    products: Numbers


#: In which power of their column's unit sums are counted; the first value and the extremes are values themselves.
DEGREES = Sums(0, 0, 1, 2, 3, 4, 0, 0, 0, 1, 1, 2)  # type: ignore[arg-type]


def sums_recounted(sums: Sums, by: Any) -> Sums:
    """Sums counted in units that are larger by 2**`by`, one exponent a column."""
    return Sums(*(np.ldexp(sum_, -n * by) if n else sum_ for n, sum_ in zip(DEGREES, sums, strict=True)))


#: Exponents of columns that are counted in 1.
_ONES = np.int32(0)


def sums_merged(first: Sums, second: Sums, exponents: Any = _ONES) -> Sums:
    """The sums of columns in two parts, without the pair of values where they meet, all counted in 2**`exponents`."""
    origin = np.where(first.count > 0, first.origin, second.origin)
    shift = np.ldexp(second.origin, -exponents) - np.ldexp(origin, -exponents)
    shift = np.where(second.count > 0, shift, 0.0)
    count = first.count + second.count
    p, q = first.count / np.maximum(count, 1), second.count / np.maximum(count, 1)
    distance = second.mean + shift - first.mean
    squares, cubes, fourths = _powers_merged(first[3:6], second[3:6], first.count, p, q, distance)
    shifted = second.before + second.after + second.pairs * shift
    return Sums(
        origin,
        count,
        first.mean + distance * q,
        squares,
        cubes,
        fourths,
        np.fmin(first.minimum, second.minimum),
        np.fmax(first.maximum, second.maximum),
        first.pairs + second.pairs,
        first.before + second.before + second.pairs * shift,
        first.after + second.after + second.pairs * shift,
        first.products + second.products + shift * shifted,
    )


def bridged(sums: Sums, exponents: Any, before: Any, after: Any) -> Sums:
    """`sums` with the pairs of values in two neighbouring rows that belong to different parts."""
    before, after, origin = (np.ldexp(values, -exponents) for values in (before, after, sums.origin))
    before, after = before - origin, after - origin
    both = np.isfinite(before) & np.isfinite(after)
    before, after = np.where(both, before, 0.0), np.where(both, after, 0.0)
    return sums._replace(
        pairs=sums.pairs + both,
        before=sums.before + before,
        after=sums.after + after,
        products=sums.products + before * after,
    )


def _powers_merged(first: Any, second: Any, count: Any, p: Any, q: Any, distance: Any) -> list[Any]:
    """Sums of the second to at most fourth powers of distances from the mean, of two parts whose means are so distant.

    `count` is of the first part, `p` and `q` are the parts' shares in the count of both.
    """
    sums: list[Any] = [left + right for left, right in zip(first, second, strict=True)]
    if not sums:
        return sums
    between = distance * distance * (count * q)
    sums[0] += between
    if len(sums) > 1:
        sums[1] += distance * (between * (p - q) + 3.0 * (p * second[0] - q * first[0]))
    if len(sums) > 2:
        fourths = between * (p * p - p * q + q * q) + 6.0 * (p * p * second[0] + q * q * first[0])
        sums[2] += distance * distance * fourths + 4.0 * distance * (p * second[1] - q * first[1])
    return sums


def skewness(count: Any, squares: Any, cubes: Any) -> Any:
    """Without bias, from sums of powers; NaN with fewer than 3 values, and where all are equal."""
    with np.errstate(all="ignore"):
        value = count * np.sqrt(count - 1) / (count - 2) * cubes / squares**1.5
    return np.where(count < 3, np.nan, value)


def kurtosis(count: Any, squares: Any, fourths: Any) -> Any:
    """Of a normal distribution 0, without bias; NaN with fewer than 4 values, and where all are equal."""
    n = count.astype(np.float64)
    with np.errstate(all="ignore"):
        adjustment = (n - 1) / ((n - 2) * (n - 3))
        value = adjustment * (n * (n + 1) * fourths / squares**2 - 3 * (n - 1))
    return np.where(count < 4, np.nan, value)


class MeanVariance(NamedTuple):
    """What `column_mean_variance` gives: one number a column each."""

    origin: Numbers
    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - the fields of this tuple are not counted
    mean: Numbers
    squares: Numbers


def mean_variance_merged(first: MeanVariance, second: MeanVariance, exponents: Any = _ONES) -> MeanVariance:
    """The statistics of columns in two parts, both counted in 2**`exponents`."""
    origin = np.where(first.count > 0, first.origin, second.origin)
    count = first.count + second.count
    share = second.count / np.maximum(count, 1)
    shift = np.ldexp(second.origin, -exponents) - np.ldexp(origin, -exponents)
    distance = np.where(second.count > 0, shift + second.mean - first.mean, 0.0)
    between = distance * distance * (first.count * share)
    return MeanVariance(origin, count, first.mean + distance * share, first.squares + second.squares + between)


def mean_variance_recounted(statistics: MeanVariance, by: Any) -> MeanVariance:
    """Statistics counted in units that are larger by 2**`by`, one exponent a column."""
    return statistics._replace(mean=np.ldexp(statistics.mean, -by), squares=np.ldexp(statistics.squares, -2 * by))
