"""Quadratic forms. Products themselves are left to the BLAS behind NumPy, which no plain loop outruns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit

#: Multiplications that a thread adds up in a nanosecond.
PER_NANOSECOND = 4


@backend.kernel("mahalanobis", opt_in=True)
def mahalanobis(threads: int, x: Any, mean: Any, precision: Any) -> Any:
    out = np.empty(len(x), x.dtype)
    work = parallel.tiles(len(x), precision.size / PER_NANOSECOND)
    parallel.run(threads, _forms, work, x, mean.astype(np.float64), precision.astype(np.float64), out)
    return out


@jit
def _forms(start, stop, x, mean, precision, out):
    columns = x.shape[1]
    deviation, product = np.empty(columns), np.empty(columns)
    for i in range(start, stop):
        for j in range(columns):
            deviation[j] = x[i, j] - mean[j]
        product[:] = 0.0
        for k in range(columns):
            value = deviation[k]
            for j in range(columns):
                product[j] += value * precision[k, j]
        form = 0.0
        for j in range(columns):
            form += product[j] * deviation[j]
        if not np.isfinite(form):
            form = _form_of_extremes(x[i], mean, precision)
        out[i] = 0.0 if form < 0.0 else form


@jit
def _form_of_extremes(row, mean, precision):
    """The same with every factor split into mantissa and exponent: terms may overflow where their sum does not."""
    columns, top, form = len(row), -5000, 0.0
    for adding in (False, True):
        for k in range(columns):
            left, left_exponent = math.frexp(0.5 * row[k] - 0.5 * mean[k])
            for j in range(columns):
                right, right_exponent = math.frexp(0.5 * row[j] - 0.5 * mean[j])
                weight, exponent = math.frexp(precision[k, j])
                term, exponent = left * weight * right, exponent + left_exponent + right_exponent + 2
                if adding:
                    form += math.ldexp(term, exponent - top)
                elif term != 0.0:
                    top = max(top, exponent)
    return math.ldexp(form, top)
