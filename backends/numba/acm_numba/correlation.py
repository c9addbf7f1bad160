"""How columns move together, over the rows that each pair of them has in common."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit
from .products import pair_sums

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
