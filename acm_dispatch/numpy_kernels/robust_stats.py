"""Median and median absolute deviation of columns by sorting all of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from .missing import is_missing


@numpy_backend.kernel("column_median_mad")
def median_mad_by_sorting(x: Any, scale: float, missing: str) -> Any:
    """All columns at once: NumPy sorts NaN behind the numbers. In float64, since deviations cancel digits."""
    rows = x.T.astype(np.float64, order="C")
    rows[is_missing(rows, missing)] = np.nan
    count = (~np.isnan(rows)).sum(axis=1)
    median = middles(rows, count)
    with np.errstate(all="ignore"):
        # By halves: the distance of two numbers may be larger than all numbers.
        rows *= 0.5
        rows -= median[:, None] / 2
        mad = scale * middles(np.abs(rows, out=rows), count) * 2
        return median.astype(x.dtype, copy=False), mad.astype(x.dtype, copy=False)


def middles(rows: Any, count: Any) -> Any:
    """Median of the first `count` numbers of each row, sorted; a NaN among them lies at its end and wins."""
    rows.sort(axis=1)
    each = np.arange(len(rows))
    low, high, last = (rows[each, np.maximum(i, 0)] for i in ((count - 1) // 2, count // 2 - (count == 0), count - 1))
    with np.errstate(invalid="ignore"):
        middle: Any = np.where(low == high, low, low / 2 + high / 2)
    return np.where(np.isnan(last), np.nan, middle)
