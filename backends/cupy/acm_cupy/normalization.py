"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.robust_stats import NORMAL_CONSISTENCY

from .moments import column_levels
from .robust_stats import median_and_mad


def zscore(xp: Any, x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None) -> Any:
    offset, mean = center, None
    if center is None or scale is None:
        own_offset, own_mean, spread = _robust(xp, x) if method == "robust" else _standard(xp, x, ddof)
        offset, mean = (own_offset, own_mean) if center is None else (center, None)
        scale = spread if scale is None else scale
    scores = xp.subtract(x, offset, dtype=xp.float64)
    if mean is not None:
        scores -= mean
    scores /= xp.maximum(scale.astype(xp.float64, copy=False), floor)
    if clip is not None:
        scores = xp.where(xp.isfinite(x), xp.clip(scores, -clip, clip), scores)
    return scores.astype(x.dtype, copy=False)


def _robust(xp: Any, x: Any) -> tuple[Any, Any, Any]:
    median, mad = median_and_mad(xp, x, "nonfinite")
    return median, None, NORMAL_CONSISTENCY * mad


def _standard(xp: Any, x: Any, ddof: int) -> tuple[Any, Any, Any]:
    """A value of each column, the mean's distance from it, and the standard deviation."""
    origin, count, mean, squares = column_levels(xp, x)
    variance = xp.where(count > ddof, squares / xp.maximum(count - ddof, 1), xp.nan)
    return origin, mean, xp.sqrt(variance)
