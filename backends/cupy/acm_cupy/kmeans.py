"""One step of Lloyd's algorithm."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .declared import kernel
from .distances import pairwise_distances_argmin


@kernel("lloyd_step")
def lloyd_step(xp: Any, x: Any, centers: Any) -> tuple[Any, Any, Any]:
    """Sums by label are products with a matrix of zeros and ones: atomic additions would come in any order."""
    labels = pairwise_distances_argmin(xp, x, centers)
    sizes = xp.bincount(labels, minlength=len(centers))
    counts = xp.maximum(sizes, 1)[:, None]
    means = _sums(xp, x, labels, centers.shape) / counts
    if not bool(xp.isfinite(means).all()):  # sums have overflowed; those of small shares do not
        shares = _sums(xp, x * 2.0**-64, labels, centers.shape) / counts
        means = xp.where(xp.isfinite(means), means, shares * 2.0**64)
    return labels, xp.where(sizes[:, None] > 0, means, centers).astype(x.dtype), sizes


def _sums(xp: Any, x: Any, labels: Any, shape: tuple[int, int]) -> Any:
    """Of the rows with each label."""
    clusters = xp.arange(shape[0])
    sums = xp.zeros(shape, xp.float64)
    for rows in blocks(len(x), sum(shape)):
        members = (labels[rows] == clusters[:, None]).astype(xp.float64)
        sums += xp.matmul(members, x[rows].astype(xp.float64, copy=False))
    return sums
