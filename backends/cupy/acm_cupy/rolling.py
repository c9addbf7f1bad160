"""Location, spread, shape and trend of moving windows, made of shorter ones."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops import doubling

from .blocks import NUMBERS
from .declared import kernel

#: What is known of a strip's windows takes some thirty numbers for each of its own.
_STRIP = NUMBERS // 12


@kernel("rolling_mean")
def rolling_mean(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return doubling.over_strips(xp, _STRIP, doubling.rolling_mean, x, window, min_periods)


@kernel("rolling_std")
def rolling_std(xp: Any, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    return doubling.over_strips(xp, _STRIP, doubling.rolling_std, x, window, ddof, min_periods)


@kernel("rolling_skew")
def rolling_skew(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return doubling.over_strips(xp, _STRIP, doubling.rolling_skew, x, window, min_periods)


@kernel("rolling_kurt")
def rolling_kurt(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return doubling.over_strips(xp, _STRIP, doubling.rolling_kurt, x, window, min_periods)


@kernel("rolling_slope")
def rolling_slope(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return doubling.over_strips(xp, _STRIP, doubling.rolling_slope, x, window, min_periods)
