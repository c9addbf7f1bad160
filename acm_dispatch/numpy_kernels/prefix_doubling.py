"""Statistics of moving windows from those of windows half as long: array operations, log2(window) times.

Windows of 1, 2, 4, ... rows are made by merging two of the length before; a window of any length is some of them end to
end. Nothing is ever taken away, so what left a window leaves no rounding error in it. Spreads are merged by the
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

from . import units

#: The state of a window: the number of its values, the last of them, how far the mean lies from that, and sums of
#: products of distances from the mean.
State = tuple[Any, ...]


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
    count, _, _, _, squares, products = _merged(xp, alone, window, _merge_trends)
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


def _moments(xp: Any, x: Any, window: int, order: int) -> State:
    """Number of values, last value, mean, and sums of the second to `order`-th powers of distances from the mean."""
    alone = (~xp.isnan(x)).astype(xp.float64), x, *[xp.zeros(x.shape)] * order
    return _merged(xp, alone, window, _merge_moments)


def _merged(xp: Any, alone: State, window: int, merge: Callable[[Any, State, State, int], State]) -> State:
    """The states of the windows, given that of each row; `merge` gets the older part, the newer one and its length."""

    def before(state: State, rows: int) -> State:
        return tuple(later(xp, values, rows, 0) for values in state)

    power, length = alone, 1
    partial, reach = (alone, 1) if window % 2 else (None, 0)
    while 2 * length <= window:
        power = merge(xp, before(power, length), power, length)
        length *= 2
        if window & length:
            partial = power if partial is None else merge(xp, before(power, reach), partial, reach)
            reach += length
    assert partial is not None
    return partial


def _merge_moments(xp: Any, older: State, newer: State, length: int) -> State:
    share, rest, last, mean, shift = _centre(xp, older, newer)
    return older[0] + newer[0], last, mean, *_powers_merged(older[3:], newer[3:], older[0], share, rest, shift)


def _powers_merged(first: Any, second: Any, count: Any, p: Any, q: Any, distance: Any) -> list[Any]:
    """Sums of the second to at most fourth powers of distances from the mean, of two parts whose means are so distant.

    `count` is of the first part, `p` and `q` are the parts' shares in the count of both.
    """
    sums: list[Any] = [left + right for left, right in zip(first, second, strict=True)]
    if not sums:
        return sums
    between = distance * distance * (count * q)
    sums[0] += between
    if len(sums) > 1:
        sums[1] += distance * (between * (p - q) + 3.0 * (p * second[0] - q * first[0]))
    if len(sums) > 2:
        fourths = between * (p * p - p * q + q * q) + 6.0 * (p * p * second[0] + q * q * first[0])
        sums[2] += distance * distance * fourths + 4.0 * distance * (p * second[1] - q * first[1])
    return sums


def _merge_trends(xp: Any, older: State, newer: State, length: int) -> State:
    """Before the sums, of squared times and of times by values, comes the mean time since the last row."""
    a, _, _, older_time, *old = older
    b, _, _, newer_time, *new = newer
    _, rest, last, mean, shift = _centre(xp, older, newer)
    older_time = older_time - length
    elapsed = xp.where((a > 0) & (b > 0), newer_time - older_time, 0.0)
    time = xp.where(a > 0, older_time + elapsed * rest, newer_time)
    weighted = a * rest * elapsed
    return a + b, last, mean, time, old[0] + new[0] + weighted * elapsed, old[1] + new[1] + weighted * shift


def _centre(xp: Any, older: State, newer: State) -> tuple[Any, Any, Any, Any, Any]:
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

    Their state takes some thirty numbers for each. Of fewer rows than two windows most would be looked at
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
