"""Statistics of moving windows by prefix doubling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from . import prefix_doubling

#: Numbers that are looked at together: their state stays in the cache, unless windows are longer.
_STRIP = 1 << 14


@numpy_backend.kernel("rolling_mean")
def rolling_mean(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_mean, x, window, min_periods)


@numpy_backend.kernel("rolling_std")
def rolling_std(x: Any, window: int, ddof: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_std, x, window, ddof, min_periods)


@numpy_backend.kernel("rolling_skew")
def rolling_skew(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_skew, x, window, min_periods)


@numpy_backend.kernel("rolling_kurt")
def rolling_kurt(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_kurt, x, window, min_periods)


@numpy_backend.kernel("rolling_slope")
def rolling_slope(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_slope, x, window, min_periods)


@numpy_backend.kernel("rolling_min")
def rolling_min(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_min, x, window, min_periods)


@numpy_backend.kernel("rolling_max")
def rolling_max(x: Any, window: int, min_periods: int) -> Any:
    return by_prefix_doubling(prefix_doubling.rolling_max, x, window, min_periods)


@np.errstate(all="ignore")
def by_prefix_doubling(statistic: Callable[..., Any], x: Any, window: int, *options: Any) -> Any:
    """What `statistic` of `prefix_doubling` makes of NumPy arrays, a strip at a time."""
    return prefix_doubling.over_strips(np, _STRIP, statistic, x, window, *options)
