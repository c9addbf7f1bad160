"""Matrices of which most entries are nothing (CSR, as `scipy.sparse` has them)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import ArrayLike, kind_of
from ..composition import composition
from ..errors import InvalidInput
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..options import Check, real
from ..samples import Samples
from .correlation import pearson


def _check_threshold() -> Check:
    at_least_zero = real(minimum=0.0)

    def check(operation: str, argument: str, value: Any) -> float:
        threshold = at_least_zero(operation, argument, value)
        if threshold > 1:
            raise InvalidInput(operation, argument, f"is {threshold}; expected 0 to 1")
        return threshold

    return check


def _factors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Columns in groups that share a factor, so that most pairs are nearly uncorrelated."""
    group = np.arange(60) // 4
    return {"x": rng.normal(size=(n, 60)) + 1.2 * rng.normal(size=(n, 15))[:, group], "threshold": 0.3}


_grouped = Samples(_factors)


@_grouped.case
def everything_is_kept(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(30, 7)), "threshold": 0.0}


@_grouped.case
def only_the_diagonal(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(400, 9)), "threshold": 0.9}


@_grouped.case
def constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    """The diagonal stays, as NaN."""
    x = rng.normal(size=(50, 4))
    x[:, 2] = 0.1
    return {"x": x, "threshold": 0.05}


@_grouped.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + _factors(rng, 90)["x"], "threshold": 0.4}


@_grouped.case
def opposites(rng: np.random.Generator) -> dict[str, Any]:
    """Strong negative correlation counts as well."""
    x = rng.normal(size=(60, 3))
    return {"x": np.hstack([x, -2 * x, x + 0.1 * rng.normal(size=x.shape)]), "threshold": 0.8}


@_grouped.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(37, 131)), "threshold": 0.25}


@_grouped.mistake("threshold")
def threshold_beyond_one(rng: np.random.Generator) -> dict[str, Any]:
    return {**_factors(rng, 20), "threshold": 1.5}


def _csr(data: Any, indices: Any, indptr: Any) -> Any:
    """A sparse matrix of the library that the arrays are of."""
    if kind_of(data) == "numpy":
        from scipy.sparse import csr_array as csr
    else:
        from cupyx.scipy.sparse import csr_matrix as csr  # type: ignore[import-not-found] - only beside a GPU

    size = len(indptr) - 1
    return csr((data, indices, indptr), shape=(size, size))


@operation(
    "n d -> ?, int ?, int d+1",
    work="n * d * d",
    nan="forbid",
    samples=_grouped,
    options={"threshold": _check_threshold()},
    returns=_csr,
)
def sparse_correlation(x: ArrayLike, threshold: float, *, backend: str | None = None) -> Any:
    """Pearson correlations of at least `threshold` in magnitude, without the dense d x d matrix.

    Parameters
    ----------
    x : array of shape (n, d)
    threshold : float
        0 to 1.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    scipy.sparse.csr_array of shape (d, d)
        Indices sorted; the diagonal is always there, 1, or NaN for a constant column, whose other entries are not. Of a
        CuPy array a `cupyx.scipy.sparse.csr_matrix`.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or holds NaN or infinity, or `threshold` is not within 0 to 1.

    Notes
    -----
    The entries are those of `numpy.corrcoef`. Whether one that equals the threshold to the last digit is kept is a
    matter of rounding.

    Examples
    --------
    >>> sparse_correlation([[1.0, 2.0, 1.0], [2.0, 4.0, -1.0], [3.0, 6.0, 1.0]], 0.5).toarray()
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    dense: Any = pearson.operation.body(x)
    keep = (np.abs(dense) >= threshold) | np.eye(len(dense), dtype=bool)
    rows, columns = np.nonzero(keep)
    indptr = np.searchsorted(rows, np.arange(len(dense) + 1))
    return dense[keep], columns.astype(np.int64), indptr.astype(np.int64)


#: Columns in a block of the product: few enough that a block of correlations stays small beside the data.
_BLOCK = 256


@numpy_backend.kernel("sparse_correlation")
def _correlation_by_blocks(x: Any, threshold: float) -> Any:
    """A band of rows of the correlation at a time."""
    columns = _standardised(x)
    kept: list[Any] = []
    counts = [np.zeros(1, np.int64)]
    for start in range(0, len(columns), _BLOCK):
        band = np.clip(columns[start : start + _BLOCK] @ columns.T, -1.0, 1.0)
        diagonal = np.arange(len(band)), np.arange(start, start + len(band))
        band[diagonal] = np.where(np.isnan(band[diagonal]), np.nan, 1.0)
        with np.errstate(invalid="ignore"):
            keep = np.abs(band) >= threshold
        keep[diagonal] = True
        kept.append((band[keep].astype(x.dtype), np.nonzero(keep)[1].astype(np.int64)))
        counts.append(keep.sum(axis=1))
    data, indices = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return data, indices, np.cumsum(np.concatenate(counts))


def _standardised(x: Any) -> Any:
    """The columns as rows of length 1 around 0; a constant one as NaN."""
    rows = (x - x[0]).T.astype(np.float64, order="C")
    rows -= rows.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    constant = (x == x[0]).all(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows /= np.where(constant, np.nan, norms)[:, None]
    return rows


def _csr_arrays(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """A CSR matrix of about 5 % of its entries, with empty rows, unsorted indices and duplicates."""
    counts = rng.integers(0, 6, size=n) * (rng.random(n) < 0.8)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return {
        "data": rng.normal(size=indptr[-1]),
        "indices": rng.integers(0, 40, size=indptr[-1]).astype(np.int32),
        "indptr": indptr.astype(np.int32),
    }


def _products(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**_csr_arrays(rng, n), "b": rng.normal(size=(40, 7))}


_factors_of_products = Samples(_products)


@_factors_of_products.case
def wide_indices(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 30)
    return {
        **arguments,
        "indices": arguments["indices"].astype(np.int64),
        "indptr": arguments["indptr"].astype(np.int64),
    }


@_factors_of_products.case
def missing_values(rng: np.random.Generator) -> dict[str, Any]:
    """They spread to the rows that meet them."""
    arguments = _products(rng, 30)
    arguments["b"][3, 1], arguments["b"][5, 2], arguments["data"][4] = np.nan, np.inf, np.nan
    return arguments


@_factors_of_products.case
def empty_rows_at_both_ends(rng: np.random.Generator) -> dict[str, Any]:
    indptr = np.array([0, 0, 3, 3, 4, 4], dtype=np.int32)
    return {
        "data": rng.normal(size=4),
        "indices": np.array([2, 0, 2, 1]),
        "indptr": indptr,
        "b": rng.normal(size=(3, 5)),
    }


@_factors_of_products.case
def long_rows_that_cancel(rng: np.random.Generator) -> dict[str, Any]:
    """Sums in float32 would lose their last digits."""
    values = rng.normal(size=(3, 2000))
    values -= values.mean(axis=1, keepdims=True)
    return {
        "data": values.ravel(),
        "indices": rng.integers(0, 40, size=6000),
        "indptr": np.array([0, 2000, 4000, 6000]),
        "b": np.ones((40, 9)) + 1e-3 * rng.normal(size=(40, 9)),
    }


@_factors_of_products.case
def one_column(rng: np.random.Generator) -> dict[str, Any]:
    return {**_csr_arrays(rng, 50), "b": rng.normal(size=(40, 1))}


@_factors_of_products.mistake("indices")
def index_beyond_the_rows_of_b(rng: np.random.Generator) -> dict[str, Any]:
    return {**_products(rng, 10), "b": rng.normal(size=(2, 3))}


@_factors_of_products.mistake("indices")
def negative_index(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indices"][1] = -1
    return arguments


@_factors_of_products.mistake("indptr")
def falling_indptr(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indptr"][1:3] = arguments["indptr"][-1], 0
    return arguments


@_factors_of_products.mistake("indptr")
def indptr_beyond_the_data(rng: np.random.Generator) -> dict[str, Any]:
    arguments = _products(rng, 10)
    arguments["indptr"][-1] += 1
    return arguments


def check_csr(name: str, data: Any, indices: Any, indptr: Any, columns: int) -> None:
    """Raise `InvalidInput` unless the arrays form a CSR matrix of that many columns."""
    if len(indptr) == 0 or indptr[0] != 0 or indptr[-1] > len(data) or (np.diff(indptr) < 0).any():
        raise InvalidInput(name, "indptr", f"does not rise from 0 to at most {len(data)}, the length of `data`")
    if len(indices) and not (indices.min() >= 0 and indices.max() < columns):
        raise InvalidInput(name, "indices", f"holds an index outside 0 to {columns - 1}")


@operation("z, index z, index p, c k -> p-1 k", work="z * k", nan="propagate", samples=_factors_of_products)
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
    Follows ``scipy.sparse.csr_array @ b``.

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


@numpy_backend.kernel("csr_matmul")
def _matmul_by_scipy(data: Any, indices: Any, indptr: Any, b: Any) -> Any:
    from scipy.sparse import csr_array

    check_csr("csr_matmul", data, indices, indptr, len(b))
    matrix = csr_array((data.astype(np.float64, copy=False), indices, indptr), shape=(len(indptr) - 1, len(b)))
    return (matrix @ b.astype(np.float64, copy=False)).astype(b.dtype, copy=False)


def _vectors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**_csr_arrays(rng, n), "v": rng.normal(size=40)}


_factors_of_vectors = Samples(_vectors)
for _name, _draw in _factors_of_products.cases.items():
    _factors_of_vectors.cases[_name] = lambda rng, draw=_draw: _with_vector(draw(rng))
for _name, _mistake in _factors_of_products.mistakes.items():
    _factors_of_vectors.mistakes[_name] = _mistake._replace(
        draw=lambda rng, draw=_mistake.draw: _with_vector(draw(rng))
    )


def _with_vector(arguments: Any) -> dict[str, Any]:
    return {**{name: value for name, value in arguments.items() if name != "b"}, "v": arguments["b"][:, 0].copy()}


@operation("z, index z, index p, c -> p-1", work="z", nan="propagate", samples=_factors_of_vectors)
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
    Follows ``scipy.sparse.csr_array @ v``.

    Examples
    --------
    >>> csr_matvec([2.0, 3.0], [1, 0], [0, 1, 2], [1.0, 10.0])
    array([20.,  3.])
    """
    check_csr("csr_matvec", data, indices, indptr, len(v))
    rows = (range(indptr[row], indptr[row + 1]) for row in range(len(indptr) - 1))
    return np.array([sum((data[at] * v[indices[at]] for at in row), start=0.0) for row in rows])


@numpy_backend.kernel("csr_matvec")
def _matvec_by_scipy(data: Any, indices: Any, indptr: Any, v: Any) -> Any:
    from scipy.sparse import csr_array

    check_csr("csr_matvec", data, indices, indptr, len(v))
    matrix = csr_array((data.astype(np.float64, copy=False), indices, indptr), shape=(len(indptr) - 1, len(v)))
    return (matrix @ v.astype(np.float64, copy=False)).astype(v.dtype, copy=False)


def _as_csr(name: str, a: Any, rows_of_other: int, other: str) -> Any:
    if not hasattr(a, "tocsr"):
        raise InvalidInput(name, "a", f"is a {type(a).__name__}; expected a scipy.sparse matrix or array")
    if a.ndim != 2 or a.shape[1] != rows_of_other:
        raise InvalidInput(name, other, f"has {rows_of_other} rows; expected {a.shape[-1]}, the columns of `a`")
    return a.tocsr()


def _scipy_times(rng: np.random.Generator, n: int, other: dict[str, Any]) -> dict[str, Any]:
    from scipy.sparse import csr_array

    arrays = _csr_arrays(rng, n)
    return {"a": csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=(n, 40)), **other}


_scipy_matrix = Samples(lambda rng, n: _scipy_times(rng, n, {"b": rng.normal(size=(40, 7))}))
_scipy_vector = Samples(lambda rng, n: _scipy_times(rng, n, {"v": rng.normal(size=40)}))


@_scipy_matrix.mistake("b")
def rows_do_not_match(rng: np.random.Generator) -> dict[str, Any]:
    return _scipy_times(rng, 9, {"b": rng.normal(size=(39, 2))})


@_scipy_matrix.mistake("a")
def dense_first_factor(rng: np.random.Generator) -> dict[str, Any]:
    return {"a": np.ones((3, 3)), "b": np.ones((3, 3))}


@composition(csr_matmul, samples=_scipy_matrix)
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

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sparse_matmul(csr_array([[0.0, 2.0], [3.0, 0.0]]), [[1.0], [10.0]])
    array([[20.],
           [ 3.]])
    """
    a = _as_csr("sparse_matmul", a, np.shape(b)[0] if np.ndim(b) else -1, "b")
    return csr_matmul(a.data, a.indices, a.indptr, b, backend=backend)


@composition(csr_matvec, samples=_scipy_vector)
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

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> sparse_matvec(csr_array([[0.0, 2.0], [3.0, 0.0]]), [1.0, 10.0])
    array([20.,  3.])
    """
    a = _as_csr("sparse_matvec", a, np.shape(v)[0] if np.ndim(v) else -1, "v")
    return csr_matvec(a.data, a.indices, a.indptr, v, backend=backend)
