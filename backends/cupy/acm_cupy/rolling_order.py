"""Order statistics of moving windows: extremes row by row of the window, medians by sorting blocks of windows."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .robust_stats import middle
from .rolling import finite_values


def rolling_min(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(xp, x, window, min_periods, xp.fmin)


def rolling_max(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(xp, x, window, min_periods, xp.fmax)


def _extremes(xp: Any, x: Any, window: int, min_periods: int, more: Any) -> Any:
    values = xp.where(xp.isfinite(x), x, x.dtype.type(xp.nan))
    extreme, count = values.copy(), xp.zeros(x.shape, xp.int64)
    for lag in range(window):
        earlier = values[: len(x) - lag]
        extreme[lag:] = more(extreme[lag:], earlier)
        count[lag:] += ~xp.isnan(earlier)
    return xp.where(count >= min_periods, extreme, x.dtype.type(xp.nan))


def rolling_median(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    out = xp.empty(x.shape, x.dtype)
    for rows, windows, count in _windows(xp, x, window):
        _write(xp, out, rows, count, min_periods, middle(xp, windows, count))
    return out


def rolling_mad(xp: Any, x: Any, window: int, scale: float, min_periods: int) -> Any:
    out = xp.empty(x.shape, x.dtype)
    for rows, windows, count in _windows(xp, x, window):
        deviations = xp.abs(windows - middle(xp, windows, count)[:, None])
        _write(xp, out, rows, count, min_periods, scale * middle(xp, deviations, count))
    return out


def _windows(xp: Any, x: Any, window: int) -> Any:
    """Ranges of rows, the windows that end there, one a row with NaN where missing, and how many values each has."""
    padded = xp.concatenate([xp.full((window - 1, x.shape[1]), xp.nan), finite_values(xp, x)])
    for rows in blocks(len(x), x.shape[1] * window):
        places = xp.arange(rows.start, rows.stop)[:, None] + xp.arange(window)
        windows = padded[places].transpose(0, 2, 1).reshape(-1, window).copy()
        yield rows, windows, (~xp.isnan(windows)).sum(axis=1)


def _write(xp: Any, out: Any, rows: slice, count: Any, min_periods: int, result: Any) -> None:
    told = xp.where(count >= min_periods, result, xp.nan)
    out[rows] = told.reshape(-1, out.shape[1]).astype(out.dtype, copy=False)
