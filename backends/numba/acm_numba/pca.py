"""Rows judged by, and rebuilt from, principal components. Fitting them is left to the LAPACK behind NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from acm_dispatch.ops.pca import LEAST_VARIANCE

from . import backend, parallel
from .jit import jit
from .mahalanobis import PER_NANOSECOND


@backend.kernel("pca_reconstruct", opt_in=True)
def pca_reconstruct(threads: int, scores: Any, components: Any, mean: Any) -> Any:
    start = np.zeros(components.shape[1], scores.dtype) if mean is None else mean
    out = np.empty((len(scores), components.shape[1]), scores.dtype)
    work = parallel.tiles(len(scores), components.size / PER_NANOSECOND)
    parallel.run(threads, _rebuilt, work, scores, components, start, out)
    return out


@jit
def _rebuilt(first, stop, scores, components, start, out):
    row = np.empty(components.shape[1])
    for i in range(first, stop):
        row[:] = start
        for k in range(components.shape[0]):
            score = np.float64(scores[i, k])
            for j in range(components.shape[1]):
                row[j] += score * components[k, j]
        out[i] = row


@backend.kernel("spe_t2", opt_in=True)
def spe_t2(threads: int, x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    roots = np.sqrt(1.0 / np.maximum(variance.astype(np.float64), LEAST_VARIANCE))
    work = parallel.tiles(len(x), 2 * components.size / PER_NANOSECOND)
    model = mean.astype(np.float64), components.astype(np.float64), roots
    parallel.run(threads, _judged, work, x, *model, spe, t2)
    return spe, t2


@jit
def _judged(start, stop, x, mean, components, roots, spe, t2):
    columns = x.shape[1]
    deviation, error, share = np.empty(columns), np.empty(columns), np.empty(len(roots))
    shrunk = 0.5
    while shrunk * columns > 0.5:
        shrunk *= 0.5
    for i in range(start, stop):
        # Once more where something overflows: small enough for differences and sums of the largest numbers.
        for factor in (1.0, shrunk):
            for j in range(columns):
                deviation[j] = x[i, j] * factor - mean[j] * factor
                error[j] = deviation[j]
            for k in range(components.shape[0]):
                score = 0.0
                for j in range(columns):
                    score += deviation[j] * components[k, j]
                for j in range(columns):
                    error[j] -= score * components[k, j]
                share[k] = score * roots[k]
            off, within = _squares(error, factor), _squares(share, factor)
            if np.isfinite(off) and np.isfinite(within):
                break
        spe[i], t2[i] = off, within


@jit
def _squares(values, factor):
    """The sum of the squares of values that are too small by a factor, at a scale of their own where that overflows."""
    total = 0.0
    for value in values:
        total += value * value
    if factor == 1.0:
        return total
    largest, total = 0.0, 0.0
    for value in values:
        largest = max(largest, abs(value))
    exponent = math.frexp(largest)[1] if largest < np.inf else 0
    for value in values:
        total += math.ldexp(value, -exponent) ** 2
    return math.ldexp(total / (factor * factor), 2 * exponent)
