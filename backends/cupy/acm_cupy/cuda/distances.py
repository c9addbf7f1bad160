"""Launches the kernels of `distances.cu`."""

from __future__ import annotations

from typing import Any

from .declared import fused
from .program import blocks, check_sizes, launcher

#: As in tiles.cuh: rows of a tile, threads of a block, and threads that share a row.
TILE, THREADS, SIDE = 64, 256, 16


@fused("pairwise_euclidean")
def pairwise_euclidean_by_tiles(xp: Any, x: Any, y: Any) -> Any:
    other = x if y is None else y
    tiles = blocks(len(x), TILE) * blocks(len(other), TILE)
    check_sizes("pairwise_euclidean", n=len(x), m=len(other), d=x.shape[1], tiles=tiles)
    out = xp.empty((len(x), len(other)), x.dtype)
    arguments = (x, other, out, *out.shape, x.shape[1], int(y is None))
    launcher(xp, "distances", x.dtype)("pairwise_euclidean", (tiles,), THREADS, *arguments)
    return out


@fused("pairwise_distances_argmin")
def argmin_by_tiles(xp: Any, x: Any, y: Any) -> Any:
    return nearest_rows(xp, "pairwise_distances_argmin", x, y)[0]


@fused("pairwise_distances_argmin_min")
def argmin_min_by_tiles(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    return nearest_rows(xp, "pairwise_distances_argmin_min", x, y)


def nearest_rows(xp: Any, operation: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Index and distance of the nearest row of `y`, without the matrix of distances."""
    check_sizes(operation, n=len(x), m=len(y), d=x.shape[1])
    indices, distances = xp.empty(len(x), xp.int64), xp.empty(len(x), x.dtype)
    arguments = (x, y, indices, distances, len(x), len(y), x.shape[1])
    launcher(xp, "distances", x.dtype)("nearest_rows", (blocks(len(x), TILE),), THREADS, *arguments)
    return indices, distances


@fused("assigned_distances")
def assigned_distances_by_half_warps(xp: Any, x: Any, centers: Any, labels: Any) -> Any:
    check_sizes("assigned_distances", n=len(x), k=len(centers), d=x.shape[1])
    out = xp.empty(len(x), x.dtype)
    arguments = (x, centers, labels, out, len(x), len(centers), x.shape[1])
    launcher(xp, "distances", x.dtype)("assigned_distances", (blocks(len(x), SIDE),), THREADS, *arguments)
    return out
