"""Products of matrices of which most entries are nothing (CSR, as `scipy.sparse` has them)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike, as_array
from ..contract.csr import check_csr
from ..contract.parts import Rows, Undivided
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.composition import composition
from ..execution.operation import operation
from .sparse_operands import csr_arrays, csr_of_any_size, times_matrix, times_vector

#: The arrays of a CSR matrix have no rows of their own.
_ARRAYS_OF_ROWS = Undivided("holds the values of all rows; expected a sparse matrix in parts, for `sparse_matmul`")


@operation(
    "z, index z, index p, c k -> p-1 k",
    work="z * k",
    nan="propagate",
    samples=times_matrix,
    parts=_ARRAYS_OF_ROWS,
)
def csr_matmul(
    data: ArrayLike, indices: ArrayLike, indptr: ArrayLike, b: ArrayLike, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Product of a CSR matrix, given as its arrays, and a dense one.

    Parameters
    ----------
    data : array of shape (z,)
    indices : array of shape (z,), integers
        The column of each value; any order, repeated ones add up.
    indptr : array of shape (p,), integers
        Row i holds the values from ``indptr[i]`` to ``indptr[i + 1]``.
    b : array of shape (c, k)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (p - 1, k)
        NaN and infinity spread as arithmetic has it, within the rows and columns that meet them.

    Raises
    ------
    InvalidInput
        If an index is not a row of `b`, `indptr` does not rise from 0, or an array is not real.

    Notes
    -----
    Follows ``scipy.sparse.csr_array @ b``. Summed up in float64, whatever the input: digits are kept as long
    as products, and partial sums of them, are normal numbers of float64.

    Examples
    --------
    >>> csr_matmul([2.0, 3.0], [1, 0], [0, 1, 2], [[1.0], [10.0]])
    array([[20.],
           [ 3.]])
    """
    check_csr("csr_matmul", data, indices, indptr, len(b))
    result = np.zeros((len(indptr) - 1, b.shape[1]))
    for row, out in enumerate(result):
        for at in range(indptr[row], indptr[row + 1]):
            out += data[at] * b[indices[at]]
    return result


@operation(
    "z, index z, index p, c -> p-1",
    work="z",
    nan="propagate",
    samples=times_vector,
    parts=_ARRAYS_OF_ROWS,
)
def csr_matvec(
    data: ArrayLike, indices: ArrayLike, indptr: ArrayLike, v: ArrayLike, *, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Product of a CSR matrix, given as its arrays, and a vector.

    Parameters
    ----------
    data : array of shape (z,)
    indices : array of shape (z,), integers
        The column of each value; any order, repeated ones add up.
    indptr : array of shape (p,), integers
        Row i holds the values from ``indptr[i]`` to ``indptr[i + 1]``.
    v : array of shape (c,)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (p - 1,)
        NaN and infinity spread as arithmetic has it, within the rows that meet them.

    Raises
    ------
    InvalidInput
        If an index is not one of `v`, `indptr` does not rise from 0, or an array is not real.

    Notes
    -----
    Follows ``scipy.sparse.csr_array @ v``. Summed up in float64, whatever the input: digits are kept as long
    as products, and partial sums of them, are normal numbers of float64.

    Examples
    --------
    >>> csr_matvec([2.0, 3.0], [1, 0], [0, 1, 2], [1.0, 10.0])
    array([20.,  3.])
    """
    check_csr("csr_matvec", data, indices, indptr, len(v))
    rows = (range(indptr[row], indptr[row + 1]) for row in range(len(indptr) - 1))
    return np.array([sum((data[at] * v[indices[at]] for at in row), start=0.0) for row in rows])


#: What the operations get of a sparse matrix `a`.
_OF_A = {"data": "a", "indices": "a", "indptr": "a"}


def _as_csr(name: str, a: Any, other: str, b: Any) -> tuple[Any, Any]:
    """`a` in CSR format, and `b`, which is called `other`, as an array of as many rows as `a` has columns."""
    if not hasattr(type(a), "tocsr"):
        raise InvalidInput(name, "a", f"is a {type(a).__name__}; expected a scipy.sparse matrix or array")
    if a.ndim != 2:
        raise InvalidInput(name, "a", f"has {a.ndim} dimension; expected 2")
    b = as_array(name, other, b)
    rows = b.shape[0] if b.ndim else 0
    if rows != a.shape[1]:
        raise InvalidInput(name, other, f"has {rows} rows; expected {a.shape[1]}, the columns of `a`")
    return a.tocsr(), b


def _products(*, a: Any, b: Any) -> dict[str, dict[str, Any]]:
    a, b = _as_csr("sparse_matmul", a, "b", b)
    return {"csr_matmul": {"data": a.data, "indices": a.indices, "indptr": a.indptr, "b": b}}


def _vector_products(*, a: Any, v: Any) -> dict[str, dict[str, Any]]:
    a, v = _as_csr("sparse_matvec", a, "v", v)
    return {"csr_matvec": {"data": a.data, "indices": a.indices, "indptr": a.indptr, "v": v}}


def _matrix_of_shape(shape: tuple[int, ...]) -> Any:
    """A sparse matrix of that shape with one value in every row."""
    from scipy.sparse import csr_array

    rows, _ = shape
    return csr_array((np.ones(rows), np.zeros(rows, np.int32), np.arange(rows + 1, dtype=np.int32)), shape=shape)


def _scipy_times(rng: np.random.Generator, n: int, other: dict[str, Any]) -> dict[str, Any]:
    from scipy.sparse import csr_array

    arrays = csr_arrays(rng, n)
    return {"a": csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, 40)), **other}


_scipy_matrix = Samples(lambda rng, n: _scipy_times(rng, n, {"b": rng.normal(size=(40, 7))}))
_scipy_vector = Samples(lambda rng, n: _scipy_times(rng, n, {"v": rng.normal(size=40)}))


def _of_any_size(drawn: Patterns) -> Any:
    from scipy.sparse import csr_array

    n, c = drawn.sizes("n c")
    return csr_array(tuple(csr_of_any_size(drawn, n, c).values()), shape=(n, c))


@_scipy_matrix.drawn("n c k")
def _matrix_factors(drawn: Patterns) -> dict[str, Any]:
    return {"a": _of_any_size(drawn), "b": drawn.real(*drawn.sizes("c k"))}


@_scipy_vector.drawn("n c")
def _vector_factors(drawn: Patterns) -> dict[str, Any]:
    return {"a": _of_any_size(drawn), "v": drawn.real(*drawn.sizes("c"))}


@_scipy_matrix.mistake("b")
def rows_do_not_match(rng: np.random.Generator) -> dict[str, Any]:
    return _scipy_times(rng, 9, {"b": rng.normal(size=(39, 2))})


@_scipy_matrix.mistake("a")
def complex_values(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _scipy_times(rng, 9, {"b": rng.normal(size=(40, 2))})
    return {**arguments, "a": arguments["a"] * 1j}


@_scipy_matrix.mistake("a")
def sparse_vector(rng: np.random.Generator) -> dict[str, Any]:
    from scipy.sparse import coo_array

    return {"a": coo_array(np.arange(3.0)), "b": np.ones((3, 2))}


@_scipy_matrix.mistake("b")
def ragged_second_factor(rng: np.random.Generator) -> dict[str, Any]:
    return _scipy_times(rng, 9, {"b": [[1.0], [2.0, 3.0]]})


@_scipy_matrix.mistake("a")
def dense_first_factor(rng: np.random.Generator) -> dict[str, Any]:
    return {"a": np.ones((3, 3)), "b": np.ones((3, 3))}


@composition(
    csr_matmul,
    samples=_scipy_matrix,
    made_of=_OF_A,
    homogeneous="b -> 1 while sums fit",
    calls=_products,
    examples={"a": _matrix_of_shape},
    parts=Rows(),
)
def sparse_matmul(a: Any, b: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Product of a sparse matrix and a dense one.

    Parameters
    ----------
    a : scipy.sparse matrix or array of shape (n, c)
        Converted to CSR where it is of another format.
    b : array of shape (c, k)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, k)

    Raises
    ------
    InvalidInput
        If `a` is not sparse, `b` not a real matrix, or the shapes do not fit.

    Notes
    -----
    Digits are kept as those of `csr_matmul` are: as long as products, and partial sums of them, are normal numbers of
    float64.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sparse_matmul(csr_array([[0.0, 2.0], [3.0, 0.0]]), [[1.0], [10.0]])
    array([[20.],
           [ 3.]])
    """
    return csr_matmul(**_products(a=a, b=b)["csr_matmul"], backend=backend)


@composition(
    csr_matvec,
    samples=_scipy_vector,
    made_of=_OF_A,
    homogeneous="v -> 1 while sums fit",
    calls=_vector_products,
    examples={"a": _matrix_of_shape},
    parts=Rows(),
)
def sparse_matvec(a: Any, v: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Product of a sparse matrix and a vector.

    Parameters
    ----------
    a : scipy.sparse matrix or array of shape (n, c)
        Converted to CSR where it is of another format.
    v : array of shape (c,)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    InvalidInput
        If `a` is not sparse, `v` not a real vector, or the shapes do not fit.

    Notes
    -----
    Digits are kept as those of `csr_matvec` are: as long as products, and partial sums of them, are normal numbers of
    float64.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sparse_matvec(csr_array([[0.0, 2.0], [3.0, 0.0]]), [1.0, 10.0])
    array([20.,  3.])
    """
    return csr_matvec(**_vector_products(a=a, v=v)["csr_matvec"], backend=backend)
