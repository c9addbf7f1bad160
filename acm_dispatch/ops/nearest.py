"""The nearest of some rows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation
from . import cdist
from .distances import lengths, points, row_pairs

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


@_nearest.case
def distances_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    """Squares of most of them overflow or underflow; some rows have an equal, first or last."""
    sizes = np.repeat([1e-300, 1e-200, 1e-170, 1.0, 1e170, 1e300], 8)[:, None]
    x, y = sizes * rng.normal(size=(48, 3)), sizes[::2] * rng.normal(size=(24, 3))
    y[3], y[20] = x[5], x[6]
    return {"x": x, "y": y[rng.permutation(24)]}


@_nearest.case
def small_columns_decide(rng: np.random.Generator) -> dict[str, Any]:
    y = rng.normal(size=(30, 1)) * [1e-200, 0.0, 0.0] + [0.0, 1e200, 1.0]
    return {"x": rng.normal(size=(90, 1)) * [1e-200, 0.0, 0.0] + [0.0, 1e200, 1.0], "y": y}


@_nearest.case
def none_nearer_than_the_largest_number(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([[1.7e308, 0.0], [1.0, 1.0]]), "y": np.array([[-1.7e308, 0.0], [-1.6e308, 1.0]])}


@_nearest.case
def two_sizes_far_from_one(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([[0.0]]), "y": np.array([[1e200], [1e180]])}


@_nearest.case
def two_sizes_close_to_zero(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([[0.0]]), "y": np.array([[1e-170], [1e-180], [1e-180]])}


@_nearest.mistake("x")
def missing_in_both(rng: np.random.Generator) -> dict[str, Any]:
    """The first array is to blame."""
    return {"x": np.array([[0.0, 1.0], [np.nan, 1.0]]), "y": np.array([[np.inf, 0.0]])}


@_nearest.mistake("y")
def missing_in_centres_of_no_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.empty((0, 2)), "y": np.array([[1.0, np.nan]])}


@_nearest.mistake("y")
def no_centres(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3, 2)), "y": np.empty((0, 2))}


def assert_as_near(found: Any, wanted: Any, x: Any, y: Any) -> None:
    """Each row's nearest one, or another that is farther by no more than rounding; of equally near ones, the first."""
    assert len(found) == len(x)
    allowed = (x.shape[1] + 16) * Fraction(2) ** -52
    for row in np.flatnonzero(found != wanted):
        assert 0 <= found[row] < len(y), f"row {row}: {found[row]} is no row"
        squares = [_square_exactly(x[row], y[index]) for index in (found[row], wanted[row])]
        assert squares[0] != squares[1], f"row {row}: {found[row]} is as near as {wanted[row]}"
        assert abs(squares[0] - squares[1]) <= allowed * squares[1], f"row {row}: {found[row]}, not {wanted[row]}"


def _square_exactly(one: Any, other: Any) -> Fraction:
    differences = (Fraction(float(a)) - Fraction(float(b)) for a, b in zip(one, other, strict=True))
    return sum((difference**2 for difference in differences), start=Fraction(0))


def _assert_indices(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    assert_as_near(actual[0], expected[0], arguments["x"], arguments["y"])


def _assert_indices_and_distances(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    _assert_indices(actual, expected, rtol, atol, arguments)
    np.testing.assert_allclose(actual[1], expected[1], rtol=rtol, atol=atol)


@operation(
    "n d, m d -> int n",
    work="n * m * d",
    nan="forbid",
    samples=_nearest,
    agrees=_assert_indices,
    homogeneous="x, y -> 0",
)
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
        Among equally near rows the lowest index. Rows whose squared distances differ by less than rounding (d + 16
        units in the last place of float64) may be equally near to a backend.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix, they differ in columns, `y` has no rows, or either holds NaN or infinity.

    Notes
    -----
    Follows `sklearn.metrics.pairwise_distances_argmin`, also where squares of distances overflow or underflow.

    Examples
    --------
    >>> pairwise_distances_argmin([[0.0], [9.0]], [[1.0], [10.0], [10.0]])
    array([0, 1])
    """
    return _nearest_rows("pairwise_distances_argmin", x, y)[0]


@operation(
    "n d, m d -> int n, n",
    work="n * m * d",
    nan="forbid",
    samples=_nearest,
    agrees=_assert_indices_and_distances,
    homogeneous="x, y -> 0, 1",
)
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
        Among equally near rows the lowest index. Rows whose squared distances differ by less than rounding (d + 16
        units in the last place of float64) may be equally near to a backend.
    distances : ndarray of shape (n,)
        In the units of `x`.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix, they differ in columns, `y` has no rows, or either holds NaN or infinity.

    Notes
    -----
    Follows `sklearn.metrics.pairwise_distances_argmin_min`, also where squares of distances overflow or underflow: a
    distance that is a normal number has all its digits.

    Examples
    --------
    >>> pairwise_distances_argmin_min([[0.0], [9.0]], [[1.0], [11.0]])
    (array([0, 1]), array([1., 2.]))
    """
    return _nearest_rows("pairwise_distances_argmin_min", x, y)


def _nearest_rows(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    if len(y) == 0:
        raise InvalidInput(name, "y", "has no rows; expected at least one")
    nearest = np.array([_nearest_to(row, y) for row in x], dtype=np.int64)
    return nearest, lengths(x - y[nearest])


def _nearest_to(row: Any, y: Any) -> Any:
    """By squares, in units of about the smallest distance: those that overflow are no smallest."""
    differences = row - y
    if np.abs(differences).max(axis=1, initial=0.0).min() > 1:  # of large numbers halves differ by a number
        differences = row / 2 - y / 2
    farthest = np.abs(differences).max(axis=1, initial=0.0)
    if farthest.min() == 0:
        return farthest.argmin()
    return (np.ldexp(differences, -np.frexp(farthest.min())[1]) ** 2).sum(axis=1).argmin()


@numpy_backend.kernel("pairwise_distances_argmin_min")
@np.errstate(over="ignore", invalid="ignore")
def _nearest_by_cdist(x: Any, y: Any) -> tuple[Any, Any]:
    rows = max(cdist.BLOCK // len(y), 1)
    nearest = np.empty(len(x), np.int64)
    distances = np.empty(len(x), x.dtype)
    for start in range(0, len(x), rows):
        block = slice(start, start + rows)
        nearest[block], distances[block] = cdist.nearest(x[block], y)
    return nearest, distances


@numpy_backend.kernel("pairwise_distances_argmin")
def _argmin_by_cdist(x: Any, y: Any) -> Any:
    return _nearest_by_cdist(x, y)[0]
