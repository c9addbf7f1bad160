"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels import units
from acm_dispatch.numpy_kernels.normalization import deviation_in_units, in_one_unit
from acm_dispatch.ops.robust_stats import NORMAL_CONSISTENCY

from . import backend, parallel
from .jit import jit
from .moments import mean_variance_in_units
from .robust_stats import median_and_half_mad


@backend.kernel("zscore")
def zscore(
    threads: int, x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None
) -> Any:
    location: Any = None
    if center is None or scale is None:
        location = _median_and_mad(threads, x) if method == "robust" else _mean_and_deviation(threads, x, ddof)
    out = np.empty_like(x)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        exponents, offset, shift, spread = in_one_unit(np, location, center, scale)
        divisor = np.maximum(spread, units.counted(np, floor, exponents))
        values = np.ldexp(x, -exponents) if exponents.any() else x
    shift = np.broadcast_to(shift, offset.shape).copy()
    work = parallel.tiles(len(x), x.shape[1])
    parallel.run(threads, _scores, work, values, offset, shift, divisor, np.inf if clip is None else clip, out)
    return out


@jit
def _scores(start, stop, x, offset, mean, divisor, clip, out):
    for i in range(start, stop):
        for j in range(x.shape[1]):
            score = ((x[i, j] - offset[j]) - mean[j]) / divisor[j]
            clipped = min(max(score, -clip), clip)
            out[i, j] = clipped if abs(x[i, j]) < np.inf and score == score else score


def _median_and_mad(threads: int, x: Any) -> tuple[Any, ...]:
    """Exponents of units, and in these median, 0, and median absolute deviation."""
    exponents = units.exponents(np, units.largest(np, x))
    values = np.ldexp(x.astype(np.float64), -exponents) if exponents.any() else x
    median, half = median_and_half_mad(threads, values, "nonfinite")
    return exponents, median, 0.0, NORMAL_CONSISTENCY * half * 2


def _mean_and_deviation(threads: int, x: Any, ddof: int) -> tuple[Any, ...]:
    """Exponents of units, and in these a value of each column, the mean's distance from it, and the deviation."""
    return deviation_in_units(np, *mean_variance_in_units(threads, x), ddof)
