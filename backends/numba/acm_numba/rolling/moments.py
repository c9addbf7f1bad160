"""Location, spread, shape and trend of moving windows, by the scheme of van Herk and of Gil and Werman.

There is a boundary every `window` rows, so each window meets one: it is a suffix of the block before the boundary and a
prefix of the one after. Both only ever grow: nothing is taken away again, so what left a window leaves no rounding
error in it. Differences are taken from a value of the window, so that an offset costs no digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels import prefix_doubling
from acm_dispatch.numpy_kernels.rolling import by_prefix_doubling
from acm_dispatch.numpy_kernels.units import FITTING

from .. import backend, parallel
from ..jit import jit

#: Nanoseconds that one number takes: added to a suffix and a prefix, and finished.
_COST = 20


_MEAN, _SPREAD, _SKEWNESS, _KURTOSIS, _SLOPE = range(5)

#: What finds the same of values that do not fit, size by size.
_IN_UNITS = (
    prefix_doubling.rolling_mean,
    prefix_doubling.rolling_std,
    prefix_doubling.rolling_skew,
    prefix_doubling.rolling_kurt,
    prefix_doubling.rolling_slope,
)

#: The state of a suffix or prefix: the number of its values, the one that differences are taken from, and sums: of the
#: first to fourth powers of differences; or, for slopes, of times, their squares, differences, and products of both.
_STATE = 6


@backend.kernel("rolling_mean")
def rolling_mean(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _slide(threads, x, window, min_periods, _MEAN)


@backend.kernel("rolling_std")
def rolling_std(threads: int, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    return _slide(threads, x, window, min_periods, _SPREAD, ddof)


@backend.kernel("rolling_skew")
def rolling_skew(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _slide(threads, x, window, min_periods, _SKEWNESS)


@backend.kernel("rolling_kurt")
def rolling_kurt(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _slide(threads, x, window, min_periods, _KURTOSIS)


@backend.kernel("rolling_slope")
def rolling_slope(threads: int, x: Any, window: int, min_periods: int) -> Any:
    return _slide(threads, x, window, max(min_periods, 2), _SLOPE)


def _slide(threads: int, x: Any, window: int, min_periods: int, statistic: int, ddof: int = 0) -> Any:
    out, fits = np.empty_like(x), np.empty(x.shape[1], np.bool_)
    work = parallel.tiles(x.shape[1], len(x) * _COST)
    parallel.run(threads, _columns, work, x, window, min_periods, statistic, ddof, out, fits)
    columns = np.flatnonzero(~fits)
    if len(columns):
        options = (ddof, min_periods) if statistic == _SPREAD else (min_periods,)
        out[:, columns] = by_prefix_doubling(_IN_UNITS[statistic], x[:, columns], window, *options)
    return out


@jit
def _columns(start, stop, x, window, min_periods, statistic, ddof, out, fits):
    suffixes, prefix, both = np.empty((window, _STATE)), np.empty(_STATE), np.empty(_STATE)
    for j in range(start, stop):
        values = finite_values(x, j)
        fits[j] = _fit(values)
        for boundary in range(0, len(x), window):
            _look_back(values, boundary, statistic, suffixes)
            prefix[:] = 0.0
            for i in range(boundary, min(boundary + window, len(x))):
                _add(prefix, values[i], i - boundary, statistic)
                _merge(suffixes[i - boundary], prefix, statistic, both)
                out[i, j] = _finish(both, statistic, ddof) if both[0] >= min_periods else np.nan


@jit
def finite_values(x, j):
    """A column in float64, NaN where missing."""
    values = np.empty(len(x))
    for i in range(len(x)):
        values[i] = x[i, j] if abs(x[i, j]) < np.inf else np.nan
    return values


@jit
def _fit(values):
    """Whether powers of all values, and of their differences, are numbers."""
    least, most = 1.0, 1.0
    for value in values:
        size = abs(value)
        least = size if 0.0 < size < least else least
        most = size if size > most else most
    return least >= FITTING[0] and most <= FITTING[1]


@jit
def _look_back(values, boundary, statistic, suffixes):
    """The suffixes before a boundary, by how many rows after it their window ends."""
    window = len(suffixes)
    suffixes[window - 1] = 0.0
    for k in range(window - 2, -1, -1):
        suffixes[k] = suffixes[k + 1]
        time = k + 1 - window
        if boundary + time >= 0:
            _add(suffixes[k], values[boundary + time], time, statistic)


@jit
def _add(state, value, time, statistic):
    if value != value:
        return
    if state[0] == 0.0:
        state[1] = value
    state[0] += 1.0
    difference = value - state[1]
    if statistic == _SLOPE:
        state[2] += time
        state[3] += time * time
        state[4] += difference
        state[5] += time * difference
        return
    power = 1.0
    for k in range(statistic + 1):
        power *= difference
        state[2 + k] += power


@jit
def _merge(older, newer, statistic, both):
    """The sums of suffix and prefix, with differences from a value of the older one if it has any."""
    shift = newer[1] - older[1] if older[0] > 0.0 and newer[0] > 0.0 else 0.0
    count = newer[0]
    both[0], both[1] = older[0] + count, older[1] if older[0] > 0.0 else newer[1]
    for k in range(2, _STATE):
        both[k] = older[k] + newer[k]
    if shift == 0.0:
        return
    if statistic == _SLOPE:
        both[4] += count * shift
        both[5] += newer[2] * shift
        return
    # The binomial theorem.
    a, b, c = newer[2], newer[3], newer[4]
    both[2] += count * shift
    both[3] += shift * (2.0 * a + shift * count)
    both[4] += shift * (3.0 * b + shift * (3.0 * a + shift * count))
    both[5] += shift * (4.0 * c + shift * (6.0 * b + shift * (4.0 * a + shift * count)))


@jit
def _finish(state, statistic, ddof):
    n, base, a, b, c, d = state[0], state[1], state[2], state[3], state[4], state[5]
    mean = a / n
    if statistic == _MEAN:
        return base + mean
    if statistic == _SLOPE:
        return (n * d - a * c) / (n * b - a * a)
    squares = b - mean * a
    if statistic == _SPREAD:
        # Rounding can make the sum slightly negative.
        return np.sqrt(max(squares / (n - ddof), 0.0)) if n > ddof else np.nan
    if n <= statistic or squares <= 0.0:
        return np.nan
    if statistic == _SKEWNESS:
        cubes = c + mean * (2.0 * mean * a - 3.0 * b)
        return n * np.sqrt(n - 1.0) * cubes / ((n - 2.0) * (squares * np.sqrt(squares)))
    fourths = d + mean * (mean * (6.0 * b - 3.0 * mean * a) - 4.0 * c)
    ratio = n * (n + 1.0) * fourths / (squares * squares) - 3.0 * (n - 1.0)
    return (n - 1.0) * ratio / ((n - 2.0) * (n - 3.0))
