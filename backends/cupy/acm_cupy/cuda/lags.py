"""Launches the kernel of `lags.cu`."""

from __future__ import annotations

from typing import Any

from .columns import THREADS, rows_of
from .declared import fused
from .program import check_sizes, launcher


@fused("lagged_features")
def lagged_features_by_columns(xp: Any, x: Any, max_lag: int, include_current: bool, order: str) -> Any:
    n, d = x.shape
    least = 0 if include_current else 1
    lags = max_lag + 1 - least
    check_sizes("lagged_features", n=n, features=d * lags)
    if lags == 0:
        return xp.empty((n, 0), x.dtype)
    rows = rows_of(n, d * lags)
    check_sizes("lagged_features", blocks=rows.tiles * rows.chunks)
    features = xp.empty((n, d * lags), x.dtype)
    arguments = x, features, lags, least, int(order == "column"), n, d, rows.width, rows.tiles, rows.length
    launcher(xp, "lags", x.dtype)("lagged_features", (rows.tiles * rows.chunks,), THREADS, *arguments)
    return features
