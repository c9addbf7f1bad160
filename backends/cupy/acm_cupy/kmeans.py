"""One step of Lloyd's algorithm."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .distances import pairwise_distances_argmin


def lloyd_step(xp: Any, x: Any, centers: Any) -> tuple[Any, Any, Any]:
    """Sums by label are products with a matrix of zeros and ones: atomic additions would come in any order."""
    labels = pairwise_distances_argmin(xp, x, centers)
    clusters = xp.arange(len(centers))
    sums = xp.zeros(centers.shape, xp.float64)
    for rows in blocks(len(x), len(centers) + x.shape[1]):
        members = (labels[rows] == clusters[:, None]).astype(xp.float64)
        sums += xp.matmul(members, x[rows].astype(xp.float64, copy=False))
    sizes = xp.bincount(labels, minlength=len(centers))
    means = xp.where(sizes[:, None] > 0, sums / xp.maximum(sizes, 1)[:, None], centers)
    return labels, means.astype(x.dtype), sizes
