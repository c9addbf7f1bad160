"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels import units
from acm_dispatch.numpy_kernels.normalization import deviation_in_units, in_one_unit
from acm_dispatch.ops.robust_stats import NORMAL_CONSISTENCY

from .declared import kernel
from .moments import in_units, mean_variance_in_units
from .robust_stats import median_and_half_mad


@kernel("zscore")
def zscore(xp: Any, x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None) -> Any:
    location = None
    if center is None or scale is None:
        location = _median_and_mad(xp, x) if method == "robust" else _mean_and_deviation(xp, x, ddof)
    exponents, offset, shift, spread = in_one_unit(xp, location, center, scale)
    scores = xp.ldexp(x.astype(xp.float64, copy=False), -exponents)
    scores -= offset
    scores -= shift
    scores /= xp.maximum(spread, units.counted(xp, xp.full(spread.shape, floor), exponents))
    if clip is not None:
        scores = xp.where(xp.isfinite(x), xp.clip(scores, -clip, clip), scores)
    return scores.astype(x.dtype, copy=False)


def _median_and_mad(xp: Any, x: Any) -> tuple[Any, ...]:
    """Exponents of units, and in these median, 0, and median absolute deviation."""
    exponents, values = in_units(xp, x)
    median, half = median_and_half_mad(xp, values, "nonfinite")
    return exponents, median, 0.0, NORMAL_CONSISTENCY * half * 2


def _mean_and_deviation(xp: Any, x: Any, ddof: int) -> tuple[Any, ...]:
    """Exponents of units, and in these a value of each column, the mean's distance from it, and the deviation."""
    return deviation_in_units(xp, *mean_variance_in_units(xp, x), ddof)
