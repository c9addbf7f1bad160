"""Products of matrices, and quadratic forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.samples import Samples
from ..execution.operation import operation


def assert_product(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Entries agree relative to the largest one: where terms cancel, no order of summation keeps the digits."""
    largest = np.max(np.abs(expected[0]), where=np.isfinite(expected[0]), initial=0.0)
    np.testing.assert_allclose(actual[0], expected[0], rtol=rtol, atol=atol + rtol * float(largest))


def _factors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"a": rng.normal(size=(n, 5)), "b": rng.normal(size=(5, 50))}


_products = Samples(_factors)


@_products.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    """Sizes that are multiples of nothing, in every dimension."""
    return {"a": rng.normal(size=(67, 19)), "b": rng.normal(size=(19, 37))}


@_products.case
def long_inner_dimension(rng: np.random.Generator) -> dict[str, Any]:
    return {"a": rng.normal(size=(23, 1301)), "b": rng.normal(size=(1301, 11))}


@_products.case
def sums_of_one_sign(rng: np.random.Generator) -> dict[str, Any]:
    """So many terms that adding them up one after the other in float32 leaves five digits."""
    return {"a": rng.random(size=(7, 300_000)), "b": rng.random(size=(300_000, 3))}


@_products.case
def matrix_times_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"a": rng.normal(size=(90, 7)), "b": rng.normal(size=(7, 1))}


@_products.case
def missing_values(rng: np.random.Generator) -> dict[str, Any]:
    """0 times NaN or infinity is NaN."""
    a, b = rng.normal(size=(31, 6)), rng.normal(size=(6, 21))
    a[3, 1], a[8, 0], b[2, 20], b[5, 4] = np.nan, np.inf, np.nan, -np.inf
    a[:, 5] = 0.0
    return {"a": a, "b": b}


@_products.mistake("b")
def inner_mismatch(rng: np.random.Generator) -> dict[str, Any]:
    return {"a": rng.normal(size=(4, 3)), "b": rng.normal(size=(4, 3))}


@operation(
    "n k, k m -> n m",
    work="n * k * m",
    nan="propagate",
    samples=_products,
    agrees=assert_product,
    homogeneous="a -> 1 while sums fit; b -> 1 while sums fit",
)
def matmul(a: ArrayLike, b: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Matrix product of `a` and `b`.

    Parameters
    ----------
    a : array of shape (n, k)
    b : array of shape (k, m)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, m)
        Zeros where k = 0. NaN and infinity spread as in arithmetic.

    Raises
    ------
    InvalidInput
        If `a` or `b` is not a real matrix, or `a` has not as many columns as `b` has rows.

    Notes
    -----
    Follows `numpy.matmul` for two matrices. Sums are taken in the dtype of the input; results agree relative to the
    largest entry of the product, since where terms cancel the digits depend on the order of summation. Digits are kept
    as long as the terms of these sums, and partial sums, are normal numbers of the dtype.

    Examples
    --------
    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]])
    """
    return np.array([(row[:, None] * b).sum(axis=0) for row in a]).reshape(len(a), b.shape[1])


@numpy_backend.kernel("matmul")
def _blas_product(a: Any, b: Any) -> Any:
    with np.errstate(all="ignore"):
        return a @ b


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
    "n d, d, d d -> n", work="n * d * d", nan="propagate", samples=_forms, homogeneous="x, mean -> 2; precision -> 1"
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


#: Elementary steps of a product that BLAS leaves to one thread: with more, the last digits depend on their number.
_STEPS = 1 << 17


def row_blocks(rows: int, steps: int) -> Iterator[slice]:
    """Rows in blocks that BLAS multiplies on one thread, where each row takes so many steps."""
    height = max(_STEPS // steps, 1)
    return (slice(start, start + height) for start in range(0, rows, height))


@numpy_backend.kernel("mahalanobis")
def _forms_by_blocks(x: Any, mean: Any, precision: Any) -> Any:
    squares = np.empty(len(x), x.dtype)
    mean, precision = mean.astype(np.float64, copy=False), precision.astype(np.float64, copy=False)
    with np.errstate(all="ignore"):
        for rows in row_blocks(len(x), precision.size):
            deviations = x[rows] - mean
            squares[rows] = np.einsum("ij,ij->i", deviations @ precision, deviations)
        again = np.flatnonzero(~np.isfinite(squares))
        squares[again] = _forms_of_extremes(x[again].astype(np.float64), mean, precision)
    return np.maximum(squares, 0.0)


def _forms_of_extremes(x: Any, mean: Any, precision: Any) -> Any:
    """Where something overflows: row by row, every factor split into mantissa and exponent."""
    matrix, of_matrix = np.frexp(precision)
    forms = np.empty(len(x))
    for i, deviations in enumerate(0.5 * x - 0.5 * mean):
        values, exponents = np.frexp(deviations)
        terms, powers = np.outer(values, values) * matrix, np.add.outer(exponents, exponents) + of_matrix + 2
        top = powers[terms != 0].max(initial=-5000)
        forms[i] = np.ldexp(np.ldexp(terms, powers - top).sum(), top)
    return forms
