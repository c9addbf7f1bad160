"""Distances between the rows of matrices, and the nearest rows."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.parts import Arguments, Rows, Undivided
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation


def points(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, 50)), "y": rng.normal(size=(max(n // 4, 1), 50))}


row_pairs = Samples(points)


@row_pairs.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    """The Gram form loses every digit here."""
    return {"x": 1e6 + rng.normal(size=(40, 10)), "y": 1e6 + rng.normal(size=(30, 10))}


@row_pairs.case
def near_duplicates(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e3 + rng.normal(size=(33, 17))
    return {"x": x, "y": x + 1e-6 * rng.normal(size=x.shape)}


@row_pairs.case
def identical_rows(rng: np.random.Generator) -> dict[str, Any]:
    row = 1e5 * rng.normal(size=(1, 23))
    return {"x": np.repeat(row, 9, axis=0), "y": np.repeat(row, 21, axis=0)}


@row_pairs.case
def squares_beyond_float32(rng: np.random.Generator) -> dict[str, Any]:
    """The distances are float32 numbers, their squares are not."""
    return {"x": 1e25 * rng.normal(size=(20, 6)), "y": 1e25 * rng.normal(size=(19, 6))}


@row_pairs.case
def squares_below_float32(rng: np.random.Generator) -> dict[str, Any]:
    """As small, and a little less so: there, squares lose some digits only."""
    sizes = np.array([1e-24, 1e-22, 1e-20])[np.arange(21) % 3, None]
    return {"x": sizes * rng.normal(size=(21, 6)), "y": sizes[:18] * rng.normal(size=(18, 6))}


@row_pairs.case
def wide_rows_with_squares_below_float32(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e-22 * rng.normal(size=(13, 130)), "y": 1e-22 * rng.normal(size=(11, 130))}


@row_pairs.case
def more_columns_than_rows(rng: np.random.Generator) -> dict[str, Any]:
    """So wide that few rows fill a cache."""
    return {"x": rng.normal(size=(40, 1500)), "y": rng.normal(size=(33, 1500))}


@row_pairs.case
def long_rows(rng: np.random.Generator) -> dict[str, Any]:
    """So many terms that adding them up one after the other in float32 leaves five digits."""
    return {"x": rng.random(size=(7, 300_000)), "y": rng.random(size=(3, 300_000))}


@row_pairs.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(65, 1)), "y": rng.normal(size=(9, 1))}


@row_pairs.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    """Sizes that are multiples of nothing, in every dimension."""
    return {"x": rng.normal(size=(131, 67)), "y": rng.normal(size=(37, 67))}


_matrix = Samples(points, row_pairs)


@_matrix.case
def rows_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    """Each distance has its digits, whatever the others are, and each coordinate counts where the others are equal."""
    sizes = np.array([1e-300, 1e-200, 1e-160, 1.0, 1e160, 1e300])
    x = np.repeat(sizes, 3)[:, None] * rng.normal(size=(18, 3))
    y = np.repeat(sizes, 3)[:, None] * rng.normal(size=(18, 3))
    x[:, 2] = y[:, 2] = rng.choice([0.0, 1.0], size=18)
    return {"x": np.vstack([x, y]), "y": np.vstack([y, x, x + np.array([1e-200, 0.0, 0.0])])}


@_matrix.case
def columns_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    scale = np.array([1e-200, 1.0, 1e-3, 1e-170])
    x, y = rng.normal(size=(12, 4)), rng.normal(size=(9, 4))
    x[:5, 1:3] = y[:4, 1:3] = 0.5  # told apart by the small columns only
    return {"x": scale * x, "y": scale * y}


@_matrix.case
def every_size_with_itself(rng: np.random.Generator) -> dict[str, Any]:
    sizes = np.array([1e-300, 1e-170, 1.0, 1e170, 1e300])
    return {"x": np.repeat(sizes, 4)[:, None] * rng.normal(size=(20, 70)), "y": None}


@_matrix.case
def distances_beyond_the_largest_number(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([[1.7e308], [1.0]]), "y": np.array([[-1.7e308], [1.6e308], [1.0]])}


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


def _parts_beside_others(arguments: Arguments) -> Rows | Undivided:
    if arguments["y"] is None:
        return Undivided("has rows in parts, of which each would need all others; expected `y` beside it")
    return Rows()


@operation(
    "n d, [m=n d] -> n m",
    work="n * m * d",
    nan="propagate",
    samples=_matrix,
    homogeneous="x, y -> 1",
    parts=_parts_beside_others,
)
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
        In the units of `x`. NaN or infinity in a row makes its distances NaN or infinite, as arithmetic does. Identical
        rows are at distance exactly 0.

    Raises
    ------
    InvalidInput
        If `x` or `y` is not a real matrix, or they differ in columns.

    Notes
    -----
    Follows `scipy.spatial.distance.cdist`: differences are taken before squaring, so rows that are close together or
    far from the origin keep all their digits. So do distances whose squares would overflow or underflow: any that is a
    normal number, whatever the sizes of rows and columns.

    Examples
    --------
    >>> pairwise_euclidean([[0.0, 0.0]], [[3.0, 4.0], [0.0, 1.0]])
    array([[5., 1.]])
    """
    other: Any = x if y is None else y
    return np.array([lengths(row - other) for row in x]).reshape(len(x), len(other))


def lengths(vectors: Any) -> Any:
    """Euclidean length of each row, squared after division by the power of two at its largest entry."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    exponents = np.frexp(np.where(np.isfinite(largest), largest, 0.0))[1]
    return np.ldexp(np.sqrt((np.ldexp(vectors, -exponents[:, None]) ** 2).sum(axis=1)), exponents)


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


@_assigned.case
def assigned_rows_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    sizes = np.array([1e-300, 1e-200, 1e-24, 1.0, 1e25, 1e200, 1e300])
    labels = np.arange(28) % 8 - 1
    centers = sizes[:, None] * rng.normal(size=(7, 3))
    return {
        "x": centers[labels] + sizes[labels][:, None] * rng.normal(size=(28, 3)),
        "centers": centers,
        "labels": labels,
    }


@_assigned.mistake("labels")
def labels_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**_assignment(rng, 6), "labels": np.zeros(5, int)}


@operation(
    "n d, k d, int n -> n",
    work="n * d * (k > 0)",
    nan="propagate",
    samples=_assigned,
    homogeneous="x, centers -> 1",
    parts=Rows(),
)
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
    The distance that `sklearn.cluster.KMeans` minimises, by differences as in `scipy.spatial.distance.cdist`; one that
    is a normal number has all its digits.

    Examples
    --------
    >>> assigned_distances([[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0]], [0, -1])
    array([ 0., nan])
    """
    labelled = (labels >= 0) & (labels < len(centers))
    result = np.full(len(x), np.nan)
    result[labelled] = lengths(x[labelled] - centers[labels[labelled]])
    return result


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
    """Far from the origin, and each centre next to another that differs from it in the twelfth digit of a distance."""
    y = 1e6 + rng.normal(size=(20, 11))
    return {"x": 1e6 + rng.normal(size=(150, 11)), "y": np.vstack([y, y + 1e-9 * rng.normal(size=y.shape)])}


@_nearest.case
def nearest_rows_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
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
    parts=Rows(),
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
    parts=Rows(),
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
