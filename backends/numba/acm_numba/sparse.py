"""Products of CSR matrices with vectors and matrices, summed up in float64."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from acm_dispatch.contract.csr import check_csr

from . import backend, parallel
from .jit import jit

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
