"""Distances between the rows of matrices, by direct differences in float64."""

from __future__ import annotations

from typing import Any

from .blocks import pairs
from .declared import kernel
from .extremes import are_in_range, lengths, squares_fit, units


@kernel("pairwise_euclidean")
def pairwise_euclidean(xp: Any, x: Any, y: Any) -> Any:
    out = xp.empty((len(x), len(x if y is None else y)), x.dtype)
    fits = x.dtype == xp.float32 or (squares_fit(x) and (y is None or squares_fit(y)))
    left = x.astype(xp.float64, copy=False)
    right = left if y is None else y.astype(xp.float64, copy=False)
    for rows, columns_of_rows in pairs(len(left), len(right), x.shape[1]):
        for columns in columns_of_rows:
            # With itself, what lies left of a block on the diagonal is the mirror image of blocks before it.
            start = columns.start if y is not None else max(columns.start, rows.start)
            if start < columns.stop:
                block = distances(xp, left[rows], right[start : columns.stop], fits)
                out[rows, start : columns.stop] = block
                if y is None:
                    out[start : columns.stop, rows] = block.T
    return out


def distances(xp: Any, x: Any, y: Any, fits: bool) -> Any:
    """Distance of each row of `x` to each row of `y`; `fits` if no square overflows or underflows."""
    differences = x[:, None] - y[None]
    return xp.sqrt(_squares(differences)) if fits else lengths(xp, differences)


def _squares(differences: Any) -> Any:
    differences *= differences
    return differences.sum(axis=2)


@kernel("pairwise_distances_argmin")
def pairwise_distances_argmin(xp: Any, x: Any, y: Any) -> Any:
    return pairwise_distances_argmin_min(xp, x, y)[0]


@kernel("pairwise_distances_argmin_min")
def pairwise_distances_argmin_min(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    indices, distances = xp.empty(len(x), xp.int64), xp.empty(len(x), x.dtype)
    left, right = x.astype(xp.float64, copy=False), y.astype(xp.float64, copy=False)
    for rows, columns_of_rows in pairs(len(x), len(y), x.shape[1]):
        columns = list(columns_of_rows)
        nearest, least = _nearest_of_blocks(xp, left[rows], right, columns, None)
        distance = xp.sqrt(least)
        # Of float32 no square overflows or underflows in float64.
        if x.dtype == xp.float64 and not (are_in_range(least) or (squares_fit(x) and squares_fit(y))):
            factors = units(xp, left[rows], right)
            nearest, _ = _nearest_of_blocks(xp, left[rows], right, columns, factors)
            distance = lengths(xp, left[rows] - right[nearest])
        indices[rows], distances[rows] = nearest, distance
    return indices, distances


def _nearest_of_blocks(
    xp: Any, x: Any, y: Any, columns: list[slice], factors: tuple[Any, Any] | None
) -> tuple[Any, Any]:
    nearest, least = _nearest(x, y[columns[0]], factors)
    for some in columns[1:]:
        candidate, distance = _nearest(x, y[some], factors)
        nearer = distance < least
        nearest = xp.where(nearer, candidate + some.start, nearest)
        least = xp.where(nearer, distance, least)
    return nearest, least


def _nearest(x: Any, y: Any, factors: tuple[Any, Any] | None) -> tuple[Any, Any]:
    """The nearest row and its squared distance, in a unit of its own where there are `factors`."""
    if factors is None:
        squared = _squares(x[:, None] - y[None])
    else:
        before, after = factors
        squared = _squares((x[:, None] * before - y[None] * before) * after)
    return squared.argmin(axis=1), squared.min(axis=1)


@kernel("assigned_distances")
def assigned_distances(xp: Any, x: Any, centers: Any, labels: Any) -> Any:
    labelled = (labels >= 0) & (labels < len(centers))
    difference = x.astype(xp.float64) - centers.astype(xp.float64)[xp.where(labelled, labels, 0)]
    squared = (difference * difference).sum(axis=1)
    ordinary = x.dtype == xp.float32 or are_in_range(squared)
    return xp.where(labelled, xp.sqrt(squared) if ordinary else lengths(xp, difference), xp.nan).astype(x.dtype)
