"""How well clusters hold together."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .distances import squares


def silhouette_samples(xp: Any, x: Any, codes: Any) -> Any:
    """Rows cluster by cluster, so that each sum runs over a range; a block of columns at a time."""
    sizes = xp.bincount(codes)
    starts = xp.cumsum(sizes) - sizes
    wide = x.astype(xp.float64, copy=False)
    by_cluster = wide[xp.argsort(codes)]
    scores = xp.empty(len(x), x.dtype)
    for rows in blocks(len(x), x.size):
        sums = xp.add.reduceat(xp.sqrt(squares(by_cluster, wide[rows])), starts, axis=0)
        scores[rows] = _silhouettes(xp, sums, sizes, codes[rows])
    return scores


def _silhouettes(xp: Any, sums: Any, sizes: Any, own: Any) -> Any:
    """Of one row a column, from its summed distances to each cluster."""
    others = own[None] != xp.arange(len(sizes))[:, None]
    within = xp.take_along_axis(sums, own[None], axis=0)[0] / (sizes[own] - 1)
    between = xp.where(others, sums / sizes[:, None], xp.inf).min(axis=0)
    score = (between - within) / xp.maximum(within, between)
    # No value means 0: alone in its cluster (0 / 0 within), a = b = 0, or infinite distances.
    return xp.where(xp.isnan(score), 0.0, score)
