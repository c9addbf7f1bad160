"""Mean, variance and higher moments of each column's values."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels import units
from acm_dispatch.numpy_kernels.moments import kurtosis, mean_variance_in_ones, recounted, skewness
from acm_dispatch.ops.sums import Sums

from . import backend, parallel
from .jit import jit

#: Columns that are walked down together: a cache line of float64.
_COLUMNS = 8

#: Nanoseconds that one number takes in both passes.
_COST = 5


@backend.kernel("column_moments")
def column_moments(threads: int, x: Any, ddof: int) -> tuple[Any, ...]:
    exponents, sums = _sums_in_units(threads, x)
    count, freedom = sums.count, sums.count - ddof
    mean = np.ldexp(sums.origin, -exponents) + sums.mean
    variance = np.where(freedom > 0, sums.squares / np.maximum(freedom, 1), np.nan)
    shape = skewness(count, sums.squares, sums.cubes), kurtosis(count, sums.squares, sums.fourths)
    with np.errstate(over="ignore", under="ignore"):
        numbers = np.ldexp(mean, exponents), np.ldexp(variance, 2 * exponents), *shape, sums.minimum, sums.maximum
        return count, *(number.astype(x.dtype, copy=False) for number in numbers)


@backend.kernel("column_sums")
def column_sums(threads: int, x: Any) -> tuple[Any, ...]:
    exponents, sums = _sums_in_units(threads, x)
    with np.errstate(over="ignore", under="ignore"):
        return tuple(recounted(sums, -exponents))


def _sums_in_units(threads: int, x: Any) -> tuple[Any, Sums]:
    """The sums of columns counted in units of their own, and the exponents of these; values are left as they are."""
    found = Sums(*_column_sums(threads, x))
    squares = np.where(found.count > 0, found.squares, 1.0)
    # Of equal values, 0 is right.
    squares = np.where(found.minimum == found.maximum, 1.0, squares)
    exponents, sums = units.fitted(partial(_column_sums, threads), x, found, squares)
    return exponents, Sums(*sums)._replace(origin=found.origin, minimum=found.minimum, maximum=found.maximum)


def _column_sums(threads: int, x: Any) -> tuple[Any, ...]:
    counts, numbers = np.empty((2, x.shape[1]), np.int64), np.empty((10, x.shape[1]))
    work = parallel.tiles(x.shape[1], len(x) * _COST, _COLUMNS)
    parallel.run(threads, _sums, work, x, counts, numbers)
    return numbers[0], counts[0], *numbers[1:7], counts[1], *numbers[7:]


@jit
def _sums(start, stop, x, counts, numbers):
    for first in range(start, stop, _COLUMNS):
        last = min(first + _COLUMNS, stop)
        _means(x, first, last, counts, numbers)
        _powers_and_pairs(x, first, last, counts[1], numbers)


@jit
def _means(x, first, last, counts, numbers):
    """Everything of columns `first` to `last` that comes before distances from the mean."""
    counts[:, first:last] = 0
    numbers[:, first:last] = 0.0
    for j in range(first, last):
        numbers[0, j], numbers[5, j], numbers[6, j] = np.nan, np.nan, np.nan
    _extents(x, first, last, counts[0], numbers)
    for j in range(first, last):
        numbers[1, j] /= max(counts[0, j], 1)


@jit
def _extents(x, first, last, counts, numbers):
    """Origin, count, sum and extremes of columns `first` to `last`."""
    for i in range(len(x)):
        for j in range(first, last):
            value = np.float64(x[i, j])
            if not np.isfinite(value):
                continue
            if counts[j] == 0:
                numbers[0, j], numbers[5, j], numbers[6, j] = value, value, value
            counts[j] += 1
            numbers[1, j] += value - numbers[0, j]
            numbers[5, j] = min(numbers[5, j], value)
            numbers[6, j] = max(numbers[6, j], value)


@jit
def _powers_and_pairs(x, first, last, pairs, numbers):
    for i in range(len(x)):
        for j in range(first, last):
            if not np.isfinite(x[i, j]):
                continue
            value = np.float64(x[i, j]) - numbers[0, j]
            distance = value - numbers[1, j]
            square = distance * distance
            numbers[2, j] += square
            numbers[3, j] += square * distance
            numbers[4, j] += square * square
            if i > 0 and np.isfinite(x[i - 1, j]):
                before = np.float64(x[i - 1, j]) - numbers[0, j]
                pairs[j] += 1
                numbers[7, j] += before
                numbers[8, j] += value
                numbers[9, j] += before * value


#: Numbers in a block whose mean and variance are taken in two passes: 128 KB of float64 stay in the second-level cache.
_BLOCK = 1 << 14


@backend.kernel("column_mean_variance")
def column_mean_variance(threads: int, x: Any) -> tuple[Any, ...]:
    return mean_variance_in_ones(*mean_variance_in_units(threads, x))


def mean_variance_in_units(threads: int, x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The mean and variance of columns counted in units of their own, and the exponents of these."""
    found = _column_mean_variance(threads, x)
    return units.fitted(partial(_column_mean_variance, threads), x, found, np.where(found[1] > 0, found[3], 1.0))


def _column_mean_variance(threads: int, x: Any) -> tuple[Any, ...]:
    columns = x.shape[1]
    origin = _first_finite(x)
    work = parallel.tiles(len(x), 2 * columns)
    length = work[0][1]
    partial = np.empty((len(work), 3, columns))
    parallel.run(threads, _mean_variance, work, x, origin, length, partial)
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
def _mean_variance(start, stop, x, origin, length, partial):
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
