"""The nearest of some rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import ArrayLike
from ..errors import InvalidInput
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..samples import Samples
from .distances import points, row_pairs, squared_distances

_nearest = Samples(points, row_pairs)


@_nearest.case
def duplicate_centres(rng: np.random.Generator) -> dict[str, Any]:
    centre = rng.integers(-5, 5, size=(6, 8)).astype(float)
    return {"x": rng.integers(-5, 5, size=(50, 8)).astype(float), "y": np.repeat(centre, 5, axis=0)[::-1]}


@_nearest.case
def exact_midpoints(rng: np.random.Generator) -> dict[str, Any]:
    y = rng.integers(-8, 8, size=(20, 3)).astype(float)
    return {"x": (y[:, None] + y[None]).reshape(-1, 3) / 2, "y": y}


@_nearest.case
def single_centre(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(31, 12)), "y": rng.normal(size=(1, 12))}


@_nearest.case
def many_centres(rng: np.random.Generator) -> dict[str, Any]:
    """Ties between centres that lie in different blocks."""
    y = rng.normal(size=(300, 7))
    return {"x": y[::3].copy(), "y": np.vstack([y, y])}


@_nearest.case
def centres_that_float32_confuses(rng: np.random.Generator) -> dict[str, Any]:
    """Far from the origin, and each centre beside another that differs from it in the twelfth digit of a distance."""
    y = 1e6 + rng.normal(size=(20, 11))
    return {"x": 1e6 + rng.normal(size=(150, 11)), "y": np.vstack([y, y + 1e-9 * rng.normal(size=y.shape)])}


@_nearest.case
def rows_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    """Up to where no centre is nearer than another."""
    sizes = np.repeat([1e-20, 1e-8, 1.0, 1e5, 1e20], 30)
    return {"x": sizes[:, None] * rng.normal(size=(150, 6)), "y": rng.normal(size=(40, 6))}


@_nearest.case
def ties_everywhere(rng: np.random.Generator) -> dict[str, Any]:
    """Every row is as near to one centre as to another, in many blocks."""
    y = rng.normal(size=(20, 9))
    return {"x": rng.normal(size=(700, 9)), "y": np.vstack([y, y])}


@_nearest.case
def distances_beyond_float32_squares(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e-25 * rng.normal(size=(90, 5)), "y": 1e-25 * rng.normal(size=(40, 5))}


@_nearest.mistake("y")
def no_centres(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3, 2)), "y": np.empty((0, 2))}


@operation("n d, m d -> int n", work="n * m * d", nan="forbid", samples=_nearest)
def pairwise_distances_argmin(x: ArrayLike, y: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Index of the row of `y` that is nearest to each row of `x`, without the n x m matrix of distances.

    Parameters
    ----------
    x : array of shape (n, d)
    y : array of shape (m, d)
        At least one row.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,), int64
        Among equally near rows the lowest index.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix, they differ in columns, `y` has no rows, or either holds NaN or infinity.

    Notes
    -----
    Follows `sklearn.metrics.pairwise_distances_argmin`.

    Examples
    --------
    >>> pairwise_distances_argmin([[0.0], [9.0]], [[1.0], [10.0], [10.0]])
    array([0, 1])
    """
    return _nearest_rows("pairwise_distances_argmin", x, y)[0]


@operation("n d, m d -> int n, n", work="n * m * d", nan="forbid", samples=_nearest)
def pairwise_distances_argmin_min(
    x: ArrayLike, y: ArrayLike, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Index of the nearest row of `y` for each row of `x`, and its Euclidean distance.

    Parameters
    ----------
    x : array of shape (n, d)
    y : array of shape (m, d)
        At least one row.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    indices : ndarray of shape (n,), int64
        Among equally near rows the lowest index.
    distances : ndarray of shape (n,)
        In the units of `x`.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix, they differ in columns, `y` has no rows, or either holds NaN or infinity.

    Notes
    -----
    Follows `sklearn.metrics.pairwise_distances_argmin_min`.

    Examples
    --------
    >>> pairwise_distances_argmin_min([[0.0], [9.0]], [[1.0], [11.0]])
    (array([0, 1]), array([1., 2.]))
    """
    return _nearest_rows("pairwise_distances_argmin_min", x, y)


def _nearest_rows(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    if len(y) == 0:
        raise InvalidInput(name, "y", "has no rows; expected at least one")
    nearest = np.array([squared_distances(row, y).argmin() for row in x], dtype=np.int64)
    return nearest, np.sqrt(((x - y[nearest]) ** 2).sum(axis=1))


#: Numbers in a block of distances: 8 MB in float64, so that the block stays in the cache.
_BLOCK = 1 << 20


def _nearest_by_cdist(x: Any, y: Any) -> tuple[Any, Any]:
    from scipy.spatial.distance import cdist

    rows = max(_BLOCK // len(y), 1)
    nearest = np.empty(len(x), np.int64)
    distances = np.empty(len(x), x.dtype)
    for start in range(0, len(x), rows):
        block = cdist(x[start : start + rows], y)
        nearest[start : start + rows] = block.argmin(axis=1)
        distances[start : start + rows] = block.min(axis=1)
    return nearest, distances


@numpy_backend.kernel("pairwise_distances_argmin")
def _argmin_by_cdist(x: Any, y: Any) -> Any:
    return _nearest_by_cdist(x, y)[0]


numpy_backend.kernel("pairwise_distances_argmin_min")(_nearest_by_cdist)
