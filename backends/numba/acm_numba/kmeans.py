"""One step of Lloyd's algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .distances import pairwise_distances_argmin
from .jit import jit

#: Least rows whose sums are kept apart before they are added up, and most such parts.
_ROWS, _PARTS = 1024, 64


@backend.kernel("lloyd_step")
def lloyd_step(threads: int, x: Any, centers: Any) -> tuple[Any, Any, Any]:
    labels = pairwise_distances_argmin(threads, x, centers)
    # The sums of all parts take no more memory than a quarter of x.
    parts = max(1, min(len(x) // (4 * len(centers)), len(x) // _ROWS, _PARTS))
    length = -(-len(x) // parts)
    sums = np.zeros((parts, *centers.shape))
    work = [(start, min(start + length, len(x))) for start in range(0, len(x), length)]
    parallel.run(threads, _add, work, x, labels, length, sums)
    sizes = np.bincount(labels, minlength=len(centers))
    means = sums.sum(axis=0) / np.maximum(sizes, 1)[:, None]
    return labels, np.where(sizes[:, None] > 0, means, centers).astype(x.dtype, copy=False), sizes


@jit
def _add(start, stop, x, labels, length, sums):
    total = sums[start // length]
    for i in range(start, stop):
        label = labels[i]
        for j in range(x.shape[1]):
            total[label, j] += x[i, j]
