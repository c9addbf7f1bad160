"""Quantiles of columns by sorting all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from .missing import is_missing


@numpy_backend.kernel("column_quantiles")
def _by_sorting_all_columns(x: Any, q: Any, method: str, missing: str) -> Any:
    """NumPy sorts NaN behind the numbers."""
    rows = x.T.copy()
    rows[is_missing(rows, missing)] = np.nan
    rows.sort(axis=1)
    count = (~np.isnan(rows)).sum(axis=1)
    low, high, share = places(np.asarray(q), np.maximum(count, 1)[:, None], method)
    low, high = (np.take_along_axis(rows, rank, axis=1).astype(np.float64) for rank in (low, high))
    return between(low, high, share).T.astype(x.dtype, order="C")


def places(q: Any, count: Any, method: str) -> tuple[Any, Any, Any]:
    """The ranks on either side of each quantile of `count` values, and how far it lies from the first of them."""
    place = (count - 1) * q
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if method == "linear":
        return low, high, place - low
    if method == "midpoint":
        return low, high, np.where(low == high, 0.0, 0.5)
    rank = {"lower": low, "higher": high, "nearest": np.round(place).astype(np.int64)}[method]
    return rank, rank, np.zeros(place.shape)


def between(low: Any, high: Any, share: Any) -> Any:
    """The number that far from `low` to `high`; no sum or difference of the two is taken, which could overflow."""
    with np.errstate(invalid="ignore"):
        return np.where((low == high) | (share == 0), low, low * (1 - share) + high * share)
