"""Count, mean and spread of columns, in a form in which parts of a column can be joined."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from acm_dispatch.ops import units
from acm_dispatch.ops.mean_variance import mean_variance_in_ones

from . import backend, parallel
from .jit import jit

#: Numbers in a block whose mean and variance are taken in two passes: 128 KB of float64 stay in the second-level cache.
_BLOCK = 1 << 14


@backend.kernel("column_mean_variance")
def column_mean_variance(threads: int, x: Any) -> tuple[Any, ...]:
    return mean_variance_in_ones(*mean_variance_in_units(threads, x))


def mean_variance_in_units(threads: int, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The levels of columns counted in units of their own, and the exponents of these."""
    found = _column_mean_variance(threads, x)
    return units.fitted(partial(_column_mean_variance, threads), x, found, np.where(found[1] > 0, found[3], 1.0))


def _column_mean_variance(threads: int, x: Any) -> tuple[Any, ...]:
    columns = x.shape[1]
    origin = _first_finite(x)
    work = parallel.tiles(len(x), 2 * columns)
    length = work[0][1]
    partial = np.empty((len(work), 3, columns))
    parallel.run(threads, _levels, work, x, origin, length, partial)
    count, mean, squares = _total(partial)
    return origin, count.astype(np.int64), mean, squares


@jit
def _first_finite(x):
    """Each column's first finite value, NaN if it has none."""
    found = np.full(x.shape[1], np.nan)
    for j in range(x.shape[1]):
        for i in range(len(x)):
            if np.isfinite(x[i, j]):
                found[j] = x[i, j]
                break
    return found


@jit
def _levels(start, stop, x, origin, length, partial):
    """Count, mean and sum of squares of rows `start` to `stop`, each column less its `origin`."""
    total = partial[start // length]
    total[:] = 0.0
    block = np.empty((3, x.shape[1]))
    rows = max(_BLOCK // x.shape[1], 1)
    for begin in range(start, stop, rows):
        end = min(begin + rows, stop)
        _mean(x, begin, end, origin, block[0], block[1])
        _squares(x, begin, end, origin, block[1], block[2])
        _merge(total, block)


@jit
def _mean(x, begin, end, origin, count, mean):
    count[:], mean[:] = 0.0, 0.0
    for i in range(begin, end):
        for j in range(x.shape[1]):
            finite = abs(x[i, j]) < np.inf
            count[j] += 1.0 if finite else 0.0
            mean[j] += x[i, j] - origin[j] if finite else 0.0
    for j in range(x.shape[1]):
        mean[j] /= max(count[j], 1.0)


@jit
def _squares(x, begin, end, origin, mean, squares):
    squares[:] = 0.0
    for i in range(begin, end):
        for j in range(x.shape[1]):
            difference = (x[i, j] - origin[j]) - mean[j] if abs(x[i, j]) < np.inf else 0.0
            squares[j] += difference * difference


@jit
def _merge(total, block):
    """Chan's rule: adds count, mean and sum of squares of a further block to those of all before."""
    for j in range(total.shape[1]):
        count = total[0, j] + block[0, j]
        if block[0, j] > 0.0:
            share = block[0, j] / count
            difference = block[1, j] - total[1, j]
            total[2, j] += block[2, j] + difference * difference * total[0, j] * share
            total[1, j] += difference * share
            total[0, j] = count


@jit
def _total(partial):
    """The blocks merged in order."""
    total = np.zeros((3, partial.shape[2]))
    for i in range(len(partial)):
        _merge(total, partial[i])
    return total
