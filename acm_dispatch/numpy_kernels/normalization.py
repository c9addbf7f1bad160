"""Columns brought to a common centre and scale, with few arrays alive at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..ops.robust_stats import NORMAL_CONSISTENCY
from . import units
from .moments import mean_variance_in_units
from .robust_stats import median_mad_by_sorting


@numpy_backend.kernel("zscore")
def _zscore_in_place(x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None) -> Any:
    """The reference, computing only what was omitted and with one array alive instead of several."""
    location: Any = None
    if center is None or scale is None:
        location = _median_and_mad(x) if method == "robust" else _mean_and_deviation(x, ddof)
    with np.errstate(all="ignore"):
        exponents, offset, shift, spread = in_one_unit(np, location, center, scale)
        scores = np.subtract(np.ldexp(x, -exponents) if exponents.any() else x, offset)
        scores -= shift
        scores /= np.maximum(spread, units.counted(np, floor, exponents))
        if clip is not None:
            np.clip(scores, -clip, clip, out=scores, where=np.isfinite(x))
    return scores.astype(x.dtype, copy=False)


def _mean_and_deviation(x: Any, ddof: int) -> tuple[Any, ...]:
    exponents, mean_variance = mean_variance_in_units(x)
    return deviation_in_units(np, exponents, mean_variance, ddof)


def deviation_in_units(xp: Any, exponents: Any, mean_variance: tuple[Any, ...], ddof: int) -> tuple[Any, ...]:
    """The exponents of units, and in these a value of each column, the mean's distance from it, and the deviation."""
    origin, count, mean, squares = mean_variance
    variance = xp.where(count > ddof, squares / xp.maximum(count - ddof, 1), xp.nan)
    return exponents, origin, mean, xp.sqrt(variance)


def _median_and_mad(x: Any) -> tuple[Any, ...]:
    """The same of median and median absolute deviation."""
    exponents, values = np.zeros(x.shape[1], np.int32), x.astype(np.float64)
    with np.errstate(over="ignore"):
        median, mad = median_mad_by_sorting(values, NORMAL_CONSISTENCY, "nonfinite")
    columns = np.flatnonzero((np.abs(median) > units.LARGE) | (mad > units.LARGE))
    if len(columns):
        exponents[columns] = units.exponents(np, units.largest(np, values[:, columns]))
        median[columns], mad[columns] = median_mad_by_sorting(
            np.ldexp(values[:, columns], -exponents[columns]), NORMAL_CONSISTENCY, "nonfinite"
        )
    return exponents, median, 0.0, mad


def in_one_unit(xp: Any, location: Any, center: Any, scale: Any) -> tuple[Any, Any, Any, Any]:
    """The exponents of units in which no difference overflows, and in these offset, shift from there, and scale.

    `location` are these four of the columns themselves; what is given takes the place of its own.
    """
    exponents, offset, shift, spread = location or (xp.zeros(len(center), xp.int32), None, 0.0, None)
    if scale is not None:
        spread = units.counted(xp, scale.astype(xp.float64), exponents)
    if center is None:
        return exponents, offset, shift, spread
    own, exponents = exponents, units.with_ends(xp, exponents, center)
    return exponents, xp.ldexp(center.astype(xp.float64), -exponents), 0.0, xp.ldexp(spread, own - exponents)
