"""Distances between the rows of matrices, by direct differences in float64."""

from __future__ import annotations

from typing import Any

from .blocks import pairs


def pairwise_euclidean(xp: Any, x: Any, y: Any) -> Any:
    out = xp.empty((len(x), len(x if y is None else y)), x.dtype)
    left = x.astype(xp.float64, copy=False)
    right = left if y is None else y.astype(xp.float64, copy=False)
    for rows, columns_of_rows in pairs(len(left), len(right), x.shape[1]):
        for columns in columns_of_rows:
            # With itself, what lies left of a block on the diagonal is the mirror image of blocks before it.
            start = columns.start if y is not None else max(columns.start, rows.start)
            if start < columns.stop:
                block = xp.sqrt(squares(left[rows], right[start : columns.stop]))
                out[rows, start : columns.stop] = block
                if y is None:
                    out[start : columns.stop, rows] = block.T
    return out


def squares(x: Any, y: Any) -> Any:
    """Squared distance of each row of `x` to each row of `y`."""
    difference = x[:, None] - y[None]
    difference *= difference
    return difference.sum(axis=2)


def pairwise_distances_argmin(xp: Any, x: Any, y: Any) -> Any:
    return pairwise_distances_argmin_min(xp, x, y)[0]


def pairwise_distances_argmin_min(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    indices, distances = xp.empty(len(x), xp.int64), xp.empty(len(x), x.dtype)
    left, right = x.astype(xp.float64, copy=False), y.astype(xp.float64, copy=False)
    for rows, columns_of_rows in pairs(len(x), len(y), x.shape[1]):
        nearest, least = _nearest(left[rows], right[next(columns_of_rows)])
        for columns in columns_of_rows:
            candidate, distance = _nearest(left[rows], right[columns])
            nearer = distance < least
            nearest = xp.where(nearer, candidate + columns.start, nearest)
            least = xp.where(nearer, distance, least)
        indices[rows], distances[rows] = nearest, xp.sqrt(least)
    return indices, distances


def _nearest(x: Any, y: Any) -> tuple[Any, Any]:
    distance = squares(x, y)
    return distance.argmin(axis=1), distance.min(axis=1)


def assigned_distances(xp: Any, x: Any, centers: Any, labels: Any) -> Any:
    known = (labels >= 0) & (labels < len(centers))
    difference = x.astype(xp.float64) - centers.astype(xp.float64)[xp.where(known, labels, 0)]
    return xp.where(known, xp.sqrt((difference * difference).sum(axis=1)), xp.nan).astype(x.dtype)
