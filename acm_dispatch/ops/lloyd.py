"""The step that k-means repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation
from .nearest import assert_as_near, pairwise_distances_argmin


def groups(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Rows around 8 places; the centres are 8 of the rows."""
    x = rng.normal(size=(n, 50)) + 4 * rng.normal(size=(8, 50))[np.arange(n) % 8]
    return {"x": x, "centers": x[:8].copy()}


_steps = Samples(groups)


@_steps.case
def centre_without_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(50, 3)), "centers": np.array([[1e3, 0.0, 0.0], [0.0, 0.1, 0.2], [-1e3, 5.0, 5.0]])}


@_steps.case
def duplicate_centres(rng: np.random.Generator) -> dict[str, Any]:
    """The first of equals takes all rows."""
    return {"x": rng.normal(size=(64, 4)), "centers": np.repeat(rng.normal(size=(3, 4)), 2, axis=0)}


@_steps.case
def far_from_the_origin(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e6 + rng.normal(size=(300, 7))
    return {"x": x, "centers": x[::60].copy()}


@_steps.case
def one_cluster(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5001, 3)), "centers": np.zeros((1, 3))}


@_steps.case
def sums_beyond_the_largest_number(rng: np.random.Generator) -> dict[str, Any]:
    """Their means are not."""
    x = rng.choice([-1.0, 1.0], size=(60, 1)) * rng.uniform(0.6, 0.9, size=(60, 3)) * 1e308
    return {"x": x, "centers": np.array([[-1e308] * 3, [1e308] * 3, [0.0] * 3])}


@_steps.case
def groups_of_every_size(rng: np.random.Generator) -> dict[str, Any]:
    places = np.array([1e-300, 1e-200, 1e-160, 1.0, 1e160, 1e300])[:, None] * np.ones(3)
    return {"x": np.repeat(places, 20, axis=0) * rng.uniform(0.8, 1.2, size=(120, 3)), "centers": places}


@_steps.mistake("x")
def missing_in_both(rng: np.random.Generator) -> dict[str, Any]:
    """The first array is to blame."""
    x = rng.normal(size=(3000, 2))
    x[-1, 1] = np.nan
    return {"x": x, "centers": np.array([[0.0, np.inf], [1.0, 1.0]])}


@_steps.mistake("centers")
def missing_in_the_centres_of_no_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.empty((0, 2)), "centers": np.array([[1.0, np.nan]])}


@_steps.mistake("centers")
def no_centres(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3, 2)), "centers": np.empty((0, 2))}


def _assert_step(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """Labels of nearest rows, up to rounding, and the means and sizes of the clusters that they make."""
    labels, means, sizes = actual
    x, centers = arguments["x"], arguments["centers"]
    assert_as_near(labels, expected[0], x, centers)
    np.testing.assert_array_equal(sizes, np.bincount(labels, minlength=len(centers)))
    wanted = expected[1] if np.array_equal(labels, expected[0]) else _means(x, labels, centers)
    np.testing.assert_allclose(means, wanted, rtol=rtol, atol=atol)


@operation(
    "n d, k d -> int n, k d, int k",
    work="n * k * d",
    nan="forbid",
    samples=_steps,
    agrees=_assert_step,
    homogeneous="x, centers -> 0, 1, 0",
)
def lloyd_step(
    x: ArrayLike, centers: ArrayLike, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """One step of Lloyd's algorithm: each row to its nearest centre, each centre to the mean of its rows.

    Parameters
    ----------
    x : array of shape (n, d)
    centers : array of shape (k, d)
        At least one row.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    labels : ndarray of shape (n,), int64
        The nearest row of `centers`, the first among equally near ones, as `pairwise_distances_argmin` finds it.
    means : ndarray of shape (k, d)
        Of the rows with each label, summed in float64; a centre without rows stays where it is.
    sizes : ndarray of shape (k,), int64
        Rows with each label.

    Raises
    ------
    InvalidInput
        If an array is not a real matrix or holds NaN or infinity, they differ in columns, or `centers` has no rows.

    References
    ----------
    S. P. Lloyd (1982), Least squares quantization in PCM.

    Examples
    --------
    >>> lloyd_step([[0.0], [1.0], [9.0]], [[2.0], [8.0]])
    (array([0, 0, 1]), array([[0.5],
           [9. ]]), array([2, 1]))
    """
    if len(centers) == 0:
        raise InvalidInput("lloyd_step", "centers", "has no rows; expected at least one")
    labels = pairwise_distances_argmin.operation.body(x, centers)
    return labels, _means(x, labels, centers), np.bincount(labels, minlength=len(centers))


def _means(x: Any, labels: Any, centers: Any) -> Any:
    """Of the rows with each label; a centre without rows as it is."""
    means = [_mean(x[labels == k]) if k in labels else center for k, center in enumerate(centers)]
    return np.array(means).reshape(centers.shape)


def _mean(rows: Any) -> Any:
    """Mean of each column, also where their sum overflows."""
    mean = rows.mean(axis=0)
    return np.where(np.isfinite(mean), mean, (rows * 2.0**-64).mean(axis=0) * 2.0**64)


@numpy_backend.kernel("lloyd_step")
@np.errstate(over="ignore", invalid="ignore")
def _step_by_counting(x: Any, centers: Any) -> tuple[Any, Any, Any]:
    labels = pairwise_distances_argmin(x, centers, backend="numpy")
    sizes = np.bincount(labels, minlength=len(centers))
    means = _sums(x, labels, len(centers)) / np.maximum(sizes, 1)[:, None]
    if not np.isfinite(means).all():  # sums have overflowed; those of small shares do not
        shares = _sums(x * 2.0**-64, labels, len(centers)) / np.maximum(sizes, 1)[:, None]
        means = np.where(np.isfinite(means), means, shares * 2.0**64)
    return labels, np.ascontiguousarray(np.where(sizes[:, None] > 0, means, centers), x.dtype), sizes


def _sums(x: Any, labels: Any, count: int) -> Any:
    """Of each column over the rows with each label."""
    return np.stack([np.bincount(labels, weights=column, minlength=count) for column in x.T], axis=1)
