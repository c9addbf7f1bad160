"""Launches the kernels of `silhouette.cu`."""

from __future__ import annotations

from typing import Any

from ..silhouette import silhouette_samples
from .declared import fused
from .distances import THREADS, TILE
from .program import blocks, check_sizes, launcher


@fused("silhouette_samples")
def silhouettes_by_tiles(xp: Any, x: Any, codes: Any) -> Any:
    """Numbers whose squares may leave the range are left to the array code."""
    n, d = x.shape
    check_sizes("silhouette_samples", n=n, d=d)
    order = xp.argsort(codes)
    starts, state, scores = xp.empty(n + 1, xp.int32), xp.zeros(2, xp.int32), xp.empty(n, x.dtype)
    launch = launcher(xp, "silhouette", x.dtype)
    launch("cluster_starts", (blocks(n, THREADS),), THREADS, order, codes, starts, state, n)
    launch("silhouettes", (blocks(n, TILE),), THREADS, x, order, codes, starts, state, scores, n, d)
    if x.dtype == xp.float64 and int(state[1]):
        return silhouette_samples(xp, x, codes)
    return scores
