"""Location, spread, shape and trend of moving windows: a few array operations for each row that a window has.

Nothing larger than `x` is made. Sums are of differences from the last value of each window, so that neither an offset
nor what left the window costs digits.
"""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.windows import roomy_unit


def rolling_mean(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    unit = roomy_unit(window, 1)
    last, count, (total,) = _powers(xp, x, window, 1, unit)
    return _told(xp, x, count >= min_periods, (last + total / count) * unit)


def rolling_std(xp: Any, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    unit = roomy_unit(window, 1)
    _, count, (total, squares) = _powers(xp, x, window, 2, unit)
    variance = (squares - total * (total / count)) / xp.maximum(count - ddof, 1.0) * unit * unit
    # Rounding can leave less than nothing; what is no number is the difference of two infinities.
    variance = xp.where(xp.isnan(variance), xp.inf, xp.maximum(variance, 0.0))
    return _told(xp, x, (count >= min_periods) & (count > ddof), xp.sqrt(variance))


def rolling_skew(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    _, n, (total, squares, cubes) = _powers(xp, x, window, 3)
    mean = total / n
    cubes += mean * (2.0 * mean * total - 3.0 * squares)
    squares -= mean * total
    # Of a product that underflows, like the third powers, nothing is known.
    skewness = n * xp.sqrt(n - 1.0) * cubes / ((n - 2.0) * (squares * xp.sqrt(squares)))
    return _told(xp, x, (n >= max(min_periods, 3)) & (squares > 0.0), skewness)


def rolling_kurt(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    _, n, (total, squares, cubes, fourths) = _powers(xp, x, window, 4)
    mean = total / n
    fourths += mean * (mean * (6.0 * squares - 3.0 * mean * total) - 4.0 * cubes)
    squares -= mean * total
    ratio = n * (n + 1.0) * fourths / (squares * squares) - 3.0 * (n - 1.0)
    kurtosis = (n - 1.0) * ratio / ((n - 2.0) * (n - 3.0))
    return _told(xp, x, (n >= max(min_periods, 4)) & (squares > 0.0), kurtosis)


def rolling_slope(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    unit = roomy_unit(window, 3)
    values = finite_values(xp, x) / unit
    last = last_values(xp, values, window)
    count, time, squared_time, total, products = xp.zeros((5, *x.shape))
    for lag in range(window):
        present, difference = _differences(xp, values, last, lag)
        count[lag:] += present
        time[lag:] -= lag * present
        squared_time[lag:] += lag * lag * present
        total[lag:] += difference
        products[lag:] -= lag * difference
    slope = (count * products - time * total) / (count * squared_time - time * time)
    return _told(xp, x, count >= max(min_periods, 2), slope * unit)


def _powers(xp: Any, x: Any, window: int, order: int, unit: float = 1.0) -> tuple[Any, Any, Any]:
    """Each window's last value, number of values, and sums of powers of their differences from it, all in `unit`."""
    values = finite_values(xp, x) / unit
    last = last_values(xp, values, window)
    count, sums = xp.zeros(x.shape), xp.zeros((order, *x.shape))
    for lag in range(window):
        present, difference = _differences(xp, values, last, lag)
        count[lag:] += present
        power = difference
        for k in range(order):
            power = power * difference if k else power
            sums[k, lag:] += power
    return last, count, sums


def _differences(xp: Any, values: Any, last: Any, lag: int) -> tuple[Any, Any]:
    """Of the values `lag` rows ago from the last of each window, and which there are; 0 for the others."""
    difference = values[: len(values) - lag] - last[lag:]
    present = ~xp.isnan(difference)
    return present, xp.where(present, difference, 0.0)


def finite_values(xp: Any, x: Any) -> Any:
    """`x` in float64, NaN where missing."""
    return xp.where(xp.isfinite(x), x.astype(xp.float64, copy=False), xp.nan)


def last_values(xp: Any, values: Any, reach: int) -> Any:
    """Each column's last value that is not NaN, at most `reach` rows back or a little more."""
    last, known = values, 1
    while known < min(reach, len(values)):
        earlier = xp.concatenate([xp.full((known, values.shape[1]), xp.nan), last[:-known]])
        last = xp.where(xp.isnan(last), earlier, last)
        known *= 2
    return last


def _told(xp: Any, x: Any, enough: Any, result: Any) -> Any:
    return xp.where(enough, result, xp.nan).astype(x.dtype, copy=False)
