"""Quantiles of columns, by sorting."""

from __future__ import annotations

from typing import Any

from .columns import total
from .declared import kernel
from .robust_stats import is_missing


@kernel("column_quantiles")
def column_quantiles(xp: Any, x: Any, q: tuple[float, ...], method: str, missing: str) -> Any:
    absent = is_missing(xp, x, missing)
    count = total(xp, ~absent)
    rows = xp.where(absent, x.dtype.type(xp.nan), x).T.copy()
    rows.sort(axis=1)
    found = xp.empty((len(q), x.shape[1]), x.dtype)
    for i, level in enumerate(q):
        place = xp.maximum(count - 1, 0) * level
        low, high, share = _between(xp, place, method)
        low, high = (xp.take_along_axis(rows, rank[:, None], axis=1)[:, 0].astype(xp.float64) for rank in (low, high))
        found[i] = xp.where((low == high) | (share == 0), low, low * (1 - share) + high * share)
    return found


def _between(xp: Any, place: Any, method: str) -> tuple[Any, Any, Any]:
    """The ranks on either side of a place, and how far it lies from the first of them."""
    low, high = xp.floor(place).astype(xp.int64), xp.ceil(place).astype(xp.int64)
    if method == "linear":
        return low, high, place - low
    if method == "midpoint":
        return low, high, xp.where(low == high, 0.0, 0.5)
    rank = low if method == "lower" else high if method == "higher" else xp.around(place).astype(xp.int64)
    return rank, rank, xp.zeros(place.shape)
