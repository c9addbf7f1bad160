"""Mean, variance and shape of each column's values."""

from __future__ import annotations

from typing import Any

from .columns import first_present, greatest, least, total


def column_moments(xp: Any, x: Any, ddof: int) -> tuple[Any, ...]:
    origin, count, mean, squares, cubes, fourths, minimum, maximum, *_ = column_sums(xp, x)
    n = count.astype(xp.float64)
    variance = xp.where(n > ddof, squares / (n - ddof), xp.nan)
    skewness = xp.where(n < 3, xp.nan, n * xp.sqrt(n - 1) / (n - 2) * cubes / squares**1.5)
    adjustment = (n - 1) / ((n - 2) * (n - 3))
    kurtosis = xp.where(n < 4, xp.nan, adjustment * (n * (n + 1) * fourths / squares**2 - 3 * (n - 1)))
    numbers = (origin + mean, variance, skewness, kurtosis, minimum, maximum)
    return count, *(number.astype(x.dtype, copy=False) for number in numbers)


def column_levels(xp: Any, x: Any) -> tuple[Any, ...]:
    *levels, _, distances = _levels(xp, x)
    return *levels, total(xp, distances * distances)


def column_sums(xp: Any, x: Any) -> tuple[Any, ...]:
    origin, count, mean, shifted, distances = _levels(xp, x)
    finite = xp.isfinite(x)
    squares = distances * distances
    pairs = finite[:-1] & finite[1:]
    before, after = (xp.where(pairs, part, 0.0) for part in (shifted[:-1], shifted[1:]))
    absent = xp.where(count > 0, 0.0, xp.nan)
    minimum = least(xp, xp.where(finite, x, xp.inf)) + absent
    maximum = greatest(xp, xp.where(finite, x, -xp.inf)) + absent
    powers = (total(xp, part) for part in (squares, squares * distances, squares * squares))
    sums = (total(xp, part) for part in (pairs, before, after, before * after))
    return origin, count, mean, *powers, minimum, maximum, *sums


def _levels(xp: Any, x: Any) -> tuple[Any, ...]:
    """Origin, count and mean; differences from the origin and from the mean, 0 where nothing is."""
    finite = xp.isfinite(x)
    count = total(xp, finite)
    wide = xp.where(finite, x, xp.nan).astype(xp.float64)
    origin = first_present(xp, wide, finite)
    shifted = xp.where(finite, wide - origin, 0.0)
    mean = total(xp, shifted) / xp.maximum(count, 1)
    return origin, count, mean, shifted, xp.where(finite, shifted - mean, 0.0)
