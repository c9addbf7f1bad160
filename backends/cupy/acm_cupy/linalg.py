"""Products and quadratic forms."""

from __future__ import annotations

from typing import Any

from .blocks import blocks

#: Terms that cuBLAS may add up in float32 one after the other: rounding takes the last two digits of so many.
_TERMS = 1024


def matmul(xp: Any, a: Any, b: Any) -> Any:
    if a.dtype == xp.float64 or a.shape[1] <= _TERMS:
        return xp.matmul(a, b)
    total = xp.zeros((len(a), b.shape[1]), a.dtype)
    for start in range(0, a.shape[1], _TERMS):
        total += xp.matmul(a[:, start : start + _TERMS], b[start : start + _TERMS])
    return total


def mahalanobis(xp: Any, x: Any, mean: Any, precision: Any) -> Any:
    squares = xp.empty(len(x), x.dtype)
    matrix = precision.astype(xp.float64, copy=False)
    for rows in blocks(len(x), x.shape[1]):
        deviations = xp.subtract(x[rows], mean, dtype=xp.float64)
        squares[rows] = xp.maximum((xp.matmul(deviations, matrix) * deviations).sum(axis=1), 0.0)
    return squares
