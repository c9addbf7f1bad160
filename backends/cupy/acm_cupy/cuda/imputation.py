"""Launches the kernels of `imputation.cu`."""

from __future__ import annotations

from typing import Any

from .columns import THREADS, layout, rows_of
from .declared import fused
from .program import blocks, check_sizes, launcher
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


@fused("ffill")
def ffill_by_chunks(xp: Any, x: Any, limit: int | None) -> Any:
    return _carry_on(xp, "ffill", x, limit, 0)


@fused("bfill")
def bfill_by_chunks(xp: Any, x: Any, limit: int | None) -> Any:
    return _carry_on(xp, "bfill", x, limit, 1)


def _carry_on(xp: Any, operation: str, x: Any, limit: int | None, backward: int) -> Any:
    (n, d), rows = x.shape, layout(*x.shape)
    length = blocks(rows.length, THREADS) * THREADS  # the same for every slot
    chunks = blocks(n, length)
    check_sizes(operation, n=n, d=d, blocks=rows.tiles * chunks)
    last, filled = xp.empty((chunks, d), xp.int32), xp.empty(x.shape, x.dtype)
    launch, grid = launcher(xp, "imputation", x.dtype), (rows.tiles * chunks,)
    where = backward, n, d, rows.width, rows.tiles, length
    launch("last_of_chunks", grid, THREADS, x, last, *where)
    launch("carry_on", grid, THREADS, x, last, filled, n if limit is None else min(limit, n), *where)
    return filled
