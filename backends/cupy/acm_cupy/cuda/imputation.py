"""Launches the kernels of `imputation.cu`."""

from __future__ import annotations

from typing import Any

from .columns import THREADS, rows_of
from .declared import fused
from .program import check_sizes, launcher
from .robust_stats import medians


@fused("impute")
def impute_by_chunks(xp: Any, x: Any, fill: Any, missing: str) -> Any:
    (n, d), rows = x.shape, rows_of(*x.shape)
    check_sizes("impute", n=n, d=d, blocks=rows.tiles * rows.chunks)
    fills = (x, medians(xp, "impute", x, missing)) if fill is None else (fill, x)
    filled = xp.empty(x.shape, x.dtype)
    arguments = (
        x,
        *fills,
        int(fill is not None),
        int(missing == "nan"),
        filled,
        n,
        d,
        rows.width,
        rows.tiles,
        rows.length,
    )
    launcher(xp, "imputation", x.dtype)("fill_gaps", (rows.tiles * rows.chunks,), THREADS, *arguments)
    return filled
