"""Products of CSR matrices with vectors and matrices, and correlations of many columns; summed up in float64."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from acm_dispatch.ops.correlation import about_means
from acm_dispatch.ops.sparse_operands import check_csr

from . import backend, parallel
from .jit import jit
from .products import TOGETHER, add_products

#: Products of a tile: about a quarter of a millisecond.
_PRODUCTS = 1 << 18


@backend.kernel("csr_matmul")
def csr_matmul(threads: int, data: Any, indices: Any, indptr: Any, b: Any) -> Any:
    check_csr("csr_matmul", data, indices, indptr, len(b))
    out = np.empty((len(indptr) - 1, b.shape[1]), b.dtype)
    parallel.run(threads, _sum_rows, _tiles(indptr, _PRODUCTS // b.shape[1]), data, indices, indptr, b, out)
    return out


@jit
def _sum_rows(start, stop, data, indices, indptr, b, out):
    total = np.empty(b.shape[1])
    for row in range(start, stop):
        total[:] = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            value, other = np.float64(data[at]), indices[at]
            for k in range(b.shape[1]):
                total[k] += value * b[other, k]
        out[row] = total


@backend.kernel("csr_matvec")
def csr_matvec(threads: int, data: Any, indices: Any, indptr: Any, v: Any) -> Any:
    check_csr("csr_matvec", data, indices, indptr, len(v))
    out = np.empty(len(indptr) - 1, v.dtype)
    parallel.run(threads, _dot_rows, _tiles(indptr, _PRODUCTS), data, indices, indptr, v, out)
    return out


@jit
def _dot_rows(start, stop, data, indices, indptr, v, out):
    for row in range(start, stop):
        total = 0.0
        for at in range(indptr[row], indptr[row + 1]):
            total += np.float64(data[at]) * v[indices[at]]
        out[row] = total


def _tiles(indptr: Any, values: int) -> list[parallel.Tile]:
    """Ranges of rows of about as many values each, rather than as many rows."""
    height = len(indptr) - 1
    # A row counts for one more, so that empty ones do not come for nothing.
    cost = indptr + np.arange(height + 1)
    inner = np.searchsorted(cost, np.arange(max(values, 1), cost[-1], max(values, 1)))
    bounds = np.unique(np.concatenate([[0], inner, [height]])).tolist()
    return list(pairwise(bounds))


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
