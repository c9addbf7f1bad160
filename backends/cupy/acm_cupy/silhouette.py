"""How well clusters hold together."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .declared import kernel
from .distances import distances
from .extremes import enlarged, squares_fit


@kernel("silhouette_samples")
def silhouette_samples(xp: Any, x: Any, codes: Any) -> Any:
    sizes = xp.bincount(codes)
    tables = _segment_tables(xp, sizes, len(x))
    fits = x.dtype == xp.float32 or squares_fit(x)
    wide = x.astype(xp.float64, copy=False) if fits else enlarged(xp, x)
    by_cluster = wide[xp.argsort(codes)]
    scores = xp.empty(len(x), x.dtype)
    for rows in blocks(len(x), x.size):
        sums = _segment_sums(xp, distances(xp, by_cluster, wide[rows], fits), tables)
        scores[rows] = _silhouettes(xp, sums, sizes, codes[rows])
        if not fits:  # sums beyond the largest number; in a large unit they are not
            far = distances(xp, by_cluster * 2.0**-64, wide[rows] * 2.0**-64, fits)
            scores_of_far = _silhouettes(xp, _segment_sums(xp, far, tables), sizes, codes[rows])
            scores[rows] = xp.where(xp.isinf(scores[rows]), scores_of_far, scores[rows])
    return scores


def _segment_tables(xp: Any, sizes: Any, total: int) -> list[tuple[Any, Any]]:
    """How to sum ranges of rows, `sizes` long one after the other: which rows to gather, and which of them count.

    Each table cuts the ranges into pieces of about their mean length and leaves one row for each piece, until each
    range is one row. `add.reduceat` would not do: CuPy subtracts running sums, which cancels digits.
    """
    tables: list[tuple[Any, Any]] = []
    while not tables or total > len(sizes):
        length = max(total // len(sizes), 2)
        pieces = (sizes + (length - 1)) // length
        ends, piece_ends = xp.cumsum(sizes), xp.cumsum(pieces)
        total = int(piece_ends[-1])
        piece = xp.arange(total)
        of = xp.searchsorted(piece_ends, piece, side="right")
        first = (ends - sizes)[of] + (piece - (piece_ends - pieces)[of]) * length
        rows = first[:, None] + xp.arange(length)
        counts = rows < ends[of][:, None]
        tables.append((xp.where(counts, rows, 0), counts[:, :, None]))
        sizes = pieces
    return tables


def _segment_sums(xp: Any, rows: Any, tables: list[tuple[Any, Any]]) -> Any:
    for gathered, counts in tables:
        rows = xp.where(counts, rows[gathered], 0.0).sum(axis=1)
    return rows


def _silhouettes(xp: Any, sums: Any, sizes: Any, own: Any) -> Any:
    """Of one row a column, from its summed distances to each cluster."""
    others = own[None] != xp.arange(len(sizes))[:, None]
    within = xp.take_along_axis(sums, own[None], axis=0)[0] / (sizes[own] - 1)
    between = xp.where(others, sums / sizes[:, None], xp.inf).min(axis=0)
    at_least = xp.where(others, xp.minimum(sums, xp.finfo(sums.dtype).max) / sizes[:, None], xp.inf).min(axis=0)
    score = (between - within) / xp.maximum(within, between)
    # No value means 0: alone in its cluster (0 / 0 within) or a = b = 0. Infinity means that a sum that counts was: the
    # one within, or one to a cluster that may be the nearest.
    overflowed = (within == xp.inf) | (at_least < between)
    return xp.where(overflowed, xp.inf, xp.where(xp.isnan(score), 0.0, score))
