"""Products of CSR matrices by sums along their rows, and correlations a band of columns at a time; in float64."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.correlation import moderate
from acm_dispatch.ops.sparse_operands import check_csr

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


@kernel("sparse_correlation")
def sparse_correlation(xp: Any, x: Any, threshold: float) -> tuple[Any, ...]:
    rows = _standardised(xp, x)
    data, indices, counts = [], [], [xp.zeros(1, xp.int64)]
    for some in blocks(len(rows), len(rows)):
        band = xp.clip(xp.matmul(rows[some], rows.T), -1.0, 1.0)
        diagonal = xp.arange(some.start, some.stop)[:, None] == xp.arange(len(rows))
        band = xp.where(diagonal & ~xp.isnan(band), 1.0, band)
        keep = (xp.abs(band) >= threshold) | diagonal
        data.append(band[keep].astype(x.dtype, copy=False))
        indices.append(xp.nonzero(keep)[1].astype(xp.int64, copy=False))
        counts.append(keep.sum(axis=1))
    return xp.concatenate(data), xp.concatenate(indices), xp.cumsum(xp.concatenate(counts))


def _standardised(xp: Any, x: Any) -> Any:
    """The columns as rows of length 1 around 0; a constant one as NaN."""
    x = moderate(xp, x.astype(xp.float64, copy=False))
    rows = (x - x[0]).T.astype(xp.float64, order="C")
    rows -= rows.mean(axis=1, keepdims=True)
    norms = xp.sqrt((rows * rows).sum(axis=1))
    return rows / xp.where((x == x[0]).all(axis=0), xp.nan, norms)[:, None]
