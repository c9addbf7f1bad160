"""Sums of products of columns, two at a time: what correlations and running statistics share.

Only the pairs on and above the diagonal are summed. Missing values are left out by counting what they would have
brought: a gap then costs one row of each sum, where products with a matrix of flags would cost all of them again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import parallel
from .jit import jit

#: Rows laid out together, in float64 and with 0 for what is missing; a multiple of `TOGETHER`.
_ROWS = 64

#: Rows whose products are added in one go.
TOGETHER = 4

#: Columns of which a tile holds the products with all columns after them.
_COLUMNS = 128

#: Least rows with sums of their own, and most of such groups: enough for the threads, few compared with the data.
_LEAST_ROWS, _GROUPS = 1024, 16


class PairSums(NamedTuple):
    """One number for each pair of columns, over the rows in which both have a finite value."""

    counts: Any
    products: Any
    sums: Any
    squares: Any


def pair_sums(threads: int, x: Any, origin: Any) -> PairSums:
    """Of differences from `origin`: products x[i] x[j], and sums and squares of x[i] where x[j] is finite."""
    rows, columns = x.shape
    group = max(-(-rows // _GROUPS), columns, _LEAST_ROWS)
    starts = range(0, rows, group)
    products, sums, squares, absent = parts = np.zeros((4, len(starts), columns, columns))
    totals = np.zeros((len(starts), columns))
    work = [(start, first) for start in starts for first in range(0, columns, _COLUMNS)]
    parallel.run(threads, _tile, work, x, origin.astype(np.float64), group, *parts, totals)
    upper = np.triu(products.sum(axis=0))
    products = upper + np.triu(upper, 1).T
    absent = absent.sum(axis=0)
    missing = np.diag(absent)
    return PairSums(
        counts=rows - missing[:, None] - missing + absent,
        products=products,
        sums=totals.sum(axis=0)[:, None] - sums.sum(axis=0).T.copy(),
        squares=np.diag(products)[:, None] - squares.sum(axis=0).T.copy(),
    )


@jit
def _tile(start, first, x, origin, group, products, sums, squares, absent, totals):
    columns = x.shape[1]
    part, stop, last = start // group, min(start + group, len(x)), min(first + _COLUMNS, columns)
    values, holes = np.empty((_ROWS, columns)), np.empty((_ROWS, columns))
    for top in range(start, stop, _ROWS):
        gaps = _lay_out(x, top, min(top + _ROWS, stop), first, origin, values, holes)
        add_products(values, first, last, first, columns, products[part], 0, 0)
        for k in range(_ROWS):
            for i in range(first, last):
                totals[part, i] += values[k, i]
        if gaps:
            _add_absent(values, holes, first, last, sums[part], squares[part], absent[part])


@jit
def _lay_out(x, top, stop, first, origin, values, holes):
    """Differences of the rows from `origin`, from column `first` on, and flags of the missing; how many are missing."""
    gaps = 0
    values[stop - top :] = 0.0
    holes[stop - top :] = 0.0
    for k in range(stop - top):
        for j in range(x.shape[1]):
            value = np.float64(x[top + k, j])
            finite = abs(value) < np.inf
            values[k, j] = value - origin[j] if finite else 0.0
            holes[k, j] = 0.0 if finite else 1.0
            gaps += not finite
    return gaps


@jit
def add_products(values, first, last, start, stop, out, top, left):
    """Add the products of columns `first` to `last` with columns `start` to `stop`, on and above the diagonal.

    `out` holds those of column `top` with column `left` in its corner, and is contiguous, as vectors need it. Two
    columns and four rows at a time: each number is loaded once for two columns, each sum once for four rows.
    """
    whole = last - (last - first) % 2
    for k in range(0, len(values), TOGETHER):
        for i in range(first, whole, 2):
            a, b, c, d = values[k, i], values[k + 1, i], values[k + 2, i], values[k + 3, i]
            e, f, g, h = values[k, i + 1], values[k + 1, i + 1], values[k + 2, i + 1], values[k + 3, i + 1]
            for j in range(max(i, start), stop):
                p, q, r, s = values[k, j], values[k + 1, j], values[k + 2, j], values[k + 3, j]
                out[i - top, j - left] += a * p + b * q + c * r + d * s
                out[i + 1 - top, j - left] += e * p + f * q + g * r + h * s
        for i in range(whole, last):
            a, b, c, d = values[k, i], values[k + 1, i], values[k + 2, i], values[k + 3, i]
            for j in range(max(i, start), stop):
                p, q, r, s = values[k, j], values[k + 1, j], values[k + 2, j], values[k + 3, j]
                out[i - top, j - left] += a * p + b * q + c * r + d * s


@jit
def _add_absent(values, holes, first, last, sums, squares, absent):
    """What columns `first` to `last` have in the rows that each column misses."""
    for k in range(len(values)):
        for j in range(holes.shape[1]):
            if holes[k, j] > 0.0:
                for i in range(first, last):
                    sums[j, i] += values[k, i]
                    squares[j, i] += values[k, i] * values[k, i]
                    absent[j, i] += holes[k, i]
