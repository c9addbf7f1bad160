"""Distances between the rows of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import ArrayLike
from ..errors import InvalidInput
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..samples import Samples


def _points(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, 50)), "y": rng.normal(size=(max(n // 4, 1), 50))}


_pairs = Samples(_points)


@_pairs.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    """The Gram form loses every digit here."""
    return {"x": 1e6 + rng.normal(size=(40, 10)), "y": 1e6 + rng.normal(size=(30, 10))}


@_pairs.case
def near_duplicates(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e3 + rng.normal(size=(33, 17))
    return {"x": x, "y": x + 1e-6 * rng.normal(size=x.shape)}


@_pairs.case
def identical_rows(rng: np.random.Generator) -> dict[str, Any]:
    row = 1e5 * rng.normal(size=(1, 23))
    return {"x": np.repeat(row, 9, axis=0), "y": np.repeat(row, 21, axis=0)}


@_pairs.case
def squares_beyond_float32(rng: np.random.Generator) -> dict[str, Any]:
    """The distances are float32 numbers, their squares are not."""
    return {"x": 1e25 * rng.normal(size=(20, 6)), "y": 1e25 * rng.normal(size=(19, 6))}


@_pairs.case
def long_rows(rng: np.random.Generator) -> dict[str, Any]:
    """So many terms that adding them up one after the other in float32 leaves five digits."""
    return {"x": rng.random(size=(7, 300_000)), "y": rng.random(size=(3, 300_000))}


@_pairs.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(65, 1)), "y": rng.normal(size=(9, 1))}


@_pairs.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    """Sizes that are multiples of nothing, in every dimension."""
    return {"x": rng.normal(size=(131, 67)), "y": rng.normal(size=(37, 67))}


_matrix = Samples(_points, _pairs)


@_matrix.case
def with_itself(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e4 + rng.normal(size=(83, 13)), "y": None}


@_matrix.case
def wide_with_itself(rng: np.random.Generator) -> dict[str, Any]:
    """So wide that each pair should be computed once."""
    return {"x": 1e4 + rng.normal(size=(131, 97)), "y": None}


@_matrix.case
def with_itself_missing(rng: np.random.Generator) -> dict[str, Any]:
    """A row with NaN or infinity is at no distance from itself."""
    x = rng.normal(size=(30, 5))
    x[3, 1], x[11, 4], x[12, 0] = np.nan, np.inf, -np.inf
    return {"x": x, "y": None}


@_matrix.case
def missing_values(rng: np.random.Generator) -> dict[str, Any]:
    x, y = rng.normal(size=(20, 9)), rng.normal(size=(25, 9))
    x[4, 2], x[7, 8], y[0, 0], y[24, 3] = np.nan, np.inf, np.nan, -np.inf
    return {"x": x, "y": y}


@_matrix.case
def squares_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e200 * rng.normal(size=(9, 4)), "y": 1e200 * rng.normal(size=(8, 4))}


@operation("n d, [m=n d] -> n m", work="n * m * d", nan="propagate", samples=_matrix)
def pairwise_euclidean(x: ArrayLike, y: ArrayLike | None = None, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Euclidean distance between each row of `x` and each row of `y`.

    Parameters
    ----------
    x : array of shape (n, d)
    y : array of shape (m, d), optional
        By default `x` itself.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, m)
        In the units of `x`. NaN or infinity in a row makes its distances NaN or infinite, as arithmetic does; so does
        a square that overflows float64. Identical rows are at distance exactly 0.

    Raises
    ------
    InvalidInput
        If `x` or `y` is not a real matrix, or they differ in columns.

    Notes
    -----
    Follows `scipy.spatial.distance.cdist`: differences are taken before squaring, so rows that are close together or
    far from the origin keep all their digits.

    Examples
    --------
    >>> pairwise_euclidean([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[5., 1.]])
    """
    other: Any = x if y is None else y
    return np.sqrt(np.array([_squares(row, other) for row in x]).reshape(len(x), len(other)))


def _squares(row: Any, y: Any) -> Any:
    """Squared distance of one row to each row of `y`."""
    return ((row - y) ** 2).sum(axis=1)


@numpy_backend.kernel("pairwise_euclidean")
def _cdist(x: Any, y: Any) -> Any:
    from scipy.spatial.distance import cdist

    return cdist(x, x if y is None else y).astype(x.dtype, copy=False)


_nearest = Samples(_points, _pairs)


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
    nearest = np.array([_squares(row, y).argmin() for row in x], dtype=np.int64)
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


def _assignment(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, 50)), "centers": rng.normal(size=(8, 50)), "labels": rng.integers(0, 8, size=n)}


_assigned = Samples(_assignment)


@_assigned.case
def labels_without_a_centre(rng: np.random.Generator) -> dict[str, Any]:
    """-1 is no centre either: it must not wrap to the last one."""
    labels = np.array([0, -1, 2, 3, -4, 1, 2**62, -(2**63)])
    return {"x": rng.normal(size=(8, 5)), "centers": rng.normal(size=(3, 5)), "labels": labels}


@_assigned.case
def missing_values_of_a_row_or_centre(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _assignment(rng, 30)
    arguments["x"][3, 1], arguments["x"][4, 0], arguments["centers"][2, 7] = np.nan, np.inf, np.nan
    return arguments


@_assigned.case
def assigned_at_offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(45, 3)), "centers": np.full((1, 3), 1e6), "labels": np.zeros(45, int)}


@_assigned.case
def assigned_squares_beyond_float32(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _assignment(rng, 20)
    return {**arguments, "x": 1e25 * arguments["x"]}


@_assigned.mistake("labels")
def labels_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**_assignment(rng, 6), "labels": np.zeros(5, int)}


@operation("n d, k d, int n -> n", work="n * d * (k > 0)", nan="propagate", samples=_assigned)
def assigned_distances(
    x: ArrayLike, centers: ArrayLike, labels: ArrayLike, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Euclidean distance of each row of `x` to the centre that its label names.

    Parameters
    ----------
    x : array of shape (n, d)
    centers : array of shape (k, d)
    labels : array of shape (n,), integers
        Rows of `centers`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)
        In the units of `x`. NaN where the label is not within 0 to k - 1; NaN and infinity in a row or centre spread
        as arithmetic has it.

    Raises
    ------
    InvalidInput
        If `x` or `centers` is not a real matrix, they differ in columns, or `labels` are not n integers.

    Notes
    -----
    The distance that `sklearn.cluster.KMeans` minimises, by differences as in `scipy.spatial.distance.cdist`.

    Examples
    --------
    >>> assigned_distances([[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0]], [0, -1])
    array([ 0., nan])
    """
    known = (labels >= 0) & (labels < len(centers))
    result = np.full(len(x), np.nan)
    result[known] = np.sqrt(((x[known] - centers[labels[known]]) ** 2).sum(axis=1))
    return result
