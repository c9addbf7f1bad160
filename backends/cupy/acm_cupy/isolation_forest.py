"""Isolation forests: how deep rows fall into trees."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .declared import kernel


@kernel("mean_path_length")
def mean_path_length(xp: Any, x: Any, roots: Any, feature: Any, threshold: Any, left: Any, path_length: Any) -> Any:
    """All rows fall down all trees together, level by level; those in a leaf stay."""
    lengths = xp.empty(len(x), x.dtype)
    for rows in blocks(len(x), len(roots) + x.shape[1]):
        values = x[rows].astype(xp.float32)
        node = xp.broadcast_to(roots, (len(values), len(roots)))
        row = xp.arange(len(values))[:, None]
        going = feature[node] >= 0
        while bool(going.any()):
            right = values[row, xp.maximum(feature[node], 0)] > threshold[node]
            node = xp.where(going, left[node] + right, node)
            going = feature[node] >= 0
        lengths[rows] = path_length[node].astype(xp.float64).mean(axis=1)
    return lengths
