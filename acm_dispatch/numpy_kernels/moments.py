"""Mean, variance and higher moments of each column, counted in units in which powers of its values are numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..ops.sums import DEGREES, Sums
from . import units


@numpy_backend.kernel("column_mean_variance")
def _mean_variance_by_columns(x: Any) -> tuple[Any, Any, Any, Any]:
    """The fields of `MeanVariance`."""
    return mean_variance_in_ones(*mean_variance_in_units(x))


def mean_variance_in_units(x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The fields of `MeanVariance`, each column's counted in a unit of its own, and the exponents of these."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        found = _mean_variance_in_two_passes(x)
        return units.fitted(_mean_variance_in_two_passes, x, found, np.where(found[1] > 0, found[3], 1.0))


def mean_variance_in_ones(exponents: Any, mean_variance: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
    """Statistics that are counted in units as they are without."""
    origin, count, mean, squares = mean_variance
    if not exponents.any():
        return origin, count, mean, squares
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(origin, exponents), count, np.ldexp(mean, exponents), np.ldexp(squares, 2 * exponents)


def _mean_variance_in_two_passes(x: Any) -> tuple[Any, Any, Any, Any]:
    finite = np.isfinite(x)
    count = np.count_nonzero(finite, axis=0)
    origin: Any = np.full(x.shape[1], np.nan)
    if len(x):
        first = np.take_along_axis(x, finite.argmax(axis=0)[None], axis=0)[0]
        origin = np.where(count > 0, first.astype(np.float64), np.nan)
    shifted = np.where(finite, np.subtract(x, origin, dtype=np.float64), 0.0)
    mean = shifted.sum(axis=0) / np.maximum(count, 1)
    shifted -= mean
    return origin, count, mean, np.square(shifted, out=shifted).sum(axis=0, where=finite)


def recounted(sums: Sums, by: Any) -> Sums:
    """Sums counted in units that are larger by 2**`by`, one exponent a column."""
    return Sums(*(np.ldexp(sum_, -n * by) if n else sum_ for n, sum_ in zip(DEGREES, sums, strict=True)))


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
