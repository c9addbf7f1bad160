"""Launches the kernels of `moments.cu`."""

from __future__ import annotations

from typing import Any

from .columns import THREADS, layout, narrow
from .declared import fused
from .program import check_sizes, launcher

#: Numbers of the sums of a part (`Sums` in sums.cuh).
_PARTS = 13


@fused("column_mean_variance")
def mean_variance_by_chunks(xp: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    return mean_variance(xp, "column_mean_variance", x, in_units=False)[1:]


def mean_variance(xp: Any, operation: str, x: Any, *, in_units: bool) -> tuple[Any, Any, Any, Any, Any]:
    """Exponents of units, origin, count, mean and squares of columns, counted in the units or in 1."""
    numbers, counts, exponents = (
        xp.empty((3, x.shape[1])),
        xp.empty(x.shape[1], xp.int64),
        xp.empty(x.shape[1], xp.int32),
    )
    _sum_columns(xp, operation, x, ("spread_parts", "mean_variance"), numbers, counts, exponents, int(in_units))
    origin, mean, squares = numbers
    return exponents, origin, counts, mean, squares


@fused("column_moments")
def moments_by_chunks(xp: Any, x: Any, ddof: int) -> tuple[Any, ...]:
    numbers, counts = xp.empty((6, x.shape[1]), x.dtype), xp.empty(x.shape[1], xp.int64)
    _sum_columns(xp, "column_moments", x, ("shape_parts", "moments"), numbers, counts, min(ddof, len(x)))
    return counts, *numbers


@fused("column_sums")
def sums_by_chunks(xp: Any, x: Any) -> tuple[Any, ...]:
    numbers, counts = xp.empty((10, x.shape[1])), xp.empty((2, x.shape[1]), xp.int64)
    _sum_columns(xp, "column_sums", x, ("pair_parts", "all_sums"), numbers, counts)
    return numbers[0], counts[0], *numbers[1:7], counts[1], *numbers[7:]


def _sum_columns(xp: Any, operation: str, x: Any, kernels: tuple[str, str], *arguments: Any) -> None:
    """Sums of chunks by the first kernel; by the second, which takes `arguments`, what they are together."""
    (n, d), rows = x.shape, layout(*x.shape)
    check_sizes(operation, n=n, d=d, blocks=rows.tiles * rows.chunks)
    launch = launcher(xp, "moments", x.dtype)
    parts = xp.empty((rows.chunks, d, _PARTS))
    launch(kernels[0], (rows.tiles * rows.chunks,), THREADS, x, parts, n, d, rows.width, rows.tiles, rows.length)
    width, tiles = narrow(d)
    launch(kernels[1], (tiles,), THREADS, x, parts, *arguments, n, d, width, rows.chunks)
