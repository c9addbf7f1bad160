"""Products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.parts import Rows
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
    parts=Rows(),
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
