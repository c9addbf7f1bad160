"""Launches the kernels of `rolling.cu`."""

from __future__ import annotations

from typing import Any

from acm_dispatch import Unsupported

from .columns import THREADS, narrow
from .declared import fused
from .program import blocks, check_sizes, launcher

#: As in rolling.cu: rows of a thread, and what a block remembers of groups of so many rows.
_GROUP, _RING = 8, 768

#: The longest window of whose groups a block remembers all, for as many columns as make a read from memory worthwhile.
_LONGEST = 1024

#: Columns of a block, blocks that keep any GPU busy, and how much longer than a window a chunk of rows is.
_WIDEST, _BLOCKS, _TIMES = 32, 1024, 4


@fused("rolling_mean")
def rolling_mean_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_mean", x, window, min_periods)


@fused("rolling_std")
def rolling_std_by_groups(xp: Any, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_std", x, window, min_periods, ddof)


@fused("rolling_skew")
def rolling_skew_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_skew", x, window, min_periods)


@fused("rolling_kurt")
def rolling_kurt_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_kurt", x, window, min_periods)


@fused("rolling_slope")
def rolling_slope_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_slope", x, window, min_periods)


@fused("rolling_min")
def rolling_min_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_min", x, window, min_periods)


@fused("rolling_max")
def rolling_max_by_groups(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _roll(xp, "rolling_max", x, window, min_periods)


def _roll(xp: Any, operation: str, x: Any, window: int, min_periods: int, ddof: int = 0) -> Any:
    n, d = x.shape
    rows = min(window, n)  # a longer window has no more
    if rows > _LONGEST:
        raise Unsupported(f"{operation}: window is {window}; the fused kernel takes up to {_LONGEST} rows")
    width, tiles, length = _layout(n, d, rows)
    chunks = blocks(n, length)
    check_sizes(operation, n=n, d=d, blocks=tiles * chunks)
    out = xp.empty(x.shape, x.dtype)
    arguments = rows, min(min_periods, n + 1), min(ddof, n), n, d, width, tiles, length
    launcher(xp, "rolling", x.dtype)(operation, (tiles * chunks,), THREADS, x, out, *arguments)
    return out


def _layout(n: int, d: int, window: int) -> tuple[int, int, int]:
    """Columns of a block, for whose groups the ring has room; how many blocks these are; and rows of a chunk."""
    groups = max(window - _GROUP, 0) // _GROUP
    width, tiles = narrow(d, _WIDEST)
    while (groups + THREADS // width) * width > _RING:
        width, tiles = narrow(d, width // 2)
    step = THREADS // width * _GROUP
    least = max(blocks(n, max(_BLOCKS // tiles, 1)), min(_TIMES * window, n))
    return width, tiles, blocks(least, step) * step
