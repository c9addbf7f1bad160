"""Quantiles of columns, each selected by the bits of its values as medians are."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch import Call
from acm_dispatch.numpy_kernels.quantiles import between, places

from . import backend, parallel
from .jit import jit
from .robust_stats import COUNTERS, bits_of, gather, key_of, next_key, select

#: Columns gathered in one walk over the rows: half a cache line of float64.
_COLUMNS = 4

#: Nanoseconds that one number takes for each quantile.
_COST = 5

#: Selecting more than this takes longer than sorting.
_MOST = 16


def _supports(call: Call) -> str | None:
    count = len(call.options["q"])
    return None if count <= _MOST else f"{count} quantiles are found faster by sorting, which is NumPy's strength"


@backend.kernel("column_quantiles", opt_in=True, supports=_supports)
def column_quantiles(threads: int, x: Any, q: tuple[float, ...], method: str, missing: str) -> Any:
    counts = (~np.isnan(x) if missing == "nan" else np.isfinite(x)).sum(axis=0)
    low, high, share = places(np.asarray(q)[:, None], np.maximum(counts, 1), method)
    ends = np.full((2, len(q), x.shape[1]), np.nan)
    work = parallel.tiles(x.shape[1], len(x) * len(q) * _COST, _COLUMNS)
    parallel.run(threads, _select_all, work, x, low, high, missing == "nan", ends)
    with np.errstate(over="ignore"):
        return between(ends[0], ends[1], share).astype(x.dtype, copy=False)


@jit
def _select_all(start, stop, x, low, high, keep_infinities, ends):
    """The values of ranks `low` and `high` of each column."""
    values, scratch = np.empty((_COLUMNS, len(x))), np.empty(len(x), np.uint64)
    counts, counters = np.empty(_COLUMNS, np.int64), np.empty(COUNTERS, np.int64)
    pair = np.empty(2, np.uint64)
    for left in range(start, stop, _COLUMNS):
        width = min(_COLUMNS, stop - left)
        gather(x, left, width, keep_infinities, values, counts)
        for c in range(width):
            keys = values[c, : counts[c]].view(np.uint64)
            for i in range(len(keys)):
                keys[i] = key_of(keys[i])
            for k in range(len(low) if len(keys) else 0):
                first, second = low[k, left + c], high[k, left + c]
                below = select(keys, first, scratch, counters)
                above = below if first == second else next_key(keys, below, second)
                pair[0], pair[1] = bits_of(below), bits_of(above)
                ends[:, k, left + c] = pair.view(np.float64)
