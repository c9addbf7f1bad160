"""Gaps filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit
from .robust_stats import median_and_half_mad


@backend.kernel("impute")
def impute(threads: int, x: Any, fill: Any, missing: str) -> Any:
    if fill is None:
        fill = median_and_half_mad(threads, x, missing)[0].astype(x.dtype, copy=False)
    out = np.empty_like(x)
    parallel.run(threads, _filled, parallel.tiles(len(x), x.shape[1]), x, fill, missing == "nan", out)
    return out


@jit
def _filled(start, stop, x, fill, keep_infinities, out):
    for i in range(start, stop):
        for j in range(x.shape[1]):
            value = x[i, j]
            present = value == value if keep_infinities else abs(value) < np.inf
            out[i, j] = value if present else fill[j]


#: Columns that are walked down together: a cache line of float64.
_COLUMNS = 8


@backend.kernel("ffill")
def ffill(threads: int, x: Any, limit: int | None) -> Any:
    return _along(threads, x, limit, 0, 1)


@backend.kernel("bfill")
def bfill(threads: int, x: Any, limit: int | None) -> Any:
    return _along(threads, x, limit, len(x) - 1, -1)


def _along(threads: int, x: Any, limit: int | None, first: int, step: int) -> Any:
    out = np.empty_like(x)
    longest = len(x) if limit is None else min(limit, len(x))
    parallel.run(threads, _carried, parallel.tiles(x.shape[1], len(x), _COLUMNS), x, first, step, longest, out)
    return out


@jit
def _carried(start, stop, x, first, step, longest, out):
    """Columns `start` to `stop`, row by row from `first` on."""
    latest = np.full(stop - start, np.nan, x.dtype)
    gaps = np.zeros(stop - start, np.int64)
    i = first
    for _ in range(len(x)):
        for j in range(start, stop):
            value = x[i, j]
            if np.isnan(value):
                gaps[j - start] += 1
                value = latest[j - start] if gaps[j - start] <= longest else value
            else:
                latest[j - start], gaps[j - start] = value, 0
            out[i, j] = value
        i += step
