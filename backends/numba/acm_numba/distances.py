"""Distances between the rows of matrices, by direct differences in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend, parallel
from .extremes import are_in_range, between, farthest, is_in_range, nearest_of_extremes, unit_of
from .jit import jit
from .panels import LANES, PER_NANOSECOND, add, lanes, load, squares

#: Rows of `x` that meet one panel before the next is loaded: enough to pay for loading it, few enough that the part of
#: the result they write to stays in the cache.
_BLOCK = 128

#: Rows and columns of a square of the symmetric result. A tile is a square and its mirror image: the first to write
#: to a row waits for the memory of the rows around it, so no tile may write to all of them.
_SQUARE = 256


@backend.kernel("pairwise_euclidean")
def pairwise_euclidean(threads: int, x: Any, y: Any) -> Any:
    if y is None:
        out = np.empty((len(x), len(x)), x.dtype)
        squares_above = [(i, j) for i in range(0, len(x), _SQUARE) for j in range(i, len(x), _SQUARE)]
        parallel.run(threads, _to_itself, squares_above, x, out)
    else:
        out = np.empty((len(x), len(y)), x.dtype)
        work = parallel.tiles(len(x), len(y) * x.shape[1] / PER_NANOSECOND, _BLOCK)
        parallel.run(threads, _to_others, work, x, y, out)
    return out


@jit
def _to_others(start, stop, x, y, out):
    panel, first, second = np.empty((x.shape[1], LANES)), lanes(), lanes()
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        for left in range(0, len(y), LANES):
            right = min(left + LANES, len(y))
            load(y, left, right, panel)
            _fill(panel, x, begin, end, left, right, first, second, out)


@jit
def _fill(panel, x, begin, end, left, right, first, second, out):
    """Distances of rows `begin` to `end` of `x` to the panel, into columns `left` to `right` of `out`."""
    for i in range(begin, end, 2):
        j = min(i + 1, end - 1)
        squares(panel, x, i, j, first, second)
        take_roots(panel, x[i], first)
        take_roots(panel, x[j], second)
        for lane in range(right - left):
            out[i, left + lane] = first[lane]
        for lane in range(right - left):
            out[j, left + lane] = second[lane]


@jit
def take_roots(panel, row, squared):
    """Turn a row's squared distances to every lane into distances."""
    ordinary = are_in_range(squared)
    for lane in range(LANES):
        squared[lane] = np.sqrt(squared[lane])
    if not ordinary:
        _mend_roots(panel, row, squared)


@jit
def _mend_roots(panel, row, roots):
    """Compute distances again whose squares overflowed or underflowed, in a unit for each lane."""
    most, unit, total = lanes(), lanes(), lanes()
    most[:], total[:] = 0.0, 0.0
    for k in range(panel.shape[0]):
        for lane in range(LANES):
            difference = abs(panel[k, lane] - row[k])
            most[lane] = difference if difference > most[lane] else most[lane]
    for lane in range(LANES):
        unit[lane] = unit_of(most[lane])
    for k in range(panel.shape[0]):
        for lane in range(LANES):
            total[lane] = add(total[lane], (panel[k, lane] - row[k]) * unit[lane])
    for lane in range(LANES):
        if not is_in_range(roots[lane] * roots[lane]):
            roots[lane] = np.sqrt(total[lane]) / unit[lane]


@jit
def _to_itself(top, side, x, out):
    """The square whose first row is `top` and first column `side`, and its mirror image."""
    panel, first, second = np.empty((x.shape[1], LANES)), lanes(), lanes()
    bottom, end = min(top + _SQUARE, len(x)), min(side + _SQUARE, len(x))
    for left in range(side, end, LANES):
        right = min(left + LANES, end)
        load(x, left, right, panel)
        _fill(panel, x, top, bottom, left, right, first, second, out)
        if side > top:
            for j in range(left, right):
                for i in range(top, bottom):
                    out[j, i] = out[i, j]


@backend.kernel("pairwise_distances_argmin")
def pairwise_distances_argmin(threads: int, x: Any, y: Any) -> Any:
    return pairwise_distances_argmin_min(threads, x, y)[0]


@backend.kernel("pairwise_distances_argmin_min")
def pairwise_distances_argmin_min(threads: int, x: Any, y: Any) -> tuple[Any, Any]:
    indices, distances = np.empty(len(x), np.int64), np.empty(len(x), x.dtype)
    work = parallel.tiles(len(x), len(y) * x.shape[1] / PER_NANOSECOND, LANES)
    parallel.run(threads, _nearest, work, x, y, indices, distances)
    return indices, distances


@jit
def _nearest(start, stop, x, y, indices, distances):
    panel, first, second = np.empty((x.shape[1], LANES)), lanes(), lanes()
    least, nearest = lanes(), np.empty(LANES, np.int64)
    for begin in range(start, stop, LANES):
        end = min(begin + LANES, stop)
        load(x, begin, end, panel)
        least[:], nearest[:] = np.inf, 0
        for i in range(0, len(y), 2):
            j = min(i + 1, len(y) - 1)
            squares(panel, y, i, j, first, second)
            _keep_nearer(first, i, least, nearest)
            _keep_nearer(second, j, least, nearest)
        for lane in range(end - begin):
            index, distance = nearest[lane], np.sqrt(least[lane])
            if not is_in_range(least[lane]) and farthest(x[begin + lane], y[index], 1.0) > 0.0:
                index = nearest_of_extremes(x[begin + lane], y, index)
                distance = between(x[begin + lane], y[index])
            indices[begin + lane], distances[begin + lane] = index, distance


@jit
def _keep_nearer(candidate, index, least, nearest):
    for lane in range(LANES):
        if candidate[lane] < least[lane]:
            least[lane], nearest[lane] = candidate[lane], index


@backend.kernel("assigned_distances")
def assigned_distances(threads: int, x: Any, centers: Any, labels: Any) -> Any:
    distances = np.empty(len(x), x.dtype)
    parallel.run(threads, _assigned, parallel.tiles(len(x), x.shape[1]), x, centers, labels, distances)
    return distances


@jit
def _assigned(start, stop, x, centers, labels, distances):
    for i in range(start, stop):
        if not 0 <= labels[i] < len(centers):
            distances[i] = np.nan
            continue
        squared = 0.0
        for k in range(x.shape[1]):
            difference = np.float64(x[i, k]) - np.float64(centers[labels[i], k])
            squared += difference * difference
        distances[i] = np.sqrt(squared) if is_in_range(squared) else between(x[i], centers[labels[i]])
