"""How well clusters hold together."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .distances import take_roots
from .extremes import squares_fit
from .jit import jit
from .panels import LANES, PER_NANOSECOND, lanes, load, squares

LARGEST = np.finfo(np.float64).max

#: A square root costs as much as this many columns.
_ROOT = 8


@backend.kernel("silhouette_samples")
def silhouette_samples(threads: int, x: Any, codes: Any) -> Any:
    """Rows are taken cluster by cluster, so that one running sum a lane is all the memory that is needed."""
    dtype = x.dtype
    if dtype == np.float64 and not squares_fit(x):
        # Ratios know no unit: in a small one no distance is less than a normal number.
        x = np.ldexp(x, max(470 - np.frexp(np.abs(x).max())[1], 0))
    by_cluster = x[np.argsort(codes, kind="stable")]
    ends = np.cumsum(np.bincount(codes))
    scores = _scored(threads, x, codes, by_cluster, ends, dtype)
    overflowed = np.isinf(scores)
    if overflowed.any():  # sums beyond the largest number; in a large unit they are not
        far = x[overflowed] * 2.0**-64, codes[overflowed], by_cluster * 2.0**-64
        scores[overflowed] = _scored(threads, *far, ends, dtype)
    return scores


def _scored(threads: int, x: Any, codes: Any, by_cluster: Any, ends: Any, dtype: Any) -> Any:
    scores = np.empty(len(x), dtype)
    cost = len(by_cluster) * (x.shape[1] + _ROOT) / PER_NANOSECOND
    parallel.run(threads, _scores, parallel.tiles(len(x), cost, LANES), x, codes, by_cluster, ends, scores)
    return scores


@jit
def _scores(start, stop, x, codes, by_cluster, ends, scores):
    panel, total = np.empty((x.shape[1], LANES)), lanes()
    within, between, at_least, first, second = lanes(), lanes(), lanes(), lanes(), lanes()
    for begin in range(start, stop, LANES):
        end = min(begin + LANES, stop)
        load(x, begin, end, panel)
        between[:] = np.inf
        at_least[:] = np.inf
        left = 0
        for cluster in range(len(ends)):
            right = ends[cluster]
            _sum_distances(panel, by_cluster, left, right, first, second, total)
            for lane in range(end - begin):
                if codes[begin + lane] == cluster:
                    within[lane] = total[lane] / (right - left - 1)
                else:
                    between[lane] = min(between[lane], total[lane] / (right - left))
                    at_least[lane] = min(at_least[lane], min(total[lane], LARGEST) / (right - left))
            left = right
        for lane in range(end - begin):
            scores[begin + lane] = _silhouette(within[lane], between[lane], at_least[lane])


@jit
def _sum_distances(panel, x, left, right, first, second, total):
    """Sum of every lane's distances to rows `left` to `right` of `x`."""
    total[:] = 0.0
    for i in range(left, right, 2):
        j = min(i + 1, right - 1)
        squares(panel, x, i, j, first, second)
        take_roots(panel, x[i], first)
        for lane in range(LANES):
            total[lane] += first[lane]
        if j > i:
            take_roots(panel, x[j], second)
            for lane in range(LANES):
                total[lane] += second[lane]


@jit
def _silhouette(within, between, at_least):
    """0 where the quotient has no value: alone in its cluster (0 / 0 within) or a = b = 0.

    Infinity where a sum that counts was: the one within, or one to a cluster that may be the nearest.
    """
    if np.isnan(within) or within == between == 0.0:
        return 0.0
    largest = max(within, between)
    return (between - within) / largest if largest < np.inf and between <= at_least else np.inf
