"""Growing isolation trees: all of them at once, level by level."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

#: Columns that are drawn for a node before all of them are looked at: most vary in most nodes.
_DRAWS = 8
#: Nodes whose columns are all looked at together, so that their rows stay few.
_NODES = 16


def average_path_length(sizes: Any) -> Any:
    """Mean number of comparisons of an unsuccessful search in a random binary tree of so many values."""
    size = np.maximum(np.asarray(sizes, dtype=np.float64), 3.0)
    beyond_two = 2.0 * (np.log(size - 1.0) + np.euler_gamma) - 2.0 * (size - 1.0) / size
    return np.select([np.less_equal(sizes, 1), np.equal(sizes, 2)], [0.0, 1.0], beyond_two)


class _Splits(NamedTuple):
    """How each node of a level is split: by no column (-1) where none varies in it."""

    feature: Any
    low: Any
    high: Any

    def take(self, nodes: Any, feature: Any, low: Any, high: Any) -> None:
        """Split `nodes` so."""
        self.feature[nodes], self.low[nodes], self.high[nodes] = feature, low, high


def grown(x: Any, rows: Any, n_trees: int, generator: np.random.Generator) -> tuple[Any, Any, Any, Any]:
    """Feature, threshold, left child and path length of the nodes of trees grown on equal shares of `rows` of `x`.

    Values are compared in float32. Of `x` only what a split looks at is read; a node's rows lie together in `rows`.
    """
    levels: list[tuple[Any, ...]] = []
    size = len(rows) // n_trees
    sizes = np.full(n_trees, size)
    first, deepest = 0, int(np.ceil(np.log2(max(size, 2))))
    for depth in range(deepest + 1):
        splits = _splits(x, rows, sizes if depth < deepest else np.ones_like(sizes), generator)
        inner = splits.feature >= 0
        threshold = _thresholds(splits, inner, generator)
        first += len(sizes)
        left = np.where(inner, first + 2 * (np.cumsum(inner) - 1), 0)
        levels.append((splits.feature, threshold, left, np.where(inner, 0.0, depth + average_path_length(sizes))))
        if not inner.any():
            break
        rows, sizes = _parted(x, rows, sizes, splits.feature, threshold)
    feature, threshold, left, path_length = (np.concatenate(parts) for parts in zip(*levels, strict=True))
    return feature, threshold, left, path_length


def _splits(x: Any, rows: Any, sizes: Any, generator: np.random.Generator) -> _Splits:
    """For each node of several rows a random one of the columns that vary in it."""
    splits = _Splits(np.full(len(sizes), -1), *np.zeros((2, len(sizes)), np.float32))
    undecided = np.flatnonzero(sizes > 1)
    for _ in range(_DRAWS):
        if not len(undecided):
            return splits
        drawn = generator.integers(x.shape[1], size=len(undecided))
        theirs = rows[np.repeat(np.isin(np.arange(len(sizes)), undecided), sizes)]
        values = x[theirs, np.repeat(drawn, sizes[undecided])].astype(np.float32)
        low, high = _ranges(values, sizes[undecided])
        varies = high > low
        splits.take(undecided[varies], drawn[varies], low[varies], high[varies])
        undecided = undecided[~varies]
    _look_everywhere(splits, x, rows, sizes, undecided, generator)
    return splits


def _look_everywhere(
    splits: _Splits, x: Any, rows: Any, sizes: Any, undecided: Any, generator: np.random.Generator
) -> None:
    """Split the nodes of which every drawn column was constant, by the range of each column."""
    starts = np.cumsum(sizes) - sizes
    for nodes in _in_groups(undecided):
        theirs = np.concatenate([rows[starts[node] : starts[node] + sizes[node]] for node in nodes])
        low, high = _ranges(x[theirs].astype(np.float32), sizes[nodes])
        draw = np.where(high > low, generator.random(low.shape), -1.0)
        best, each = draw.argmax(axis=1), np.arange(len(nodes))
        varies = draw[each, best] >= 0
        splits.take(nodes[varies], best[varies], low[each, best][varies], high[each, best][varies])


def _in_groups(nodes: Any) -> Iterator[Any]:
    return (nodes[start : start + _NODES] for start in range(0, len(nodes), _NODES))


def _ranges(values: Any, sizes: Any) -> tuple[Any, Any]:
    """Least and largest value of each node."""
    starts = np.cumsum(sizes) - sizes
    return np.minimum.reduceat(values, starts, axis=0), np.maximum.reduceat(values, starts, axis=0)


def _thresholds(splits: _Splits, inner: Any, generator: np.random.Generator) -> Any:
    """Random places within the ranges, so that both sides get a row; 0 in leaves."""
    low, high = splits.low, splits.high
    threshold = (low + (high.astype(np.float64) - low) * generator.random(len(low))).astype(np.float32)
    return np.where(inner, np.where(threshold < high, threshold, low), 0.0).astype(np.float64)


def _parted(x: Any, rows: Any, sizes: Any, feature: Any, threshold: Any) -> tuple[Any, Any]:
    """The rows of inner nodes, and the sizes of their children."""
    node = np.repeat(np.arange(len(sizes)), sizes)
    inner = feature >= 0
    kept = inner[node]
    rows, node = rows[kept], node[kept]
    right = x[rows, feature[node]].astype(np.float32) > threshold[node]
    child = 2 * (np.cumsum(inner) - 1)[node] + right
    return rows[np.argsort(child, kind="stable")], np.bincount(child, minlength=2 * np.count_nonzero(inner))
