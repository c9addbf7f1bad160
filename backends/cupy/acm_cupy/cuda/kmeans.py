"""Launches the kernels of `kmeans.cu`."""

from __future__ import annotations

from typing import Any

from .declared import fused
from .distances import nearest_rows
from .program import blocks, check_sizes, launcher

#: As in kmeans.cu.
_COLUMNS, _THREADS = 32, 256

#: Rows of a chunk at least, so that what is added up a chunk is little; blocks at most, which fill any GPU.
_ROWS, _BLOCKS = 4096, 2048

#: The most blocks that a grid has in its second dimension.
_MOST_ACROSS = 65535


@fused("lloyd_step")
def lloyd_step_by_chunks(xp: Any, x: Any, centers: Any) -> tuple[Any, Any, Any]:
    (n, d), count = x.shape, len(centers)
    across = blocks(d, _COLUMNS)
    chunks = min(blocks(n, _ROWS), max(_BLOCKS // (count * across), 1))
    length = blocks(n, chunks)
    chunks = blocks(n, length)
    check_sizes("lloyd_step", sums=chunks * count, means=count * d)
    labels, _ = nearest_rows(xp, "lloyd_step", x, centers)
    sums, shares = (xp.empty((chunks, count, d), xp.float64) for _ in range(2))
    counts, sizes = xp.empty((chunks, count), xp.int64), xp.empty(count, xp.int64)
    means = xp.empty(centers.shape, x.dtype)
    launch = launcher(xp, "kmeans", x.dtype)
    grid = (chunks * count, min(across, _MOST_ACROSS))
    launch("cluster_sums", grid, _THREADS, x, labels, sums, shares, counts, n, d, count, length)
    grid = (blocks(count * d, _THREADS),)
    launch("cluster_means", grid, _THREADS, sums, shares, counts, centers, means, sizes, d, count, chunks)
    return labels, means, sizes
