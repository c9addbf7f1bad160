"""Path lengths in isolation trees, all rows a step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend


@numpy_backend.kernel("mean_path_length")
def _by_steps(x: Any, roots: Any, feature: Any, threshold: Any, left: Any, path_length: Any) -> Any:
    """All rows take a step down one tree at a time; those in a leaf stay."""
    with np.errstate(over="ignore"):
        values, rows = x.astype(np.float32), np.arange(len(x))
    total = np.zeros(len(x))
    for root in roots:
        node = np.full(len(x), root)
        while (going := feature[node] >= 0).any():
            column = np.maximum(feature[node], 0)
            step = left[node] + (values[rows, column] > threshold[node])
            node = np.where(going, step, node)
        total += path_length[node]
    return (total / len(roots)).astype(x.dtype, copy=False)
