"""Autoregression of the first order."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from acm_dispatch.numpy_kernels import units
from acm_dispatch.ops.ar1 import FEWEST, LARGEST

from . import backend, parallel
from .jit import jit
from .robust_stats import median_and_half_mad

#: Nanoseconds that one number takes, read twice down its column.
_COST = 5


@backend.kernel("ar1_coefficients")
def ar1_coefficients(threads: int, x: Any, epsilon: float, center: str, missing: str) -> tuple[Any, Any]:
    sums = partial(_sums, threads, center == "median", missing == "drop")
    found = sums(x)
    exponents, (count, mu, products, squares) = units.fitted(sums, x, found, found[3])
    with np.errstate(all="ignore"):
        told = (count >= FEWEST) & (squares > np.ldexp(epsilon, -2 * exponents))
        phi = np.where(told, np.clip(products / squares, -LARGEST, LARGEST), 0.0)
        return phi.astype(x.dtype, copy=False), np.ldexp(mu, exponents).astype(x.dtype, copy=False)


def _sums(threads: int, about_median: bool, drop: bool, x: Any) -> tuple[Any, ...]:
    """Of each column: values, their centre, sums of products with their predecessors and of squares of those."""
    sums = np.empty((4, x.shape[1]))
    medians = median_and_half_mad(threads, x, "nonfinite")[0] if about_median else sums[1]
    work = parallel.tiles(x.shape[1], len(x) * _COST)
    parallel.run(threads, _sum_up, work, x, about_median, medians, drop, sums)
    return tuple(sums)


@jit
def _sum_up(start, stop, x, about_median, medians, drop, sums):
    for j in range(start, stop):
        count, offset, shift = _mean(x, j)
        if about_median:
            offset, shift = medians[j], 0.0
        sums[0, j], sums[1, j] = count, offset + shift
        sums[2, j], sums[3, j] = _products(x, j, offset, shift, drop)


@jit
def _mean(x, j):
    """How many finite values a column has, the first of them, and their mean's distance from it."""
    count, offset, total = 0, np.nan, 0.0
    for i in range(len(x)):
        value = np.float64(x[i, j])
        if abs(value) < np.inf:
            offset = offset if count else value
            count += 1
            total += value - offset
    return count, offset, total / count


@jit
def _products(x, j, offset, shift, drop):
    """Sums of the products of values with their predecessors, and of the squares of those."""
    products, squares, previous = 0.0, 0.0, 0.0
    for i in range(len(x)):
        value = np.float64(x[i, j])
        if abs(value) < np.inf:
            centred = (value - offset) - shift
            products += centred * previous
            squares += previous * previous
            previous = centred
        elif not drop:
            previous = 0.0
    return products, squares


@backend.kernel("ar1_residuals")
def ar1_residuals(threads: int, x: Any, phi: Any, mu: Any) -> Any:
    out = np.empty_like(x)
    # What is left is a number where the distance from a huge mean, or a prediction of it, may not be.
    part = 0.125 if (units.are_ends(np, mu) | (np.abs(phi) > 1.0)).any() else 1.0
    parallel.run(threads, _residuals, parallel.tiles(len(x), x.shape[1]), x, phi, mu, part, out)
    return out


@jit
def _residuals(start, stop, x, phi, mu, part, out):
    for i in range(start, stop):
        for j in range(x.shape[1]):
            center = part * mu[j]
            follows = i > 0 and abs(x[i - 1, j]) < np.inf
            predicted = phi[j] * (part * x[i - 1, j] - center) if follows else 0.0
            out[i, j] = ((part * x[i, j] - center) - predicted) / part if abs(x[i, j]) < np.inf else np.nan
