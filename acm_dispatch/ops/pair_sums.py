"""Correlations of pairs of columns over the rows that both have, in a form in which those of parts can be merged.

Each pair has a count, two means and three centred sums of its own, merged as Chan, Golub and LeVeque (1983) merge
those of one column. Sums over all pairs at once are taken of differences from the column's mean; a pair whose common
rows lie far from that, compared with how they spread, is summed up by itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from .cross_sums import cross_sums
from .moments import column_mean_variance

#: By how much the mean square distance from the origin may exceed the variance before too few digits are left of that.
_FAR = 100.0

#: Sums of squares below this, of numbers up to 1, may have lost digits.
_SMALL = 2.0**-900

#: Below the exponent of any number.
_LEAST = -1100


class PairSums(NamedTuple):
    """d x d numbers: of column i over the rows that it has together with column j.

    `mean` is that of differences from `origin`, `squares` and `products` are sums of squares and products of distances
    from the means, all counted in units of 2**`exponents`.
    """

    exponents: Any
    origin: Any
    count: Any
    mean: Any
    squares: Any
    products: Any


def pair_sums(x: Any) -> PairSums:
    """Of a block."""
    finite = to_host(np.isfinite(x))
    width = x.shape[1]
    if len(x) == 0:
        none = np.zeros((width, width))
        return PairSums(none.astype(np.int64) + _LEAST, none * np.nan, none.astype(np.int64), none, none, none)
    largest = to_host(np.where(np.isfinite(x), abs(x), 0.0).max(axis=0))
    exponents = np.where(largest > 0, np.frexp(largest)[1], _LEAST)
    usual = np.clip(exponents, -1000, 1000)  # of which the reciprocals are numbers
    shift = np.ldexp(1.0, -usual)
    sums = _all_at_once(x, finite, usual, shift)
    far = _FAR * sums.squares < sums.count * sums.mean**2
    doubtful = (far | (sums.squares < _SMALL)) & (sums.count > 0)
    exact = (sums.squares == 0) & (sums.mean == 0) & (exponents == usual)[:, None]
    return _one_by_one(to_host(x), finite, sums, (doubtful | doubtful.T) & ~(exact & exact.T))


def _all_at_once(x: Any, finite: Any, exponents: Any, shift: Any) -> PairSums:
    scaled = x.astype(np.float64, copy=False) * to_device_of(x, shift)
    level = column_mean_variance(scaled)
    origin = np.nan_to_num(to_host(level.origin) + to_host(level.mean))
    width = x.shape[1]
    if finite.all():
        cross = cross_sums(scaled, to_device_of(x, origin))
        products, sums, count = map(to_host, cross)
        squares = np.broadcast_to(np.diag(products)[:, None], (width, width))
    else:
        centred = scaled - to_device_of(x, origin)
        both = np.concatenate([centred, centred * centred], axis=1)
        products, sums, count = map(to_host, cross_sums(both, to_device_of(x, np.zeros(2 * width))))
        products, squares = products[:width, :width], sums[width:, :width]
        sums, count = sums[:width, :width], count[:width, :width]
    many = np.maximum(count, 1)
    mean = sums / many
    return PairSums(
        np.broadcast_to(exponents[:, None], (width, width)).copy(),
        np.broadcast_to(np.ldexp(origin, exponents)[:, None], (width, width)).copy(),
        count,
        mean,
        np.maximum(squares - sums * mean, 0.0),
        products - sums * mean.T,
    )


def _one_by_one(x: Any, finite: Any, sums: PairSums, pairs: Any) -> PairSums:
    """The sums of these pairs, each in units of its own, of differences from its own first value."""
    for i, j in zip(*np.nonzero(np.triu(pairs)), strict=True):
        both = finite[:, i] & finite[:, j]
        columns, units = zip(*(_in_own_unit(x[both, column]) for column in (i, j)), strict=True)
        distances = [values - values[0] for values in columns]
        means = [values.mean() for values in distances]
        centred = [values - mean for values, mean in zip(distances, means, strict=True)]
        product = (centred[0] * centred[1]).sum()
        for row, column, own in ((i, j, 0), (j, i, 1)):
            sums.exponents[row, column], sums.mean[row, column] = units[own], means[own]
            sums.origin[row, column] = np.ldexp(columns[own][0], units[own])
            sums.squares[row, column], sums.products[row, column] = (centred[own] ** 2).sum(), product
    return sums


def _in_own_unit(values: Any) -> tuple[Any, int]:
    values = values.astype(np.float64)
    largest = np.abs(values).max()
    exponent = int(np.frexp(largest)[1]) if largest > 0 else _LEAST
    return np.ldexp(values, -exponent), exponent


def pair_sums_merged(first: PairSums, second: PairSums) -> PairSums:
    """Of the rows of both."""
    exponents = np.maximum(
        np.where(first.count > 0, first.exponents, _LEAST), np.where(second.count > 0, second.exponents, _LEAST)
    )
    one, other = (_recounted(part, exponents - part.exponents) for part in (first, second))
    count = first.count + second.count
    share = second.count / np.maximum(count, 1)
    shift = np.ldexp(second.origin, -exponents) - np.ldexp(first.origin, -exponents)
    distance = np.where((first.count > 0) & (second.count > 0), shift + other.mean - one.mean, 0.0)
    weight = first.count * share
    return PairSums(
        exponents,
        np.where(first.count > 0, first.origin, second.origin),
        count,
        np.where(first.count > 0, one.mean + distance * share, other.mean),
        one.squares + other.squares + distance * distance * weight,
        one.products + other.products + distance * distance.T * weight,
    )


def _recounted(sums: PairSums, by: Any) -> PairSums:
    return sums._replace(
        mean=np.ldexp(sums.mean, -by),
        squares=np.ldexp(sums.squares, -2 * by),
        products=np.ldexp(sums.products, -by - by.T),
    )


def coefficients(sums: PairSums) -> Any:
    """The correlation of each pair; NaN where a column does not vary over the common rows."""
    spread = np.sqrt(sums.squares)
    varies = (sums.squares > 0) & (sums.squares.T > 0)
    found = np.clip(sums.products / np.where(varies, spread, 1.0) / np.where(varies, spread.T, 1.0), -1.0, 1.0)
    found[np.diag_indices(len(found))] = 1.0
    return np.where(varies, found, np.nan)
