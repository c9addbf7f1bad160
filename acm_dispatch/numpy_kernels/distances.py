"""Distances between rows, and the nearest of them, by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from . import cdist


@numpy_backend.kernel("pairwise_euclidean")
@np.errstate(over="ignore", invalid="ignore")
def _cdist(x: Any, y: Any) -> Any:
    return cdist.distances(x, x if y is None else y).astype(x.dtype, copy=False)


@numpy_backend.kernel("pairwise_distances_argmin_min")
@np.errstate(over="ignore", invalid="ignore")
def nearest_by_cdist(x: Any, y: Any) -> tuple[Any, Any]:
    rows = max(cdist.BLOCK // len(y), 1)
    nearest = np.empty(len(x), np.int64)
    distances = np.empty(len(x), x.dtype)
    for start in range(0, len(x), rows):
        block = slice(start, start + rows)
        nearest[block], distances[block] = cdist.nearest(x[block], y)
    return nearest, distances


@numpy_backend.kernel("pairwise_distances_argmin")
def argmin_by_cdist(x: Any, y: Any) -> Any:
    return nearest_by_cdist(x, y)[0]


@numpy_backend.kernel("assigned_distances")
@np.errstate(over="ignore", invalid="ignore")
def _by_rows(x: Any, centers: Any, labels: Any) -> Any:
    labelled = (labels >= 0) & (labels < len(centers))
    result = np.full(len(x), np.nan, x.dtype)
    result[labelled] = cdist.lengths(x[labelled].astype(np.float64, copy=False) - centers[labels[labelled]])
    return result
