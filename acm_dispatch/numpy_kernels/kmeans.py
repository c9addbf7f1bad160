"""A step of Lloyd's algorithm by counting labels."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from .distances import argmin_by_cdist


@numpy_backend.kernel("lloyd_step")
@np.errstate(over="ignore", invalid="ignore")
def _step_by_counting(x: Any, centers: Any) -> tuple[Any, Any, Any]:
    labels = argmin_by_cdist(x, centers)
    sizes = np.bincount(labels, minlength=len(centers))
    means = _sums(x, labels, len(centers)) / np.maximum(sizes, 1)[:, None]
    if not np.isfinite(means).all():  # sums have overflowed; those of small shares do not
        shares = _sums(x * 2.0**-64, labels, len(centers)) / np.maximum(sizes, 1)[:, None]
        means = np.where(np.isfinite(means), means, shares * 2.0**64)
    return labels, np.ascontiguousarray(np.where(sizes[:, None] > 0, means, centers), x.dtype), sizes


def _sums(x: Any, labels: Any, count: int) -> Any:
    """Of each column over the rows with each label."""
    return np.stack([np.bincount(labels, weights=column, minlength=count) for column in x.T], axis=1)
