"""Calls of the fused kernels of moving windows, each held to the operation's reference."""

from __future__ import annotations

from typing import Any

from acm_cupy.cuda import rolling
from column_calls import columns, columns_of_every_size, held

#: Shorter than a group of rows, as long, with rows beside whole groups, and more than a block holds of 32 columns.
_WINDOWS = ((3, 2), (8, 4), (61, 30), (300, 1))

_ROWS = 300


def _of_all_lengths(xp: Any, dtype: str, name: str, **options: Any) -> tuple[Any, ...]:
    x, kernel = columns(dtype, _ROWS), getattr(rolling, f"{name}_by_groups")
    found = []
    for window, least in _WINDOWS:
        given = {"window": window, **options, "min_periods": least}
        found += held(name, kernel(xp, x, *given.values()), dtype, 1e-8, x=x, **given)
    return tuple(found)


def rolling_mean(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_mean")


def rolling_std(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_std", ddof=1)


def rolling_skew(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_skew")


def rolling_kurt(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_kurt")


def rolling_slope(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_slope")


def rolling_min(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_min")


def rolling_max(xp: Any, dtype: str) -> tuple[Any, ...]:
    return _of_all_lengths(xp, dtype, "rolling_max")


def rolling_of_every_size(xp: Any, dtype: str) -> tuple[Any, ...]:
    """Windows of which some need a unit, and others beside them do not."""
    x, found = columns_of_every_size(), []
    for name, options in (("rolling_std", {"ddof": 0}), ("rolling_kurt", {}), ("rolling_slope", {})):
        given = {"window": 19, **options, "min_periods": 4}
        kernel = getattr(rolling, f"{name}_by_groups")
        found += held(name, kernel(xp, x, *given.values()), "float64", 1e-10, x=x, **given)
    return tuple(found)


#: With each, how many kernels it may launch: one a window.
CALLS = {
    **dict.fromkeys(
        (rolling_mean, rolling_std, rolling_skew, rolling_kurt, rolling_slope, rolling_min, rolling_max), len(_WINDOWS)
    ),
    rolling_of_every_size: 3,
}
