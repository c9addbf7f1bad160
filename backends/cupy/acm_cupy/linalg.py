"""Products and quadratic forms."""

from __future__ import annotations

from typing import Any

from .blocks import blocks


def matmul(xp: Any, a: Any, b: Any) -> Any:
    return xp.matmul(a, b)


def mahalanobis(xp: Any, x: Any, mean: Any, precision: Any) -> Any:
    squares = xp.empty(len(x), x.dtype)
    matrix = precision.astype(xp.float64, copy=False)
    for rows in blocks(len(x), x.shape[1]):
        deviations = xp.subtract(x[rows], mean, dtype=xp.float64)
        squares[rows] = xp.maximum((xp.matmul(deviations, matrix) * deviations).sum(axis=1), 0.0)
    return squares
