"""Quadratic forms. Products themselves are left to the BLAS behind NumPy, which no plain loop outruns."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch.backend import ONLY_BY_NAME

from . import backend, parallel
from .jit import jit

#: Multiplications that a thread adds up in a nanosecond.
PER_NANOSECOND = 4


@backend.kernel("mahalanobis", min_work=ONLY_BY_NAME)
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
        out[i] = 0.0 if form < 0.0 else form
