"""How columns move together, over the rows that each pair of them has in common."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels.correlation import pairwise_complete, rescaled

from .blocks import blocks
from .declared import kernel


@kernel("pearson")
def pearson(xp: Any, x: Any) -> Any:
    return pairwise_complete(xp, x.astype(xp.float64, copy=False)).astype(x.dtype, copy=False)


@kernel("spearman")
def spearman(xp: Any, x: Any) -> Any:
    """A column with all others at a time. Each column is sorted once; ranks within common rows are counted along it."""
    present = xp.isfinite(x)
    values = xp.where(present, x, x.dtype.type(xp.nan))
    order = xp.argsort(values, axis=0)
    sorting = order, xp.argsort(order, axis=0), *_ties(xp, xp.take_along_axis(values, order, axis=0))
    result = xp.empty((x.shape[1], x.shape[1]))
    for i in range(x.shape[1]):
        both = present[:, i:] & present[:, i : i + 1]
        others = _centred_ranks(xp, both, *(part[:, i:] for part in sorting))
        own = _centred_ranks(xp, both, *(xp.broadcast_to(part[:, i : i + 1], both.shape) for part in sorting))
        spread = xp.sqrt((own * own).sum(axis=0)) * xp.sqrt((others * others).sum(axis=0))
        result[i, i:] = xp.clip((own * others).sum(axis=0) / spread, -1.0, 1.0)
        result[i:, i] = result[i, i:]
    itself = xp.eye(len(result), dtype=bool) & xp.isfinite(result)
    return xp.where(itself, 1.0, result).astype(x.dtype, copy=False)


def _ties(xp: Any, values: Any) -> tuple[Any, Any]:
    """For each place in sorted columns, where the run of equal values that it belongs to starts and stops."""
    new = xp.concatenate([xp.ones((1, values.shape[1]), bool), values[1:] != values[:-1]]).T.ravel()
    starts = xp.flatnonzero(new)
    stops = xp.concatenate([starts[1:], xp.full(1, values.size)])
    run = xp.cumsum(new, dtype=xp.int64).reshape(values.shape[1], -1).T - 1
    above = len(values) * xp.arange(values.shape[1])
    return starts[run] - above, stops[run] - above


def _centred_ranks(xp: Any, present: Any, order: Any, place: Any, start: Any, stop: Any) -> Any:
    """Ranks of each column's present values among themselves, less their mean; 0 for the others."""
    counted = xp.cumsum(xp.take_along_axis(present, order, axis=0), axis=0, dtype=xp.int64)
    counted = xp.concatenate([xp.zeros((1, present.shape[1]), counted.dtype), counted])
    below, up_to = (xp.take_along_axis(counted, edge, axis=0) for edge in (start, stop))
    ranks = (below + up_to - counted[-1]) / 2.0
    return xp.where(present, xp.take_along_axis(ranks, place, axis=0), 0.0)


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
    x = rescaled(xp, x.astype(xp.float64, copy=False))
    rows = (x - x[0]).T.astype(xp.float64, order="C")
    rows -= rows.mean(axis=1, keepdims=True)
    norms = xp.sqrt((rows * rows).sum(axis=1))
    return rows / xp.where((x == x[0]).all(axis=0), xp.nan, norms)[:, None]
