"""Squared Mahalanobis distances: quadratic forms of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.parts import Rows
from ..contract.samples import Samples
from ..execution.operation import operation


def _deviations(rng: np.random.Generator, n: int) -> dict[str, Any]:
    shape = rng.normal(size=(50, 50)) / 10 + np.eye(50)
    return {"x": rng.normal(size=(n, 50)), "mean": rng.normal(size=50), "precision": shape @ shape.T}


_forms = Samples(_deviations)


@_forms.case
def indefinite(rng: np.random.Generator) -> dict[str, Any]:
    """A form below 0 counts as 0; the matrix need not be symmetric either."""
    return {"x": rng.normal(size=(67, 9)), "mean": rng.normal(size=9), "precision": rng.normal(size=(9, 9))}


@_forms.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    """The mean has to be subtracted before anything is multiplied."""
    return {"x": 1e6 + rng.normal(size=(40, 11)), "mean": np.full(11, 1e6), "precision": np.eye(11)}


@_forms.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(33, 1)), "mean": rng.normal(size=1), "precision": np.array([[2.5]])}


@_forms.case
def differences_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    """Weighed with 0 they do not count; 9, then what they weigh themselves."""
    x = np.array([[1.7e308, 3.0], [-1.7e308, 1e-10], [0.0, 1.0]])
    return {"x": x, "mean": np.array([-1.7e308, 0.0]), "precision": np.diag([0.0, 1.0])}


@_forms.case
def terms_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    """Squares of columns in very different units, each brought back to about 1 by its weight."""
    sizes = np.array([1e150, 1e-150, 1e-30, 1e100, 1.0])
    shape = rng.normal(size=(5, 5)) / 3 + np.eye(5)
    precision = shape @ shape.T / np.outer(sizes, sizes)
    return {"x": rng.normal(size=(20, 5)) * sizes, "mean": sizes, "precision": precision}


@_forms.case
def missing_rows(rng: np.random.Generator) -> dict[str, Any]:
    """NaN and infinity stay in their rows."""
    arguments = _deviations(rng, 40)
    arguments["x"][3, 1], arguments["x"][17, 49], arguments["x"][39, 0] = np.nan, np.inf, -np.inf
    return arguments


@_forms.case
def terms_that_cancel(rng: np.random.Generator) -> dict[str, Any]:
    """Their sum is below 0 at first; a large one, beyond all numbers."""
    x = np.linspace(0.9, 1.1, 10)[:, None] * np.ones(7)
    return {"x": x, "mean": np.zeros(7), "precision": np.diag([-0.5, -0.5, -0.5, 0.6, 0.6, 0.6, 0.0])}


@_forms.mistake("precision")
def precision_of_other_size(rng: np.random.Generator) -> dict[str, Any]:
    return {**_deviations(rng, 8), "precision": np.eye(49)}


@operation(
    "n d, d, d d -> n",
    work="n * d * d",
    nan="propagate",
    samples=_forms,
    homogeneous="x, mean -> 2; precision -> 1",
    parts=Rows(),
)
def mahalanobis(
    x: ArrayLike, mean: ArrayLike, precision: ArrayLike, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Squared Mahalanobis distance of each row of `x` to `mean`: (x - mean) P (x - mean)^T, at least 0.

    Parameters
    ----------
    x : array of shape (n, d)
    mean : array of shape (d,)
    precision : array of shape (d, d)
        P, the inverse of a covariance matrix, in 1 / (units of `x`)^2.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)
        Without unit. What rounding or an indefinite P brings below 0 is 0. NaN in a row makes its distance NaN.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, or `mean` and `precision` do not have its number of columns.

    Notes
    -----
    Follows ``sklearn.covariance.EmpiricalCovariance.mahalanobis``. Computed in float64, whatever the input: terms
    cancel where P is ill-conditioned. A result that the dtype can hold is right also where a difference from the mean,
    or a term, is beyond float64.

    Examples
    --------
    >>> mahalanobis([[3.0, 1.0]], [1.0, 1.0], [[0.25, 0.0], [0.0, 1.0]])
    array([1.])
    """
    return np.maximum([_form(np.ldexp(row, -1) - np.ldexp(mean, -1), precision) for row in x], 0.0).reshape(len(x))


def _form(halves: Any, precision: Any) -> Any:
    """Of deviations of half the size, each term with an exponent of its own, as it may be beyond float64."""
    (values, exponents), (matrix, its_exponents) = np.frexp(halves), np.frexp(precision)
    terms = values[:, None] * matrix * values
    powers = exponents[:, None] + its_exponents + exponents + 2
    top = powers.max(where=terms != 0, initial=-5000)
    return np.ldexp(np.ldexp(terms, powers - top).sum(), top)
