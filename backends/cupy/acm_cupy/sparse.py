"""Products of CSR matrices by sums along their rows, in float64."""

from __future__ import annotations

from typing import Any

from acm_dispatch.contract.csr import check_csr

from .blocks import blocks
from .declared import kernel


@kernel("csr_matmul")
def csr_matmul(xp: Any, data: Any, indices: Any, indptr: Any, b: Any) -> Any:
    check_csr("csr_matmul", data, indices, indptr, len(b))
    out = xp.zeros((len(indptr) - 1, b.shape[1]), b.dtype)
    for columns in blocks(b.shape[1], len(data)):
        _sum_rows(xp, data, indices, indptr, b[:, columns], out[:, columns])
    return out


@kernel("csr_matvec")
def csr_matvec(xp: Any, data: Any, indices: Any, indptr: Any, v: Any) -> Any:
    check_csr("csr_matvec", data, indices, indptr, len(v))
    out = xp.zeros((len(indptr) - 1, 1), v.dtype)
    _sum_rows(xp, data, indices, indptr, v[:, None], out)
    return out[:, 0]


def _sum_rows(xp: Any, data: Any, indices: Any, indptr: Any, b: Any, out: Any) -> None:
    """Products summed by pairs, then pairs of pairs: the order is fixed, and a long row takes a few steps only."""
    used = int(indptr[-1])
    if not used:
        return
    places = xp.arange(used)
    row = xp.searchsorted(indptr, places, side="right") - 1
    within, stop = places - indptr[row], indptr[row + 1]
    products = data[:used, None].astype(xp.float64, copy=False) * b[indices[:used]]
    longest, reach = int((indptr[1:] - indptr[:-1]).max()), 1
    while reach < longest:
        both = (within % (2 * reach) == 0) & (places + reach < stop)
        products[:-reach] += xp.where(both[:-reach, None], products[reach:], 0.0)
        reach *= 2
    filled = indptr[1:] > indptr[:-1]
    first = products[xp.minimum(indptr[:-1], used - 1)]
    out[:] = xp.where(filled[:, None], first, 0.0).astype(out.dtype, copy=False)
