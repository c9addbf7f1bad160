"""Launches the kernels of `normalization.cu`."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from acm_dispatch.ops.robust_stats import NORMAL_CONSISTENCY

from .columns import THREADS, rows_of
from .declared import fused
from .moments import mean_variance
from .program import check_sizes, launcher
from .robust_stats import median_and_half_mad


@fused("zscore")
def zscore_by_chunks(
    xp: Any, x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None
) -> Any:
    (n, d), rows = x.shape, rows_of(*x.shape)
    check_sizes("zscore", n=n, d=d, blocks=rows.tiles * rows.chunks)
    kernel, own = _location(xp, x, center is None or scale is None, method, ddof)
    scores = xp.empty(x.shape, x.dtype)
    given = tuple(x if one is None else one for one in (center, scale))  # what is not there is not read
    which = (int(center is not None), int(scale is not None)) if own else ()
    numbers = np.float64(floor), np.float64(inf if clip is None else clip), n, d, rows.width, rows.tiles, rows.length
    launch = launcher(xp, "normalization", x.dtype)
    launch(kernel, (rows.tiles * rows.chunks,), THREADS, x, *own, *given, *which, scores, *numbers)
    return scores


def _location(xp: Any, x: Any, omitted: bool, method: str, ddof: int) -> tuple[str, tuple[Any, ...]]:
    """The kernel that scores, and what it is told of the columns themselves; nothing where all is given."""
    if not omitted:
        return "scores_by_given", ()
    if method == "robust":
        median, half, *_ = median_and_half_mad(xp, "zscore", x, "nonfinite", NORMAL_CONSISTENCY)
        return "scores_by_median", (median, half, np.float64(NORMAL_CONSISTENCY))
    exponents, origin, count, mean, squares = mean_variance(xp, "zscore", x, in_units=True)
    return "scores_by_deviation", (origin, mean, squares, count, exponents, min(ddof, len(x)))
