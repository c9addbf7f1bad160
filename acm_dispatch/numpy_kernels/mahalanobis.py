"""Quadratic forms of rows, a block at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from .blocks import row_blocks


@numpy_backend.kernel("mahalanobis")
def _forms_by_blocks(x: Any, mean: Any, precision: Any) -> Any:
    squares = np.empty(len(x), x.dtype)
    mean, precision = mean.astype(np.float64, copy=False), precision.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        for rows in row_blocks(len(x), precision.size):
            deviations = x[rows] - mean
            squares[rows] = np.einsum("ij,ij->i", deviations @ precision, deviations)
        again = np.flatnonzero(~np.isfinite(squares))
        squares[again] = _forms_of_extremes(x[again].astype(np.float64), mean, precision)
    return np.maximum(squares, 0.0)


def _forms_of_extremes(x: Any, mean: Any, precision: Any) -> Any:
    """Where something overflows: row by row, every factor split into mantissa and exponent."""
    matrix, of_matrix = np.frexp(precision)
    forms = np.empty(len(x))
    for i, deviations in enumerate(0.5 * x - 0.5 * mean):
        values, exponents = np.frexp(deviations)
        terms, powers = np.outer(values, values) * matrix, np.add.outer(exponents, exponents) + of_matrix + 2
        top = powers[terms != 0].max(initial=-5000)
        forms[i] = np.ldexp(np.ldexp(terms, powers - top).sum(), top)
    return forms
