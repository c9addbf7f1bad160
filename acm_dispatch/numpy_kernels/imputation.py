"""Gaps filled from the rows before or after them, all rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend


@numpy_backend.kernel("ffill")
def _carried(x: Any, limit: int | None) -> Any:
    """Every row at once: where the last value of each column stands."""
    rows = np.arange(len(x))[:, None]
    source = np.maximum.accumulate(np.where(np.isnan(x), 0, rows), axis=0)
    filled = np.take_along_axis(x, source, axis=0)
    return filled if limit is None else np.where(rows - source <= limit, filled, x)


@numpy_backend.kernel("bfill")
def _carried_back(x: Any, limit: int | None) -> Any:
    return _carried(x[::-1], limit)[::-1].copy()
