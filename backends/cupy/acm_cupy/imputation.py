"""Gaps filled."""

from __future__ import annotations

from typing import Any

from .declared import kernel
from .robust_stats import is_missing, median_and_half_mad


@kernel("impute")
def impute(xp: Any, x: Any, fill: Any, missing: str) -> Any:
    if fill is None:
        fill = median_and_half_mad(xp, x, missing)[0].astype(x.dtype, copy=False)
    return xp.where(is_missing(xp, x, missing), fill, x)


@kernel("ffill")
def ffill(xp: Any, x: Any, limit: int | None) -> Any:
    rows = xp.arange(len(x))[:, None]
    source = xp.where(xp.isnan(x), 0, rows)
    shift = 1
    while shift < len(x):  # a running maximum, over twice as many rows each time
        source[shift:] = xp.maximum(source[shift:], source[:-shift])
        shift *= 2
    filled = xp.take_along_axis(x, source, axis=0)
    return filled if limit is None else xp.where(rows - source <= limit, filled, x)


@kernel("bfill")
def bfill(xp: Any, x: Any, limit: int | None) -> Any:
    return ffill(xp, x[::-1], limit)[::-1].copy()
