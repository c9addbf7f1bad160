"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from acm_dispatch.ops.robust_stats import NORMAL_CONSISTENCY

from . import backend, parallel
from .jit import jit
from .robust_stats import median_and_mad

#: 3 against 21 ns a number, mean and deviation included (with both given 1.9 against 3.3).
_MIN_WORK = 3 * 10**7

#: Numbers in a block whose mean and variance are taken in two passes: 128 KB of float64 stay in the second-level cache.
_BLOCK = 1 << 14


@backend.kernel("zscore", min_work=_MIN_WORK)
def zscore(
    threads: int, x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None
) -> Any:
    offset = mean = spread = np.zeros(x.shape[1])
    if center is None or scale is None:
        offset, mean, spread = _robust(threads, x) if method == "robust" else _standard(threads, x, ddof)
    if center is not None:
        offset, mean = center.astype(np.float64), np.zeros(x.shape[1])
    divisor = np.maximum(spread if scale is None else scale.astype(np.float64), floor)
    out = np.empty_like(x)
    work = parallel.tiles(len(x), x.shape[1])
    parallel.run(threads, _scores, work, x, offset, mean, divisor, np.inf if clip is None else clip, out)
    return out


@jit
def _scores(start, stop, x, offset, mean, divisor, clip, out):
    for i in range(start, stop):
        for j in range(x.shape[1]):
            score = ((x[i, j] - offset[j]) - mean[j]) / divisor[j]
            clipped = min(max(score, -clip), clip)
            out[i, j] = clipped if abs(x[i, j]) < np.inf and score == score else score


def _robust(threads: int, x: Any) -> tuple[Any, Any, Any]:
    median, mad = median_and_mad(threads, x, "nonfinite")
    return median, np.zeros_like(median), NORMAL_CONSISTENCY * mad


def _standard(threads: int, x: Any, ddof: int) -> tuple[Any, Any, Any]:
    """A value of each column, the mean's distance from it, and the standard deviation."""
    columns = x.shape[1]
    offset = _first_finite(x)
    work = parallel.tiles(len(x), 2 * columns)
    length = work[0][1]
    partial = np.empty((len(work), 3, columns))
    parallel.run(threads, _moments, work, x, offset, length, partial)
    count, mean, squares = _total(partial)
    variance = np.where(count > ddof, squares / np.maximum(count - ddof, 1), np.nan)
    return offset, mean, np.sqrt(variance)


@jit
def _first_finite(x):
    """Each column's first finite value, NaN if it has none."""
    found = np.full(x.shape[1], np.nan)
    for j in range(x.shape[1]):
        for i in range(len(x)):
            if np.isfinite(x[i, j]):
                found[j] = x[i, j]
                break
    return found


@jit
def _moments(start, stop, x, offset, length, partial):
    """Count, mean and sum of squares of rows `start` to `stop`, each column less its `offset`."""
    total = partial[start // length]
    total[:] = 0.0
    block = np.empty((3, x.shape[1]))
    rows = max(_BLOCK // x.shape[1], 1)
    for begin in range(start, stop, rows):
        end = min(begin + rows, stop)
        _mean(x, begin, end, offset, block[0], block[1])
        _squares(x, begin, end, offset, block[1], block[2])
        _merge(total, block)


@jit
def _mean(x, begin, end, offset, count, mean):
    count[:], mean[:] = 0.0, 0.0
    for i in range(begin, end):
        for j in range(x.shape[1]):
            finite = abs(x[i, j]) < np.inf
            count[j] += 1.0 if finite else 0.0
            mean[j] += x[i, j] - offset[j] if finite else 0.0
    for j in range(x.shape[1]):
        mean[j] /= max(count[j], 1.0)


@jit
def _squares(x, begin, end, offset, mean, squares):
    squares[:] = 0.0
    for i in range(begin, end):
        for j in range(x.shape[1]):
            difference = (x[i, j] - offset[j]) - mean[j] if abs(x[i, j]) < np.inf else 0.0
            squares[j] += difference * difference


@jit
def _merge(total, block):
    """Chan's rule: adds count, mean and sum of squares of a further block to those of all before."""
    for j in range(total.shape[1]):
        count = total[0, j] + block[0, j]
        if block[0, j] > 0.0:
            share = block[0, j] / count
            difference = block[1, j] - total[1, j]
            total[2, j] += block[2, j] + difference * difference * total[0, j] * share
            total[1, j] += difference * share
            total[0, j] = count


@jit
def _total(partial):
    """The blocks merged in order."""
    total = np.zeros((3, partial.shape[2]))
    for i in range(len(partial)):
        _merge(total, partial[i])
    return total
