"""SciPy's distances, mended where their squares overflow or underflow: what NumPy's kernels share."""

from __future__ import annotations

from typing import Any

import numpy as np

#: Distances from here on are roots of sums of squares that have all their digits.
_LEAST = 2.0**-480

#: Makes a large difference one whose square is in range; its inverse, a small one.
_UNIT = 2.0**600

#: Smallest, apart from 0, and largest values whose differences are 0 or have squares in range.
_SQUARABLE = 2.0**-420, 2.0**480

#: Numbers in a temporary array: 8 MB in float64, so that it stays in the cache.
BLOCK = 1 << 20


def distances(x: Any, y: Any, fits: bool = False) -> Any:
    """Of each row of `x` to each row of `y`, in float64; `fits` where no square is known to overflow or vanish."""
    from scipy.spatial.distance import cdist

    found = cdist(x, y)
    if not fits and _are_lost(found.min(), found.max()) and not (squares_fit(x) and squares_fit(y)):
        rows, columns = np.nonzero((found < _LEAST) | (found == np.inf))
        for some in _parts(len(rows), x.shape[1]):
            found[rows[some], columns[some]] = _by_unit(_differences(x[rows[some]], y[columns[some]]))
    return found


def nearest(x: Any, y: Any) -> tuple[Any, Any]:
    """For each row of `x` the nearest row of `y`, the lowest among equals, and its distance."""
    from scipy.spatial.distance import cdist

    found = cdist(x, y)
    index, distance = found.argmin(axis=1), found.min(axis=1)
    if _are_lost(distance.min(), distance.max()) and not (squares_fit(x) and squares_fit(y)):
        lost = np.flatnonzero((distance < _LEAST) | (distance == np.inf))
        for some in _parts(len(lost), y.size):
            index[lost[some]], distance[lost[some]] = _nearest_of_extremes(x[lost[some]], y)
    return index, distance


def lengths(vectors: Any) -> Any:
    """Euclidean length of each row of float64 numbers."""
    found = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    lost = ~((found >= _LEAST) & (found < np.inf))
    if lost.any():
        found[lost] = _by_unit(vectors[lost])
    return found


def squares_fit(x: Any) -> bool:
    """Whether no square of a difference of such numbers overflows or underflows."""
    size = np.abs(x)
    return bool(((size < _SQUARABLE[1]) & ((size >= _SQUARABLE[0]) | (size == 0))).all())


def _are_lost(least: Any, largest: Any) -> bool:
    """Whether that may be the case of some of such distances; it is where one is NaN."""
    return not (least >= _LEAST and largest < np.inf)


def _parts(count: int, numbers: int) -> list[slice]:
    """`count` items of so many numbers in parts that fill a block."""
    length = max(BLOCK // max(numbers, 1), 1)
    return [slice(start, start + length) for start in range(0, count, length)]


def _differences(x: Any, y: Any) -> Any:
    return x.astype(np.float64, copy=False) - y


def _by_unit(vectors: Any) -> Any:
    """Length along the last axis, of vectors in a unit that suits the largest entry."""
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    unit = np.where(largest < _LEAST, 1 / _UNIT, np.where(largest > 1 / _LEAST, _UNIT, 1.0))
    return np.sqrt(((vectors / unit) ** 2).sum(axis=-1)) * unit[..., 0]


def _nearest_of_extremes(x: Any, y: Any) -> tuple[Any, Any]:
    """By squares in a unit that suits the smallest distance; large numbers are divided before they are subtracted."""
    differences = _differences(x[:, None], y)
    small = (np.abs(differences).max(axis=2).min(axis=1) < _LEAST)[:, None, None]
    differences = np.where(small, differences * _UNIT, _differences(x[:, None] / _UNIT, y / _UNIT))
    index = (differences**2).sum(axis=2).argmin(axis=1)
    return index, _by_unit(_differences(x, y[index]))
