"""Quadratic forms of rows."""

from __future__ import annotations

from typing import Any

from .blocks import blocks
from .declared import kernel


@kernel("mahalanobis")
def mahalanobis(xp: Any, x: Any, mean: Any, precision: Any) -> Any:
    squares = xp.empty(len(x), x.dtype)
    matrix = precision.astype(xp.float64, copy=False)
    for rows in blocks(len(x), x.shape[1]):
        deviations = xp.subtract(x[rows], mean, dtype=xp.float64)
        squares[rows] = (xp.matmul(deviations, matrix) * deviations).sum(axis=1)
    if bool((~xp.isfinite(squares)).any()):
        again = xp.flatnonzero(~xp.isfinite(squares))
        for some in blocks(len(again), matrix.size):
            squares[again[some]] = _forms_of_extremes(xp, x[again[some]], mean, matrix)
    return xp.maximum(squares, 0.0)


def _forms_of_extremes(xp: Any, x: Any, mean: Any, precision: Any) -> Any:
    """Where something overflows: every factor split into mantissa and exponent, as the sum of the terms need not."""
    halves = 0.5 * x.astype(xp.float64) - 0.5 * mean.astype(xp.float64)
    (values, exponents), (matrix, of_matrix) = xp.frexp(halves), xp.frexp(precision)
    terms = values[:, :, None] * matrix * values[:, None, :]
    powers = exponents[:, :, None] + of_matrix + exponents[:, None, :] + 2
    top = xp.where(terms != 0, powers, -5000).max(axis=(1, 2))
    return xp.ldexp(xp.ldexp(terms, powers - top[:, None, None]).sum(axis=(1, 2)), top).astype(x.dtype)
