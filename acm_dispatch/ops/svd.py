"""Leading singular triplets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.arrays import ArrayLike
from ..contract.options import integer
from ..contract.parts import Arguments, Fold, Found, Passes, Rows
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation


def assert_directions(vt: Any, rtol: float) -> None:
    """Rows are orthonormal, and the entry of largest magnitude in each is positive; of several, up to rounding, any."""
    np.testing.assert_allclose(vt @ vt.T, np.eye(len(vt)), rtol=0, atol=10 * rtol)
    largest = np.abs(vt).max(axis=1, initial=0.0)
    assert (vt.max(axis=1, initial=-1.0) >= (1 - 10 * rtol) * largest).all(), (
        "an entry of largest magnitude is negative"
    )


def assert_pairs(x: Any, u: Any, s: Any, vt: Any, rtol: float, inherited: Any = 1.0) -> None:
    """x v = s u and x^T u = s v for each singular value: with the right values, that is all there is to the vectors.

    Comparing them with others would not do: of equal singular values any directions of their space count. Where `u` was
    computed from `vt`, rounding in that is `inherited` so many times over.
    """
    allowed = inherited * (rtol * s + 1e-3 * rtol * s[0] + 8 * np.finfo(vt.dtype).eps * s[0])
    for residual in (x @ vt.T - u * s, x.T @ u - vt.T * s):
        off = np.sqrt((residual**2).sum(axis=0))
        assert (off <= allowed).all(), f"residuals are {off}; {allowed} are allowed"


def signs_of(vt: Any) -> Any:
    """What makes the entry of largest magnitude in each row positive, the first of equal ones."""
    return np.array([np.copysign(1.0, row[np.abs(row).argmax()]) for row in vt])


def scaled_to_one(x: Any) -> tuple[Any, int]:
    """`x` as float64 numbers up to 1 in magnitude, and the exponent of the power of two that they are short of."""
    x = np.asarray(x, dtype=np.float64)
    exponent = int(np.frexp(np.abs(x).max(initial=0.0))[1])
    return np.ldexp(x, -exponent), exponent


def _assert_triplets(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """The singular values of the reference, and vectors that are orthonormal and belong to them."""
    (u, s, vt), wanted = actual, expected[1]
    finite = wanted[np.isfinite(wanted)]
    np.testing.assert_allclose(s, wanted, rtol=rtol, atol=1e-3 * rtol * float(finite.max(initial=0)))
    assert_directions(vt, rtol)
    np.testing.assert_allclose(u.T @ u, np.eye(len(s)), rtol=0, atol=10 * rtol)
    x, exponent = scaled_to_one(arguments["x"])
    representable = np.isfinite(s)
    values = np.ldexp(s[representable].astype(np.float64), -exponent)
    if representable.all():
        assert_pairs(x, u, values, vt, rtol)


def factors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, 50)) * np.linspace(3, 1, 50), "n_components": 5}


def _spectrum(rng: np.random.Generator, n: int, values: Any) -> Any:
    """A matrix of n rows with these singular values and random singular vectors."""
    u, v = (np.linalg.qr(rng.normal(size=(size, len(values))))[0] for size in (n, len(values)))
    return (u * values) @ v.T


decomposed = Samples(factors)
decomposed.effort = 4


@decomposed.case
def condition_1e12(rng: np.random.Generator) -> dict[str, Any]:
    """The eigenvalues of the Gram matrix keep no digit below 1e-8 of the largest singular value."""
    return {"x": _spectrum(rng, 300, np.logspace(0, -12, 20)), "n_components": 12}


@decomposed.case
def columns_in_other_units(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(400, 13)) * np.logspace(6, -6, 13)[rng.permutation(13)], "n_components": 6}


@decomposed.case
def rank_deficient(rng: np.random.Generator) -> dict[str, Any]:
    """More components than directions: the rest of `u` and `vt` is still orthonormal."""
    x = rng.normal(size=(120, 4)) * [4.0, 3.0, 2.0, 1.0]
    return {"x": np.hstack([x, x[:, :2], x[:, 3:]]), "n_components": 6}


@decomposed.case
def equal_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.repeat(rng.integers(1, 20, size=(1, 8)).astype(float), 7, axis=0), "n_components": 6}


@decomposed.case
def proportional_rows(rng: np.random.Generator) -> dict[str, Any]:
    """What rounding leaves of the other directions may be so small that its square vanishes."""
    row = np.array([[4.0, 16.0, 4.0, 16.0]])
    return {"x": np.array([2.0, 2, 2, 1, 2, 1])[:, None] * row, "n_components": 4}


@decomposed.case
def equal_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(30, 3))[:, [0, 1, 0, 2, 2, 1, 0]], "n_components": 7}


@decomposed.case
def equal_singular_values(rng: np.random.Generator) -> dict[str, Any]:
    """Of equal ones any directions of their space count, also where only some of them are asked for."""
    return {"x": _spectrum(rng, 40, np.array([3.0, 2.0, 2.0, 2.0, 1.0])), "n_components": 3}


@decomposed.case
def nearly_equal_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Two that differ by 1e-9: their difference has a square of 1e-18, and a product of 1e-9 with a third column."""
    x = rng.normal(size=(60, 6))
    x[:, 2] = x[:, 0] + 1e-9 * rng.normal(size=60)
    return {"x": x, "n_components": 3}


@decomposed.case
def constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(150, 9)) * np.linspace(5, 1, 9)
    x[:, 2], x[:, 5], x[:, 7] = 7.5, 0.0, 1.0
    return {"x": x, "n_components": 4}


@decomposed.case
def nothing_but_zeros(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros((20, 6)), "n_components": 3}


@decomposed.case
def wide(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(17, 230)), "n_components": 17}


@decomposed.case
def square(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(19, 19)), "n_components": 19}


@decomposed.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(95, 1)), "n_components": 1}


@decomposed.case
def tall(rng: np.random.Generator) -> dict[str, Any]:
    """Many blocks of rows."""
    return {"x": rng.normal(size=(9001, 7)) * np.arange(1, 8), "n_components": 3}


@decomposed.mistake("n_components")
def no_component(rng: np.random.Generator) -> dict[str, Any]:
    return {**factors(rng, 60), "n_components": 0}


@decomposed.mistake("n_components")
def more_components_than_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {**factors(rng, 60), "n_components": 51}


@decomposed.mistake("n_components")
def more_components_than_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {**factors(rng, 10), "n_components": 11}


@decomposed.mistake("n_components")
def half_a_component(rng: np.random.Generator) -> dict[str, Any]:
    return {**factors(rng, 60), "n_components": 2.5}


_any_scale = Samples(factors, decomposed)


@_any_scale.case
def largest_numbers(rng: np.random.Generator) -> dict[str, Any]:
    """Sums of them are no numbers any more: the largest singular value of four is infinite."""
    return {"x": 2.0**1023 * np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.5]]), "n_components": 2}


@_any_scale.case
def one_value_beside_smaller_ones(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.diag([1e308, 1e160, 1e-160, 0.0]), "n_components": 4}


@_any_scale.case
def squares_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e200 * rng.normal(size=(60, 5)) * np.arange(1, 6), "n_components": 5}


@_any_scale.case
def squares_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e-200 * rng.normal(size=(60, 5)) * np.arange(1, 6), "n_components": 5}


def require_components(operation: str, shape: tuple[int, ...], n_components: int) -> None:
    """`InvalidInput` where a matrix of this shape has not that many singular values."""
    if n_components > min(shape):
        problem = f"is {n_components}; expected at most {min(shape)} for a matrix of shape {shape}"
        raise InvalidInput(operation, "n_components", problem)


def _check(x: Any, n_components: int) -> tuple[Any, int]:
    """No more components than rows and columns."""
    require_components("truncated_svd", x.shape, n_components)
    return x, n_components


class _Triangles(NamedTuple):
    """The triangular factors of blocks, each in a unit of 2**exponent, and how many rows these blocks have."""

    factors: list[Any]
    exponents: list[int]
    rows: int


class _Triplets(NamedTuple):
    """Singular values and vectors, and what the orthogonal factor of each block is multiplied with."""

    turns: list[Any]
    s: Any
    vt: Any


def in_unit(x: Any) -> tuple[Any, int]:
    """`x` in float64, counted in a power of two of which no number is more, and its exponent."""
    exponent = int(np.frexp(float(abs(x).max()))[1]) if x.size else 0
    x, half = x.astype(np.float64, copy=False), exponent // 2  # the reciprocal may be more than the largest number
    return (x * 2.0**-half) * 2.0 ** (half - exponent) if exponent else x, exponent


def _triangle(arguments: Arguments, _: Found) -> _Triangles:
    scaled, exponent = in_unit(arguments["x"])
    return _Triangles([to_host(np.linalg.qr(scaled, mode="r"))], [exponent], len(scaled))


def _triangles_together(first: _Triangles, second: _Triangles) -> _Triangles:
    return _Triangles(first.factors + second.factors, first.exponents + second.exponents, first.rows + second.rows)


def _triplets(total: _Triangles, arguments: Arguments, _: Found) -> _Triplets:
    """Of the factors one below the other, which have the same singular values as all rows."""
    count, width = arguments["n_components"], total.factors[0].shape[1]
    require_components("truncated_svd", (total.rows, width), count)
    top = max(total.exponents)
    pairs = zip(total.factors, total.exponents, strict=True)
    stacked = np.concatenate([np.ldexp(factor, exponent - top) for factor, exponent in pairs])
    u, s, vt = np.linalg.svd(stacked, full_matrices=False)
    signs = signs_of(vt[:count])
    ends = np.cumsum([len(factor) for factor in total.factors])[:-1]
    return _Triplets(np.split(u[:, :count] * signs, ends), np.ldexp(s[:count], top), vt[:count] * signs[:, None])


def _left_vectors(arguments: Arguments, found: Found, number: int) -> Any:
    x = arguments["x"]
    orthogonal, _ = np.linalg.qr(in_unit(x)[0])
    u = orthogonal @ to_device_of(x, found[0].turns[number])
    return u.astype(x.dtype if x.dtype.kind == "f" else np.float64, order="C")


def _without_rows(found: Found) -> tuple[Any, Any]:
    return found[0].s, found[0].vt


#: Direct TSQR (Benson, Gleich and Demmel, 2013): no product of columns is taken, which would cost half of the digits.
_TSQR = Passes((Fold(_triangle, _triangles_together, _triplets),), Rows(_left_vectors), _without_rows)


@operation(
    "n d -> n n_components, n_components, n_components d",
    work="n * d * min(n, d)",
    nan="forbid",
    samples=_any_scale,
    options={"n_components": integer(minimum=1)},
    prepare=_check,
    agrees=_assert_triplets,
    homogeneous="x -> 0, 1, 0",
    parts=_TSQR,
)
def truncated_svd(
    x: ArrayLike, n_components: int, *, backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The largest singular values of `x` and their vectors: `u` * `s` @ `vt` is the nearest matrix of that rank.

    Parameters
    ----------
    x : array of shape (n, d)
    n_components : int
        1 to min(n, d).
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    u : ndarray of shape (n, n_components)
        Orthonormal columns, also where a singular value is 0.
    s : ndarray of shape (n_components,)
        Singular values in the units of `x`, in descending order. Those above 1e-5 of the largest keep a relative
        accuracy of 1e-10 whatever the condition number; smaller ones are off by at most 1e-13 of the largest. One that
        the dtype cannot hold is infinite.
    vt : ndarray of shape (n_components, d)
        Orthonormal rows; the entry of largest magnitude in each is positive.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or holds NaN or infinity, or `n_components` is not within 1 to min(n, d).

    Notes
    -----
    Follows `scipy.linalg.svd`, with signs as `sklearn.decomposition.TruncatedSVD` chooses them
    (``svd_flip(u, vt, u_based_decision=False)``). Computed in float64, whatever the input, and at a scale where no
    square overflows or vanishes.

    Vectors are determined as far as ``x @ v = s u`` determines them: of equal singular values any orthonormal
    directions of their space count, also where `n_components` takes only some of them, and where a singular value is 0,
    or rounding (less than 1e-13 of the largest), its vectors are any that complete the others. Backends may differ
    there.

    Examples
    --------
    >>> u, s, vt = truncated_svd([[0.0, 3.0], [4.0, 0.0], [0.0, 0.0]], 1)
    >>> s, vt.round(3) == [[1.0, 0.0]]
    (array([4.]), array([[ True,  True]]))
    """
    exponent = np.frexp(np.abs(x).max())[1]
    u, s, vt = np.linalg.svd(np.ldexp(x, -exponent), full_matrices=False)
    signs = signs_of(vt[:n_components])
    return u[:, :n_components] * signs, np.ldexp(s[:n_components], exponent), vt[:n_components] * signs[:, None]
