"""How columns move together, over the rows that each pair of them has in common."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels.correlation import about_means

from . import backend, parallel
from .jit import jit
from .products import TOGETHER, add_products, pair_sums

#: A pair's squares about its own means that are less than this share of a column's have lost digits.
_LEAST_SHARE = 1e-3

#: Squares that sum up to less may have lost digits one by one.
_LEAST_SQUARES = 1e-250

#: Nanoseconds that a row takes in a pair of columns by itself.
_COST = 10


#: Columns whose mean is taken together: a cache line of float64.
_COLUMNS = 8


@backend.kernel("pearson", opt_in=True)
def pearson(threads: int, x: Any) -> Any:
    means = np.empty(x.shape[1])
    parallel.run(threads, _means, parallel.tiles(x.shape[1], 2 * len(x), _COLUMNS), x, means)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        found = pair_sums(threads, x, means)
        varying = found.squares - found.sums * found.sums / found.counts
        spread = np.sqrt(varying) * np.sqrt(varying.T)
        result = (found.products - found.sums * found.sums.T / found.counts) / spread
    kept = varying > np.maximum(_LEAST_SHARE * np.diag(found.products)[:, None], _LEAST_SQUARES)
    pairs = np.argwhere(np.triu(~(kept & kept.T)))
    parallel.run(threads, _coefficients, parallel.tiles(len(pairs), _COST * len(x)), pairs, x, result)
    return _finished(result, x.dtype)


def _finished(result: Any, dtype: Any) -> Any:
    """Symmetric, within -1 and 1, and 1 on the diagonal."""
    result = np.clip(result, -1.0, 1.0)
    diagonal = np.einsum("ii->i", result)
    diagonal[~np.isnan(diagonal)] = 1.0
    return result.astype(dtype, copy=False)


@jit
def _means(start, stop, x, means):
    """Of each column's finite values, by their differences from the first of them."""
    first, count, total = np.empty(_COLUMNS), np.zeros(_COLUMNS), np.zeros(_COLUMNS)
    for left in range(start, stop, _COLUMNS):
        width = min(_COLUMNS, stop - left)
        count[:], total[:], first[:] = 0.0, 0.0, 0.0
        for i in range(len(x)):
            for j in range(width):
                value = np.float64(x[i, left + j])
                if abs(value) < np.inf:
                    first[j] = value if count[j] == 0.0 else first[j]
                    count[j] += 1.0
                    total[j] += value - first[j]
        for j in range(width):
            means[left + j] = first[j] + total[j] / max(count[j], 1.0)


@jit
def _coefficients(start, stop, pairs, x, result):
    for at in range(start, stop):
        i, j = pairs[at]
        coefficient = _coefficient(x, i, j)
        result[i, j] = coefficient
        result[j, i] = coefficient


@jit
def _coefficient(x, i, j):
    """Of one pair of columns, about their means over the rows that they share."""
    count, a, b, total_a, total_b = 0, 0.0, 0.0, 0.0, 0.0
    scale_a, scale_b = _scales(x, i, j)
    for row in range(len(x)):
        if np.isfinite(x[row, i]) and np.isfinite(x[row, j]):
            if count == 0:
                a, b = x[row, i] * scale_a, x[row, j] * scale_b
            count += 1
            total_a += x[row, i] * scale_a - a
            total_b += x[row, j] * scale_b - b
    mean_a, mean_b = total_a / max(count, 1), total_b / max(count, 1)
    products, squares_a, squares_b = 0.0, 0.0, 0.0
    for row in range(len(x)):
        if np.isfinite(x[row, i]) and np.isfinite(x[row, j]):
            value_a, value_b = (x[row, i] * scale_a - a) - mean_a, (x[row, j] * scale_b - b) - mean_b
            products += value_a * value_b
            squares_a += value_a * value_a
            squares_b += value_b * value_b
    return products / (np.sqrt(squares_a) * np.sqrt(squares_b))


@jit
def _scales(x, i, j):
    """Powers of two that bring the common values of two columns to 1 and below, so that their squares fit."""
    largest_a, largest_b = 0.0, 0.0
    for row in range(len(x)):
        if np.isfinite(x[row, i]) and np.isfinite(x[row, j]):
            largest_a, largest_b = max(largest_a, abs(x[row, i])), max(largest_b, abs(x[row, j]))
    exponent_a, exponent_b = max(math.frexp(largest_a)[1], -1000), max(math.frexp(largest_b)[1], -1000)
    return math.ldexp(1.0, -exponent_a), math.ldexp(1.0, -exponent_b)


@backend.kernel("spearman")
def spearman(threads: int, x: Any) -> Any:
    """Each column is sorted once; ranks within the common rows of a pair are counted along the sorted columns."""
    columns = np.where(np.isfinite(x), x, x.dtype.type(np.nan)).T.copy()
    order, ranks = np.empty(columns.shape, np.int64), np.empty(columns.shape)
    parallel.run(threads, _rank, parallel.tiles(len(columns), 100 * len(x)), columns, order, ranks)
    whole = np.isfinite(columns).all(axis=1)
    result = np.full((len(columns), len(columns)), np.nan)
    result[np.ix_(whole, whole)] = _of_ranks(threads, ranks[whole].T.copy())
    pairs = np.argwhere(np.triu(~(whole & whole[:, None])))
    parallel.run(threads, _rank_coefficients, parallel.tiles(len(pairs), _COST * len(x)), pairs, columns, order, result)
    return _finished(result, x.dtype)


def _of_ranks(threads: int, ranks: Any) -> Any:
    """From twice the ranks about their mean, whole numbers: their sums are exact as far as float64 counts."""
    products = pair_sums(threads, ranks, np.zeros(ranks.shape[1])).products
    spread = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        return products / (spread[:, None] * spread)


def _rank(start: int, stop: int, columns: Any, order: Any, ranks: Any) -> None:
    for j in range(start, stop):
        order[j] = np.argsort(columns[j])  # NumPy's is faster than Numba's, and releases the GIL as well
        _count_along(columns[j], order[j], columns[j], ranks[j])


@jit
def _count_along(values, order, others, ranks):
    """Twice the ranks, less their mean, of the values in rows that `others` has too; how many those are."""
    count = 0
    for at in range(len(order)):
        count += not (np.isnan(values[order[at]]) or np.isnan(others[order[at]]))
    below, at = 0, 0
    while at < len(order):
        value, up_to, start = values[order[at]], below, at
        while at < len(order) and (values[order[at]] == value or at == start):
            up_to += not (np.isnan(values[order[at]]) or np.isnan(others[order[at]]))
            at += 1
        for place in range(start, at):
            ranks[order[place]] = below + up_to - count
        below = up_to
    return count


@jit
def _rank_coefficients(start, stop, pairs, columns, order, result):
    a, b = np.empty(columns.shape[1]), np.empty(columns.shape[1])
    for at in range(start, stop):
        i, j = pairs[at]
        _count_along(columns[i], order[i], columns[j], a)
        _count_along(columns[j], order[j], columns[i], b)
        products, squares_a, squares_b = 0.0, 0.0, 0.0
        for row in range(columns.shape[1]):
            if not (np.isnan(columns[i, row]) or np.isnan(columns[j, row])):
                products += a[row] * b[row]
                squares_a += a[row] * a[row]
                squares_b += b[row] * b[row]
        coefficient = products / (np.sqrt(squares_a) * np.sqrt(squares_b))
        result[i, j] = coefficient
        result[j, i] = coefficient


#: A block of correlations, and the columns that it is made from, stay in the first-level cache.
_HEIGHT, _WIDTH = 16, 256


@backend.kernel("sparse_correlation", opt_in=True)
def sparse_correlation(threads: int, x: Any, threshold: float) -> tuple[Any, ...]:
    values, columns = _standardised(x), x.shape[1]
    found: dict[int, tuple[Any, ...]] = {}
    work = [(first, min(first + _HEIGHT, columns)) for first in range(0, columns, _HEIGHT)]
    parallel.run(threads, _find, work, values, threshold, found)
    counts, indices, data = (np.concatenate(parts) for parts in zip(*(found[first] for first, _ in work), strict=True))
    return _mirrored(counts, indices, data.astype(x.dtype, copy=False))


def _standardised(x: Any) -> Any:
    """The columns with length 1 around 0, and rows of zeros to fill the last group; a constant column is NaN."""
    values = np.zeros((-(-len(x) // TOGETHER) * TOGETHER, x.shape[1]))
    columns, norms = about_means(x.astype(np.float64, copy=False))
    np.divide(columns, norms, out=values[: len(x)])
    return values


def _find(first: int, last: int, values: Any, threshold: float, found: dict[int, Any]) -> None:
    found[first] = _strip(first, last, values, threshold)


@jit
def _strip(first, last, values, threshold):
    """Rows `first` to `last` of the correlations, from the diagonal on: how many are kept, which, and their values."""
    columns = values.shape[1]
    strip, block = np.empty((last - first, columns)), np.empty((_HEIGHT, _WIDTH))
    for left in range(first, columns, _WIDTH):
        right = min(left + _WIDTH, columns)
        block[:] = 0.0
        add_products(values, first, last, left, right, block, first, left)
        strip[:, left:right] = block[: last - first, : right - left]
    counts = np.zeros(last - first, np.int64)
    for i in range(first, last):
        itself = strip[i - first, i]
        strip[i - first, i] = itself if np.isnan(itself) else 1.0
        for j in range(i, columns):
            counts[i - first] += i == j or abs(strip[i - first, j]) >= threshold
    indices, data, at = np.empty(counts.sum(), np.int64), np.empty(counts.sum()), 0
    for i in range(first, last):
        for j in range(i, columns):
            if i == j or abs(strip[i - first, j]) >= threshold:
                indices[at], data[at] = j, min(max(strip[i - first, j], -1.0), 1.0)
                at += 1
    return counts, indices, data


@jit
def _mirrored(counts, indices, data):
    """The whole CSR matrix from what stands on and above its diagonal: rows above a row have filled it up to there."""
    indptr = np.zeros(len(counts) + 1, np.int64)
    at = 0
    for i in range(len(counts)):
        for _ in range(counts[i]):
            indptr[i + 1] += 1
            indptr[indices[at] + 1] += indices[at] != i
            at += 1
    indptr = np.cumsum(indptr)
    free, at = indptr[:-1].copy(), 0
    columns, values = np.empty(indptr[-1], np.int64), np.empty(indptr[-1], data.dtype)
    for i in range(len(counts)):
        for _ in range(counts[i]):
            j, value = indices[at], data[at]
            columns[free[i]], values[free[i]] = j, value
            free[i] += 1
            if j != i:
                columns[free[j]], values[free[j]] = i, value
                free[j] += 1
            at += 1
    return values, columns, indptr
