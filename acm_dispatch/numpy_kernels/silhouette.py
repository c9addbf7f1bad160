"""Silhouettes by blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from . import cdist


@numpy_backend.kernel("silhouette_samples")
@np.errstate(over="ignore", invalid="ignore")
def _silhouettes_by_blocks(x: Any, codes: Any) -> Any:
    scores = np.empty(len(x), x.dtype)
    fits = cdist.squares_fit(x)
    if not fits:  # ratios know no unit: in a small one no distance is less than a normal number
        x = np.ldexp(x.astype(np.float64), max(470 - np.frexp(np.abs(x).max())[1], 0))
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    by_cluster = x[np.argsort(codes, kind="stable")]
    rows = max(cdist.BLOCK // len(x), 1)
    for start in range(0, len(x), rows):
        block, own = x[start : start + rows], codes[start : start + rows]
        sums = np.add.reduceat(cdist.distances(block, by_cluster, fits), starts, axis=1)
        if np.isinf(sums).any() and (overflowed := _have_overflowed(sums, own, sizes)).any():
            # Sums beyond the largest number; in a large unit they are not.
            far = cdist.distances(block[overflowed] * 2.0**-64, by_cluster * 2.0**-64, False)
            sums[overflowed] = np.add.reduceat(far, starts, axis=1)
        scores[start : start + rows] = np.where(sizes[own] > 1, _silhouette(*_mean_distances(sums, own, sizes)), 0.0)
    return scores


def _have_overflowed(sums: Any, own: Any, sizes: Any) -> Any:
    """Which rows' means need a sum that is infinite; to clusters that cannot be the nearest it may be."""
    within, between = _mean_distances(sums, own, sizes)
    _, at_least = _mean_distances(np.minimum(sums, np.finfo(sums.dtype).max), own, sizes)
    return np.isinf(within) | (at_least < between)


def _mean_distances(sums: Any, own: Any, sizes: Any) -> tuple[Any, Any]:
    """Of rows to their own clusters and to the nearest other ones, from sums of distances to each cluster."""
    each = np.arange(len(own))
    within = sums[each, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[each, own] = np.inf
    return within, means.min(axis=1)


def _silhouette(within: Any, between: Any) -> Any:
    with np.errstate(invalid="ignore"):  # 0 / 0 is a score of 0
        return np.nan_to_num((between - within) / np.maximum(within, between))
