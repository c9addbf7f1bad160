"""Statistics of moving windows: most made of shorter windows by prefix doubling, medians by sorting blocks of windows.

Sorting each window anew is more than the order of the last one would cost; that one is no array operation.
"""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels import prefix_doubling

from .blocks import NUMBERS, blocks
from .declared import kernel
from .robust_stats import middle

#: The state of a strip's windows takes some thirty numbers for each of its own.
_STRIP = NUMBERS // 12


@kernel("rolling_mean")
def rolling_mean(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, _STRIP, prefix_doubling.rolling_mean, x, window, min_periods)


@kernel("rolling_std")
def rolling_std(xp: Any, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, _STRIP, prefix_doubling.rolling_std, x, window, ddof, min_periods)


@kernel("rolling_skew")
def rolling_skew(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, _STRIP, prefix_doubling.rolling_skew, x, window, min_periods)


@kernel("rolling_kurt")
def rolling_kurt(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, _STRIP, prefix_doubling.rolling_kurt, x, window, min_periods)


@kernel("rolling_slope")
def rolling_slope(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, _STRIP, prefix_doubling.rolling_slope, x, window, min_periods)


@kernel("rolling_min")
def rolling_min(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, NUMBERS, prefix_doubling.rolling_min, x, window, min_periods)


@kernel("rolling_max")
def rolling_max(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return prefix_doubling.over_strips(xp, NUMBERS, prefix_doubling.rolling_max, x, window, min_periods)


@kernel("rolling_median")
def rolling_median(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    out = xp.empty(x.shape, x.dtype)
    for rows, windows, count in _windows(xp, x, window):
        _write(xp, out, rows, count, min_periods, middle(xp, windows, count))
    return out


@kernel("rolling_mad")
def rolling_mad(xp: Any, x: Any, window: int, scale: float, min_periods: int) -> Any:
    out = xp.empty(x.shape, x.dtype)
    for rows, windows, count in _windows(xp, x, window):
        # By halves: the distance of two numbers may be larger than all numbers.
        halves = xp.abs(windows / 2 - middle(xp, windows, count)[:, None] / 2)
        _write(xp, out, rows, count, min_periods, scale * middle(xp, halves, count) * 2)
    return out


def _windows(xp: Any, x: Any, window: int) -> Any:
    """Ranges of rows, the windows that end there, one a row with NaN where missing, and how many values each has."""
    values = xp.where(xp.isfinite(x), x.astype(xp.float64, copy=False), xp.nan)
    padded = xp.concatenate([xp.full((window - 1, x.shape[1]), xp.nan), values])
    for rows in blocks(len(x), x.shape[1] * window):
        places = xp.arange(rows.start, rows.stop)[:, None] + xp.arange(window)
        windows = padded[places].transpose(0, 2, 1).reshape(-1, window).copy()
        yield rows, windows, (~xp.isnan(windows)).sum(axis=1)


def _write(xp: Any, out: Any, rows: slice, count: Any, min_periods: int, result: Any) -> None:
    told = xp.where(count >= min_periods, result, xp.nan)
    out[rows] = told.reshape(-1, out.shape[1]).astype(out.dtype, copy=False)
