"""Statistics of moving windows from those of windows half as long: array operations, log2(window) times.

Windows of 1, 2, 4, ... rows are made by joining two of the length before; a window of any length is some of them end to
end. Nothing is ever taken away, so what left a window leaves no rounding error in it. Spreads are joined by the
distance of two means (Chan's rule), and a mean is kept as its distance from the window's last value, so an offset costs
no digits. Written for any array namespace `xp`; `x` is n x d in float64 with NaN where a value is missing.

References
----------
T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for computing the sample variance. P. Pébay (2008),
Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical moments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import units
from .moments import powers_joined

#: What is known of a window: the number of its values, the last of them, how far the mean lies from that, and sums of
#: products of distances from the mean.
Known = tuple[Any, ...]

#: Numbers that are looked at together on a CPU: what is known of them stays in its cache, unless windows are longer.
_STRIP = 1 << 14


def rolling_mean(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    count, last, mean = _moments(xp, x, window, 1)
    return xp.where(count >= min_periods, last + mean, xp.nan)


def rolling_std(xp: Any, x: Any, window: int, ddof: int, min_periods: int) -> Any:
    count, _, _, squares = _moments(xp, x, window, 2)
    enough = (count >= min_periods) & (count > ddof)
    return xp.where(enough, xp.sqrt(squares / xp.maximum(count - ddof, 1.0)), xp.nan)


def rolling_skew(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    n, _, _, squares, cubes = _moments(xp, x, window, 3)
    skewness = n * xp.sqrt(n - 1.0) * cubes / ((n - 2.0) * (squares * xp.sqrt(squares)))
    return xp.where((n >= max(min_periods, 3)) & (squares > 0.0), skewness, xp.nan)


def rolling_kurt(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    n, _, _, squares, _, fourths = _moments(xp, x, window, 4)
    ratio = n * (n + 1.0) * fourths / (squares * squares) - 3.0 * (n - 1.0)
    kurtosis = (n - 1.0) * ratio / ((n - 2.0) * (n - 3.0))
    return xp.where((n >= max(min_periods, 4)) & (squares > 0.0), kurtosis, xp.nan)


def rolling_slope(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    present = ~xp.isnan(x)
    alone = present.astype(xp.float64), x, *[xp.zeros(x.shape)] * 4
    count, _, _, _, squares, products = _joined(xp, alone, window, _join_trends)
    return xp.where(count >= max(min_periods, 2), products / squares, xp.nan)


#: In which power of the unit of `x` each statistic is.
DEGREES = {rolling_mean: 1, rolling_std: 1, rolling_skew: 0, rolling_kurt: 0, rolling_slope: 1}


def rolling_min(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(xp, x, window, min_periods, xp.fmin)


def rolling_max(xp: Any, x: Any, window: int, min_periods: int) -> Any:
    return _extremes(xp, x, window, min_periods, xp.fmax)


def _extremes(xp: Any, x: Any, window: int, min_periods: int, more: Any) -> Any:
    """Of two windows that overlap where `window` is no power of two: an extreme may be met twice."""
    extreme, reach = x, 1
    while 2 * reach <= window:
        extreme = more(extreme, later(xp, extreme, reach, xp.nan))
        reach *= 2
    extreme = more(extreme, later(xp, extreme, window - reach, xp.nan))
    seen = xp.cumsum(~xp.isnan(x), axis=0)
    return xp.where(seen - later(xp, seen, window, 0) >= min_periods, extreme, xp.nan)


def _moments(xp: Any, x: Any, window: int, order: int) -> Known:
    """Number of values, last value, mean, and sums of the second to `order`-th powers of distances from the mean."""
    alone = (~xp.isnan(x)).astype(xp.float64), x, *[xp.zeros(x.shape)] * order
    return _joined(xp, alone, window, _join_moments)


def _joined(xp: Any, alone: Known, window: int, join: Callable[[Any, Known, Known, int], Known]) -> Known:
    """What is known of the windows, given it of each row; `join` gets the older part, the newer one and its length."""

    def before(known: Known, rows: int) -> Known:
        return tuple(later(xp, values, rows, 0) for values in known)

    power, length = alone, 1
    known, reach = (alone, 1) if window % 2 else (None, 0)
    while 2 * length <= window:
        power = join(xp, before(power, length), power, length)
        length *= 2
        if window & length:
            known = power if known is None else join(xp, before(power, reach), known, reach)
            reach += length
    assert known is not None
    return known


def _join_moments(xp: Any, older: Known, newer: Known, length: int) -> Known:
    share, rest, last, mean, shift = _centre(xp, older, newer)
    return older[0] + newer[0], last, mean, *powers_joined(older[3:], newer[3:], older[0], share, rest, shift)


def _join_trends(xp: Any, older: Known, newer: Known, length: int) -> Known:
    """Before the sums, of squared times and of times by values, comes the mean time since the last row."""
    a, _, _, older_time, *old = older
    b, _, _, newer_time, *new = newer
    _, rest, last, mean, shift = _centre(xp, older, newer)
    older_time = older_time - length
    elapsed = xp.where((a > 0) & (b > 0), newer_time - older_time, 0.0)
    time = xp.where(a > 0, older_time + elapsed * rest, newer_time)
    weighted = a * rest * elapsed
    return a + b, last, mean, time, old[0] + new[0] + weighted * elapsed, old[1] + new[1] + weighted * shift


def _centre(xp: Any, older: Known, newer: Known) -> tuple[Any, Any, Any, Any, Any]:
    """The shares of both parts in the count, the last value and the mean of all, and the way between the two means."""
    (a, older_last, older_mean, *_), (b, newer_last, newer_mean, *_) = older, newer
    count = xp.maximum(a + b, 1.0)
    share = a / count
    shift = xp.where((a > 0) & (b > 0), (newer_last - older_last) + (newer_mean - older_mean), 0.0)
    last = xp.where(b > 0, newer_last, older_last)
    return share, b / count, last, xp.where(b > 0, newer_mean - shift * share, older_mean), shift


def later(xp: Any, values: Any, rows: int, nothing: float) -> Any:
    """`values`, as they were so many rows ago."""
    if rows == 0:
        return values
    before = xp.full((min(rows, len(values)), values.shape[1]), nothing, values.dtype)
    return xp.concatenate([before, values[:-rows]])


def over_strips(xp: Any, numbers: int, kernel: Callable[..., Any], x: Any, window: int, *options: Any) -> Any:
    """`kernel` of some rows of some columns after the other, about `numbers` numbers at a time.

    What is known of them takes some thirty numbers for each. Of fewer rows than two windows most would be looked at
    twice.
    """
    out = xp.empty(x.shape, x.dtype)
    width = min(max(numbers // (4 * window), 1), max(x.shape[1], 1))
    height = max(numbers // width, 2 * window)
    for start in range(0, len(x), height):
        first = max(start - window + 1, 0)
        for column in range(0, x.shape[1], width):
            columns = slice(column, column + width)
            values = x[first : start + height, columns].astype(xp.float64)
            values = xp.where(xp.isfinite(values), values, xp.nan)
            found = kernel(xp, values, window, *options)
            if kernel in DEGREES and not _fits(xp, values):
                found = _in_units(xp, kernel, values, window, options, found)
            out[start : start + height, columns] = found[start - first :]
    return out


def _fits(xp: Any, x: Any) -> bool:
    """Whether all values are of a size that needs no unit."""
    sizes = xp.abs(x)
    sizes = xp.where(sizes > 0.0, sizes, 1.0)  # NaN is not more
    return bool((sizes.min() >= units.FITTING[0]) & (sizes.max() <= units.FITTING[1]))


def _in_units(xp: Any, kernel: Callable[..., Any], x: Any, window: int, options: tuple[Any, ...], found: Any) -> Any:
    """What `kernel` `found`, anew for windows of values that do not fit: those of one size after the other."""
    sizes = _extremes(xp, xp.abs(x), window, 1, xp.fmax)
    sizes = xp.where((sizes > 0.0) & (units.exponents(xp, sizes) != 0), sizes, 0.0)
    while float(largest := sizes.max()) > 0.0:
        exponent = int(xp.frexp(largest)[1])
        scaled = xp.ldexp(x, -exponent)
        # Larger values are in windows that are done with.
        scaled = xp.where(xp.abs(scaled) < 2.0, scaled, xp.nan)
        these = sizes > largest * units.FITTING[0]
        again = xp.ldexp(kernel(xp, scaled, window, *options), DEGREES[kernel] * exponent)
        found, sizes = xp.where(these, again, found), xp.where(these, 0.0, sizes)
    return found


def on_numpy(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` for the NumPy backend."""

    @np.errstate(all="ignore")
    def slid(x: Any, window: int, *options: Any) -> Any:
        return over_strips(np, _STRIP, kernel, x, window, *options)

    return slid
