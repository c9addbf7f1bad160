"""Launches the kernels of `quantiles.cu`."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch import Unsupported

from .columns import THREADS
from .declared import fused
from .program import launcher
from .search import searches

#: Quantiles that one pass looks for (`quantiles.cu`): of more, sorting costs less.
_LEVELS = 16

#: In the order of `brackets.cuh`.
_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@fused("column_quantiles")
def quantiles_by_rank(xp: Any, x: Any, q: tuple[float, ...], method: str, missing: str) -> Any:
    if len(q) > _LEVELS:
        raise Unsupported(f"column_quantiles: q has {len(q)} levels; the fused kernel takes up to {_LEVELS}")
    found = xp.empty((len(q), x.shape[1]), x.dtype)
    count, infinities = len(q), missing == "nan"
    levels = xp.asarray(np.array(q)) if count > 1 else x  # of a single one the number itself is passed
    for search in searches(xp, "column_quantiles", x, levels, q[0], count, infinities):
        what = levels, np.float64(q[0]), count, _METHODS.index(method), int(infinities), *search.lookup()
        arguments = x, *what, found, *x.shape, search.start, search.columns
        launcher(xp, "quantiles", x.dtype)("quantiles", (search.columns * count,), THREADS, *arguments)
    return found
