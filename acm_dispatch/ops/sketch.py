"""Quantiles of columns that come in chunks: few points that stand for many values, with a bound on what that costs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_host
from ..execution.dispatch import find

#: Points that stand for a chunk, or for several chunks of the level below.
_POINTS = 512

#: Where they lie in it: in the middle of equal parts.
_MIDDLES = (np.arange(_POINTS) + 0.5) / _POINTS

#: Sets of points of a level that become one of the next: few levels, since each adds to the error.
_FAN_IN = 8

#: Fewer rows than this are kept as they are until there are enough.
_ROWS = 4096


class WeighedPoints(NamedTuple):
    """Points of each column and how many values each stands for; those that are missing are NaN and weigh nothing."""

    values: Any
    weights: Any

    def at(self, ranks: Any) -> Any:
        """The value at each rank of its column, k x d, between points in proportion; infinite beyond them."""
        found = np.full(np.shape(ranks), np.nan)
        for j in np.flatnonzero(self.weights.sum(axis=0)):
            points, ends = _in_order(self.values[:, j], self.weights[:, j])
            middles = (np.concatenate([[0.0], ends[:-1]]) + ends - 1) / 2
            # By halves: the distance of two numbers may be larger than all numbers.
            found[:, j] = 2 * np.interp(ranks[:, j], middles, points / 2, left=-np.inf, right=np.inf)
        return found


class _Points(NamedTuple):
    """Sorted points of each column, and how many values each of them stands for."""

    values: Any
    weight: Any


class QuantileSketch:
    """Quantiles of `d` columns in constant memory.

    Every chunk is represented by 512 points of equal weight, the middles of 512 equal parts in order; whenever eight
    such sets have gathered on a level, they are represented in the same way by one set on the next level. A step that
    replaces W values by points of weight w = W / 512 moves no rank by more than w / 2, and the steps of one level
    replace each value once. So the rank of a quantile is off by at most n / 1024 for each level, of which there are
    about 1 + log8(chunks); as errors rarely all point one way, it is usually a tenth of that.
    """

    def __init__(self, d: int) -> None:
        self._levels: list[list[_Points]] = []
        self._pending: list[Any] = []
        self._error = np.zeros(d)

    def updated(self, chunk: Any) -> QuantileSketch:
        """The sketch that has seen further rows as well: a canonical matrix."""
        sketch = self._copy()
        sketch._take_in(chunk)
        return sketch

    def merged(self, other: QuantileSketch) -> QuantileSketch:
        """The sketch that knows what another one of the same columns has seen as well."""
        sketch = self._copy()
        sketch._error += other._error
        for level, sets in enumerate(other._levels):
            for points in sets:
                sketch._add(level, points)
        for rows in other._pending:
            sketch._take_in(rows)
        return sketch

    def quantiles(self, q: tuple[float, ...], minimum: Any, maximum: Any) -> Any:
        """Of each column, k x d; its extremes are known exactly."""
        values, weights = self.points
        found = np.full((len(q), len(self._error)), np.nan)
        for j in np.flatnonzero(weights.sum(axis=0)):
            points, ends = _in_order(values[:, j], weights[:, j])
            starts = np.concatenate([[0.0], ends[:-1]])
            ranks = np.concatenate([[0.0], (starts + ends - 1) / 2, [ends[-1] - 1]])
            with_ends = np.concatenate([[minimum[j]], points, [maximum[j]]])
            # By halves: the distance of two numbers may be larger than all numbers.
            found[:, j] = 2 * np.interp(np.multiply(q, ends[-1] - 1), ranks, with_ends / 2)
        return found

    @property
    def points(self) -> WeighedPoints:
        """All points."""
        rows = np.concatenate([np.empty((0, len(self._error))), *self._pending])
        raw = _Points(rows, np.ones(len(self._error)))
        return _together([*(points for sets in self._levels for points in sets), raw])

    @property
    def nbytes(self) -> int:
        """Bytes of the points and of the rows that are not represented by some yet."""
        points = [points.values.nbytes for sets in self._levels for points in sets]
        return sum(points) + sum(rows.nbytes for rows in self._pending) + self._error.nbytes

    @property
    def rank_error(self) -> Any:
        """By how many ranks a quantile of each column may be off: what the steps and the reading between points add."""
        weights = [points.weight for sets in self._levels for points in sets]
        return self._error + np.max([np.zeros(len(self._error)), *weights], axis=0) / 2

    def _copy(self) -> QuantileSketch:
        """One whose lists may grow; the points themselves never change."""
        sketch = QuantileSketch(len(self._error))
        sketch._levels = [sets.copy() for sets in self._levels]
        sketch._pending = self._pending.copy()
        sketch._error = self._error.copy()
        return sketch

    def _take_in(self, chunk: Any) -> None:
        kept = chunk if len(chunk) >= _ROWS and not self._pending else to_host(chunk)
        self._pending.append(kept if len(chunk) >= _ROWS else kept.copy())
        if sum(map(len, self._pending)) >= _ROWS:
            rows = self._pending[0] if len(self._pending) == 1 else np.concatenate(self._pending)
            self._pending = []
            self._add(0, self._points_of(rows))

    def _points_of(self, rows: Any) -> _Points:
        count = to_host(np.isfinite(rows).sum(axis=0))
        self._error += count / (2 * _POINTS) + 1.5  # and what the operation's way to round a rank may add
        column_quantiles = find("column_quantiles").function  # by name: its results of parts are made of sketches
        values = to_host(column_quantiles(rows, tuple(_MIDDLES.tolist()), method="nearest"))
        return _Points(np.asarray(values, dtype=np.float64), count / _POINTS)

    def _add(self, level: int, points: _Points) -> None:
        while len(self._levels) <= level:
            self._levels.append([])
        self._levels[level].append(points)
        if len(self._levels[level]) == _FAN_IN:
            sets, self._levels[level] = self._levels[level], []
            self._add(level + 1, self._condensed(sets))

    def _condensed(self, sets: list[_Points]) -> _Points:
        values, weights = _together(sets)
        total = weights.sum(axis=0)
        condensed = np.full((_POINTS, values.shape[1]), np.nan)
        for j in np.flatnonzero(total):
            points, ends = _in_order(values[:, j], weights[:, j])
            chosen = np.searchsorted(ends, _MIDDLES * total[j])
            condensed[:, j] = points[np.minimum(chosen, len(points) - 1)]
        self._error += total / (2 * _POINTS)
        return _Points(condensed, total / _POINTS)


def _together(sets: list[_Points]) -> WeighedPoints:
    values = np.concatenate([points.values for points in sets])
    weights = np.concatenate([np.broadcast_to(points.weight, points.values.shape) for points in sets])
    finite = np.isfinite(values)
    return WeighedPoints(np.where(finite, values, np.nan), np.where(finite, weights, 0.0))


def _in_order(values: Any, weights: Any) -> tuple[Any, Any]:
    """The points of a column that are not missing, sorted, and the weight up to and with each of them."""
    order = np.argsort(values)[: np.count_nonzero(weights)]  # NaN comes last
    return values[order], np.cumsum(weights[order])
