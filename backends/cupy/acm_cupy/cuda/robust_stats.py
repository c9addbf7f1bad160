"""Launches the kernels of `robust_stats.cu`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .columns import THREADS
from .declared import fused
from .program import launcher
from .search import gather, searches

_MIDDLE = 0.5


@fused("column_median_mad")
def median_mad_by_rank(xp: Any, x: Any, scale: float, missing: str) -> tuple[Any, Any]:
    return median_and_half_mad(xp, "column_median_mad", x, missing, scale)[2:]


def medians(xp: Any, operation: str, x: Any, missing: str) -> Any:
    """Of each column, in float64."""
    found, infinities = xp.empty(x.shape[1]), missing == "nan"
    for search in searches(xp, operation, x, x, _MIDDLE, 1, infinities):
        own = found[search.start : search.start + search.columns]
        arguments = x, int(infinities), *search.lookup(), own, 0, *x.shape, search.start
        launcher(xp, "robust_stats", x.dtype)("medians", (search.columns,), THREADS, *arguments)
    return found


def median_and_half_mad(xp: Any, operation: str, x: Any, missing: str, scale: float) -> tuple[Any, Any, Any, Any]:
    """Of each column median and half the median distance from it in float64; median and scaled distance in its type."""
    launch, infinities = launcher(xp, "robust_stats", x.dtype), missing == "nan"
    wide, narrow = xp.empty((2, x.shape[1])), xp.empty((2, x.shape[1]), x.dtype)
    for search in searches(xp, operation, x, x, _MIDDLE, 1, infinities):
        columns = slice(search.start, search.start + search.columns)
        (median, half), (location, deviation) = wide[:, columns], narrow[:, columns]
        searched = x, int(infinities), *search.lookup()
        launch("medians", (search.columns,), THREADS, *searched, median, 1, *x.shape, search.start)
        if search.bracketed:
            gather(xp, x, search, median, 1, infinities=infinities, from_median=True)
        results = median, np.float64(scale), half, location, deviation, *x.shape, search.start
        launch("median_deviations", (search.columns,), THREADS, *searched, *results)
    (median, half), (location, deviation) = wide, narrow
    return median, half, location, deviation
