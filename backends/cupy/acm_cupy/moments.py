"""Mean, variance and shape of each column's values."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels import units

from .columns import first_present, greatest, least, total
from .declared import kernel


@kernel("column_moments")
def column_moments(xp: Any, x: Any, ddof: int) -> tuple[Any, ...]:
    exponents, sums = _sums_in_units(xp, x)
    origin, count, mean, squares, cubes, fourths, minimum, maximum, *_ = sums
    n = count.astype(xp.float64)
    mean = xp.ldexp(xp.ldexp(origin, -exponents) + mean, exponents)
    variance = xp.where(n > ddof, xp.ldexp(squares / (n - ddof), 2 * exponents), xp.nan)
    skewness = xp.where(n < 3, xp.nan, n * xp.sqrt(n - 1) / (n - 2) * cubes / squares**1.5)
    adjustment = (n - 1) / ((n - 2) * (n - 3))
    kurtosis = xp.where(n < 4, xp.nan, adjustment * (n * (n + 1) * fourths / squares**2 - 3 * (n - 1)))
    numbers = (mean, variance, skewness, kurtosis, minimum, maximum)
    return count, *(number.astype(x.dtype, copy=False) for number in numbers)


@kernel("column_mean_variance")
def column_mean_variance(xp: Any, x: Any) -> tuple[Any, ...]:
    exponents, (origin, count, mean, squares) = mean_variance_in_units(xp, x)
    return xp.ldexp(origin, exponents), count, xp.ldexp(mean, exponents), xp.ldexp(squares, 2 * exponents)


def mean_variance_in_units(xp: Any, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The mean and variance of columns counted in units of their own, and the exponents of these."""
    exponents, counted = in_units(xp, x)
    *found, _, distances = mean_variance_and_distances(xp, counted)
    return exponents, (*found, total(xp, distances * distances))


def in_units(xp: Any, x: Any) -> tuple[Any, Any]:
    """The exponents of units in which powers of columns are numbers, 0 as a rule, and `x` counted in them."""
    largest = greatest(xp, xp.where(xp.isfinite(x), xp.abs(x), 0.0))
    exponents = units.exponents(xp, largest.astype(xp.float64))
    return exponents, xp.ldexp(x.astype(xp.float64, copy=False), -exponents)


@kernel("column_sums")
def column_sums(xp: Any, x: Any) -> tuple[Any, ...]:
    exponents, sums = _sums_in_units(xp, x)
    return tuple(
        xp.ldexp(number, degree * exponents) if degree else number
        for degree, number in zip(_DEGREES, sums, strict=True)
    )


#: In which power of their column's unit sums are counted; the first value and the extremes are values themselves.
_DEGREES = (0, 0, 1, 2, 3, 4, 0, 0, 0, 1, 1, 2)


def _sums_in_units(xp: Any, x: Any) -> tuple[Any, tuple[Any, ...]]:
    exponents, counted = in_units(xp, x)
    _, count, mean, shifted, distances = mean_variance_and_distances(xp, counted)
    finite = xp.isfinite(x)
    squares = distances * distances
    pairs = finite[:-1] & finite[1:]
    before, after = (xp.where(pairs, part, 0.0) for part in (shifted[:-1], shifted[1:]))
    absent = xp.where(count > 0, 0.0, xp.nan)
    minimum = least(xp, xp.where(finite, x, xp.inf)) + absent
    maximum = greatest(xp, xp.where(finite, x, -xp.inf)) + absent
    powers = (total(xp, part) for part in (squares, squares * distances, squares * squares))
    sums = (total(xp, part) for part in (pairs, before, after, before * after))
    return exponents, (_origin(xp, x, finite), count, mean, *powers, minimum, maximum, *sums)


def mean_variance_and_distances(xp: Any, x: Any) -> tuple[Any, ...]:
    """Origin, count and mean; differences from the origin and from the mean, 0 where nothing is."""
    finite = xp.isfinite(x)
    count = total(xp, finite)
    origin = _origin(xp, x, finite)
    shifted = xp.where(finite, x - origin, 0.0)
    mean = total(xp, shifted) / xp.maximum(count, 1)
    return origin, count, mean, shifted, xp.where(finite, shifted - mean, 0.0)


def _origin(xp: Any, x: Any, finite: Any) -> Any:
    """Each column's first finite value, NaN if it has none."""
    return first_present(xp, xp.where(finite, x, xp.nan).astype(xp.float64, copy=False), finite)
