"""Sums over each value of a column and the one before it, in a form in which those of parts can be merged."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class LagSums(NamedTuple):
    """One number a column each: sums of differences from `origin`, counted in units of these exponents.

    `count` and `sums` are of all values; `pairs`, `earlier`, `later`, `squares` (of the earlier ones) and `products` of
    values with their predecessors; `first` and `last` are the values themselves at the ends, NaN where these do not
    make a pair with a neighbour.
    """

    exponents: Any
    origin: Any
    count: Any
    sums: Any
    pairs: Any
    earlier: Any
    later: Any
    squares: Any
    products: Any
    first: Any
    last: Any
    gaps_part: bool
    rows: int


def lag_sums(x: Any, across_gaps: bool) -> LagSums:
    """Of a block; a value's predecessor is the last value before it, or only that of the row before it."""
    finite = np.isfinite(x)
    largest = np.where(finite, np.abs(x), 0.0).max(axis=0, initial=0.0)
    exponents = np.where(largest > 0, np.frexp(largest)[1], _LEAST)
    origin, first, last, sums, earlier, later, squares, products = np.zeros((8, x.shape[1]))
    origin[:], first[:], last[:] = np.nan, np.nan, np.nan
    count, pairs = np.zeros((2, x.shape[1]), np.int64)
    for j, column in enumerate(x.T.astype(np.float64)):
        values = column[finite[:, j]]
        if len(values) == 0:
            continue
        series = values if across_gaps else np.where(finite[:, j], column, np.nan)
        origin[j], first[j], last[j], count[j] = values[0], series[0], series[-1], len(values)
        shifted = np.ldexp(series, -exponents[j]) - np.ldexp(values[0], -exponents[j])
        sums[j] = np.nansum(shifted)
        pair = np.isfinite(shifted[1:]) & np.isfinite(shifted[:-1])
        before, after = shifted[:-1][pair], shifted[1:][pair]
        pairs[j], earlier[j], later[j] = len(before), before.sum(), after.sum()
        squares[j], products[j] = (before * before).sum(), (before * after).sum()
    return LagSums(
        exponents,
        origin,
        count,
        sums,
        pairs,
        earlier,
        later,
        squares,
        products,
        first,
        last,
        not across_gaps,
        len(x),
    )


#: Below the exponent of any number.
_LEAST = -1100


def lag_sums_merged(first: LagSums, second: LagSums) -> LagSums:
    """The sums of rows and those that come next, with the pair where they meet."""
    if first.rows == 0 or second.rows == 0:
        return second if first.rows == 0 else first
    exponents = np.maximum(first.exponents, second.exponents)
    origin = np.where(first.count > 0, first.origin, second.origin)
    one, other = (_shifted(part, exponents, origin) for part in (first, second))
    before, after = (np.ldexp(end, -exponents) - np.ldexp(origin, -exponents) for end in (first.last, second.first))
    pair = np.isfinite(before) & np.isfinite(after)
    before, after = np.where(pair, before, 0.0), np.where(pair, after, 0.0)
    start, end = first.first, second.last
    if not first.gaps_part:
        start = np.where(first.count > 0, start, second.first)
        end = np.where(second.count > 0, end, first.last)
    return LagSums(
        exponents,
        origin,
        first.count + second.count,
        one.sums + other.sums,
        one.pairs + other.pairs + pair,
        one.earlier + other.earlier + before,
        one.later + other.later + after,
        one.squares + other.squares + before * before,
        one.products + other.products + before * after,
        start,
        end,
        first.gaps_part,
        first.rows + second.rows,
    )


def _shifted(part: LagSums, exponents: Any, origin: Any) -> LagSums:
    """The same sums of differences from another origin, in larger units."""
    by = part.exponents - exponents
    distance = np.ldexp(part.origin, -exponents) - np.ldexp(origin, -exponents)
    distance = np.where(part.count > 0, distance, 0.0)
    sums, earlier, later = (np.ldexp(number, by) for number in (part.sums, part.earlier, part.later))
    squares, products = (np.ldexp(number, 2 * by) for number in (part.squares, part.products))
    return part._replace(
        exponents=exponents,
        origin=origin,
        sums=sums + part.count * distance,
        earlier=earlier + part.pairs * distance,
        later=later + part.pairs * distance,
        squares=squares + distance * (2 * earlier + part.pairs * distance),
        products=products + distance * (earlier + later + part.pairs * distance),
    )
