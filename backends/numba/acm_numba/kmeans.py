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
@np.errstate(over="ignore", invalid="ignore")
def lloyd_step(threads: int, x: Any, centers: Any) -> tuple[Any, Any, Any]:
    labels = pairwise_distances_argmin(threads, x, centers)
    # The sums of all parts take no more memory than a quarter of x.
    parts = max(1, min(len(x) // (4 * len(centers)), len(x) // _ROWS, _PARTS))
    length = -(-len(x) // parts)
    sizes = np.bincount(labels, minlength=len(centers))
    means = _sums(threads, x, labels, (parts, *centers.shape), length) / np.maximum(sizes, 1)[:, None]
    if not np.isfinite(means).all():  # sums have overflowed; those of small shares do not
        shares = _sums(threads, x * 2.0**-64, labels, (parts, *centers.shape), length)
        means = np.where(np.isfinite(means), means, shares / np.maximum(sizes, 1)[:, None] * 2.0**64)
    return labels, np.where(sizes[:, None] > 0, means, centers).astype(x.dtype, copy=False), sizes


def _sums(threads: int, x: Any, labels: Any, shape: tuple[int, int, int], length: int) -> Any:
    """Of the rows with each label, in parts of `length` rows."""
    sums = np.zeros(shape)
    work = [(start, min(start + length, len(x))) for start in range(0, len(x), length)]
    parallel.run(threads, _add, work, x, labels, length, sums)
    return sums.sum(axis=0)


@jit
def _add(start, stop, x, labels, length, sums):
    total = sums[start // length]
    for i in range(start, stop):
        label = labels[i]
        for j in range(x.shape[1]):
            total[label, j] += x[i, j]
