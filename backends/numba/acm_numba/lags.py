"""Each row next to those before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit


@backend.kernel("lagged_features", opt_in=True)
def lagged_features(threads: int, x: Any, max_lag: int, include_current: bool, order: str) -> Any:
    first = 0 if include_current else 1
    out = np.empty((len(x), x.shape[1] * (max_lag + 1 - first)), x.dtype)
    work = parallel.tiles(len(x), out.shape[1])
    parallel.run(threads, _by_column if order == "column" else _by_lag, work, x, first, max_lag + 1, out)
    return out


@jit
def _by_column(start, stop, x, first, end, out):
    for i in range(start, stop):
        present = min(end, i + 1)
        for j in range(x.shape[1]):
            place = j * (end - first) - first
            for lag in range(first, present):
                out[i, place + lag] = x[i - lag, j]
            for lag in range(max(first, present), end):
                out[i, place + lag] = np.nan


@jit
def _by_lag(start, stop, x, first, end, out):
    width = x.shape[1]
    for i in range(start, stop):
        for lag in range(first, end):
            place = (lag - first) * width
            for j in range(width):
                out[i, place + j] = x[i - lag, j] if lag <= i else np.nan
