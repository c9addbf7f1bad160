"""Order statistics of moving windows: extremes by van Herk and Gil-Werman, median and MAD from a window kept sorted.

To keep a long window sorted takes as many steps as it has rows; its median is found among ranks counted in a tree.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import backend, parallel
from ..jit import jit
from .moments import finite_values

#: Nanoseconds that a number takes: compared in a suffix and a prefix; and found, removed and inserted in a sorted
#: window, and for each row that the window has.
_COST, _SORTED_COST, _ROW_COST = 4, 150, 0.3

#: Windows of more rows are long, and how many nanoseconds a number of theirs takes.
_LONG, _RANKED_COST = 1024, 500


@backend.kernel("rolling_min")
def rolling_min(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(threads, x, window, min_periods, 1.0)


@backend.kernel("rolling_max")
def rolling_max(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(threads, x, window, min_periods, -1.0)


def _extremes(threads: int, x: Any, window: int, min_periods: int, sign: float) -> Any:
    out = np.empty_like(x)
    parallel.run(threads, _least, parallel.tiles(x.shape[1], len(x) * _COST), x, window, min_periods, sign, out)
    return out


@jit
def _least(start, stop, x, window, min_periods, sign, out):
    """The least of `sign` times the values, times `sign`."""
    before = np.empty(window)
    for j in range(start, stop):
        values = finite_values(x, j)
        count = 0
        for boundary in range(0, len(x), window):
            before[window - 1] = np.inf
            for k in range(window - 2, -1, -1):
                i = boundary + k + 1 - window
                before[k] = _lesser(before[k + 1], sign * values[i] if i >= 0 else np.inf)
            since = np.inf
            for i in range(boundary, min(boundary + window, len(x))):
                since = _lesser(since, sign * values[i])
                count += values[i] == values[i]
                count -= i >= window and values[i - window] == values[i - window]
                least = _lesser(since, before[i - boundary])
                out[i, j] = sign * least if count >= min_periods else np.nan


@jit
def _lesser(least, value):
    """NaN is not less."""
    return value if value < least else least


@backend.kernel("rolling_median")
def rolling_median(threads: int, x: Any, window: int, min_periods: int) -> Any:
    if window <= _LONG:
        return _sorted(threads, x, window, min_periods, False, 1.0)
    out = np.empty_like(x)
    work = parallel.tiles(x.shape[1], len(x) * _RANKED_COST)
    parallel.run(threads, _middles_by_rank, work, x, window, min_periods, out)
    return out


@backend.kernel("rolling_mad")
def rolling_mad(threads: int, x: Any, window: int, scale: float, min_periods: int) -> Any:
    return _sorted(threads, x, window, min_periods, True, scale)


def _sorted(threads: int, x: Any, window: int, min_periods: int, deviation: bool, scale: float) -> Any:
    out = np.empty_like(x)
    work = parallel.tiles(x.shape[1], len(x) * (_SORTED_COST + _ROW_COST * window))
    parallel.run(threads, _middles, work, x, window, min_periods, deviation, scale, out)
    return out


@jit
def _middles(start, stop, x, window, min_periods, deviation, scale, out):
    ordered = np.empty(window + 1)
    for j in range(start, stop):
        values = finite_values(x, j)
        count = 0
        for i in range(len(x)):
            if i >= window and values[i - window] == values[i - window]:
                count = _remove(ordered, count, values[i - window])
            if values[i] == values[i]:
                count = _insert(ordered, count, values[i])
            out[i, j] = np.nan
            if count >= min_periods:
                median = _mean(ordered[(count - 1) // 2], ordered[count // 2])
                out[i, j] = _scaled_deviation(ordered[:count], median, scale) if deviation else median


@jit
def _middles_by_rank(start, stop, x, window, min_periods, out):
    for j in range(start, stop):
        values = finite_values(x, j)
        order = np.argsort(values)
        ranks = np.empty(len(values), np.int64)
        ranks[order] = np.arange(len(values))
        counts = np.zeros(len(values) + 1, np.int64)
        count = 0
        for i in range(len(values)):
            if i >= window and values[i - window] == values[i - window]:
                _add(counts, ranks[i - window], -1)
                count -= 1
            if values[i] == values[i]:
                _add(counts, ranks[i], 1)
                count += 1
            out[i, j] = np.nan
            if count >= min_periods:
                low, high = _find(counts, (count - 1) // 2), _find(counts, count // 2)
                out[i, j] = _mean(values[order[low]], values[order[high]])


@jit
def _add(counts, rank, change):
    """`counts[k]` is of the ranks below k, as many of them as k's lowest bit says (Fenwick's tree)."""
    k = rank + 1
    while k < len(counts):
        counts[k] += change
        k += k & -k


@jit
def _find(counts, place):
    """The rank below which `place` others are counted."""
    below, step = 0, 1
    while 2 * step < len(counts):
        step *= 2
    while step:
        if below + step < len(counts) and counts[below + step] <= place:
            below += step
            place -= counts[below]
        step //= 2
    return below


@jit
def _remove(ordered, count, value):
    for place in range(np.searchsorted(ordered[:count], value), count - 1):
        ordered[place] = ordered[place + 1]
    return count - 1


@jit
def _insert(ordered, count, value):
    place = np.searchsorted(ordered[:count], value)
    for i in range(count, place, -1):
        ordered[i] = ordered[i - 1]
    ordered[place] = value
    return count + 1


@jit
def _scaled_deviation(ordered, median, scale):
    """By halves where need be: the distance of two numbers may be larger than all numbers."""
    scaled = scale * _deviation(ordered, median)
    return scaled if np.isfinite(scaled) else scale * _deviation(ordered / 2, median / 2) * 2


@jit
def _deviation(ordered, median):
    """The median distance from the median: the `reach` + 1 nearest values stand side by side, found by bisection."""
    count = len(ordered)
    reach = (count - 1) // 2
    first, last = 0, count - 1 - reach
    while first < last:
        middle = (first + last) // 2
        if ordered[middle + reach] - median < median - ordered[middle]:
            first = middle + 1
        else:
            last = middle
    if first > 0 and median - ordered[first - 1] < ordered[first + reach] - median:
        first -= 1
    nearest = max(median - ordered[first], ordered[first + reach] - median)
    if count % 2:
        return nearest
    left = median - ordered[first - 1] if first > 0 else np.inf
    right = ordered[first + reach + 1] - median if first + reach + 1 < count else np.inf
    return _mean(nearest, min(left, right))


@jit
def _mean(low, high):
    """By halves, which cannot overflow."""
    return low if low == high else low / 2 + high / 2
