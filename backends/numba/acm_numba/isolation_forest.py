"""Isolation forests: how deep rows fall into trees."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .jit import jit

#: Rows that go through one tree before the next: they stay in the second-level cache.
_ROWS = 256

#: Nanoseconds that a row takes in a tree.
_FALL = 30


@backend.kernel("mean_path_length")
def mean_path_length(
    threads: int, x: Any, roots: Any, feature: Any, threshold: Any, left: Any, path_length: Any
) -> Any:
    out = np.empty(len(x), x.dtype)
    work = parallel.tiles(len(x), len(roots) * _FALL, _ROWS)
    parallel.run(threads, _lengths, work, x, roots, feature, threshold, left, path_length, out)
    return out


@jit
def _lengths(start, stop, x, roots, feature, threshold, left, path_length, out):
    values, totals = np.empty((_ROWS, x.shape[1]), np.float32), np.empty(_ROWS)
    for begin in range(start, stop, _ROWS):
        count = min(_ROWS, stop - begin)
        for row in range(count):
            totals[row] = 0.0
            for j in range(x.shape[1]):
                values[row, j] = x[begin + row, j]
        for root in roots:
            for row in range(count):
                node = root
                while feature[node] >= 0:
                    node = left[node] + (values[row, feature[node]] > threshold[node])
                totals[row] += path_length[node]
        for row in range(count):
            out[begin + row] = totals[row] / len(roots)
