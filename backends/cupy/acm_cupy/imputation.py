"""Gaps filled."""

from __future__ import annotations

from typing import Any

from .robust_stats import is_missing, median_and_mad


def impute(xp: Any, x: Any, fill: Any, missing: str) -> Any:
    if fill is None:
        fill = median_and_mad(xp, x, missing)[0].astype(x.dtype, copy=False)
    return xp.where(is_missing(xp, x, missing), fill, x)
