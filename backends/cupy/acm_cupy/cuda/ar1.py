"""Launches the kernel of `ar1.cu`."""

from __future__ import annotations

from typing import Any

from .columns import THREADS, rows_of
from .declared import fused
from .program import check_sizes, launcher


@fused("ar1_residuals")
def ar1_residuals_by_chunks(xp: Any, x: Any, phi: Any, mu: Any) -> Any:
    (n, d), rows = x.shape, rows_of(*x.shape)
    check_sizes("ar1_residuals", n=n, d=d, blocks=rows.tiles * rows.chunks)
    residuals = xp.empty(x.shape, x.dtype)
    arguments = x, phi, mu, residuals, n, d, rows.width, rows.tiles, rows.length
    launcher(xp, "ar1", x.dtype)("ar1_residuals", (rows.tiles * rows.chunks,), THREADS, *arguments)
    return residuals
