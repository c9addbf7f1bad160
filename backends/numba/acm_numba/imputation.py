"""Gaps filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit
from .robust_stats import median_and_mad

#: 20 against 31 ns a number, median included (with it given 2.2 against 3.1).
_MIN_WORK = 5 * 10**7


@backend.kernel("impute", min_work=_MIN_WORK)
def impute(threads: int, x: Any, fill: Any, missing: str) -> Any:
    if fill is None:
        fill = median_and_mad(threads, x, missing)[0].astype(x.dtype, copy=False)
    out = np.empty_like(x)
    parallel.run(threads, _filled, parallel.tiles(len(x), x.shape[1]), x, fill, missing == "nan", out)
    return out


@jit
def _filled(start, stop, x, fill, keep_infinities, out):
    for i in range(start, stop):
        for j in range(x.shape[1]):
            value = x[i, j]
            present = value == value if keep_infinities else abs(value) < np.inf
            out[i, j] = value if present else fill[j]
