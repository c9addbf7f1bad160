"""Correlations of many columns, of which only the strong ones are kept (CSR, as `scipy.sparse` has it)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike, kind_of
from ..contract.options import Check, drawn_by, expects, real
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation
from .correlation import about_means, pearson


def _check_threshold() -> Check:
    at_least_zero = real(minimum=0.0)

    @expects("a number from 0 to 1")
    @drawn_by(lambda rng, dims: float(rng.choice([0.0, 0.25, 0.5, 1.0, rng.random()])))
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
_grouped.effort = 20  # a loop over pairs of columns


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
def squares_beyond_and_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    x = _factors(rng, 50)["x"][:, :12]
    return {"x": x * np.array([1.0, 1e200, 1e-200, 1e160]).repeat(3), "threshold": 0.2}


@_grouped.case
def all_squares_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    columns = np.array([[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 4.0], [3.0, -1.0, 0.0, 0.0]]).T
    return {"x": columns * [1e-165, 2e-165, 1e-290], "threshold": 0.75}


@_grouped.case
def largest_numbers(rng: np.random.Generator) -> dict[str, Any]:
    x = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 0.5], [-1.0, -0.25], [0.5, 1.0]])
    return {"x": 1.7e308 * np.hstack([x, 1e-310 * x[:, ::-1]]), "threshold": 0.0}


@_grouped.case
def entries_equal_to_the_threshold(rng: np.random.Generator) -> dict[str, Any]:
    """Sums of four independent signs of which pairs of columns share one: exactly 1/4, which rounding may miss."""
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 7)).reshape(7, -1).T
    columns = [(0, 1, 2, 3), (0, 4, 5, 6), (1, 4, 5, 6), (0, 1, 4, 5), (2, 3, 4, 6)]
    x = np.stack([signs[:, list(which)].sum(axis=1) for which in columns], axis=1)
    return {"x": np.hstack([x * scale + scale / 3 for scale in (1.0, 0.1, 1 / 3, 7.0, 1e6)]), "threshold": 0.25}


@_grouped.case
def exactly_linear(rng: np.random.Generator) -> dict[str, Any]:
    """Of magnitude 1, but for rounding."""
    x = rng.integers(-9, 10, size=(131, 4)).astype(float)
    return {"x": np.hstack([x * scale for scale in (1.0, -3.0, 0.1, 1e-3, 7.0)]), "threshold": 1.0}


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


#: How much less than the threshold still reaches it: more than rounding takes from an entry, by the size of a number.
_LEEWAY = {8: 1e-12, 4: 1e-5}


def _with_leeway(x: Any, threshold: float) -> tuple[Any, float]:
    """The threshold less what rounding may take from an entry: 1e-12, in float32 1e-5."""
    return x, threshold - _LEEWAY[x.dtype.itemsize]


def _assert_same_entries(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """The same entries, but for those that equal the least that is kept to rounding: they may be there or not."""
    (found, present), (wanted, expected_present) = (_dense(*parts) for parts in (actual, expected))
    both = present & expected_present
    np.testing.assert_allclose(np.where(both, found, 0.0), np.where(both, wanted, 0.0), rtol, atol)
    alone = np.abs(np.where(present, found, wanted)[present != expected_present])
    leeway = _LEEWAY[found.dtype.itemsize]
    assert (np.abs(alone - (arguments["threshold"] - leeway)) <= 0.1 * leeway).all(), f"of one side only: {alone}"


def _dense(data: Any, indices: Any, indptr: Any) -> tuple[Any, Any]:
    """The entries as a matrix, and where there are any; their indices rise in each row."""
    shape = (len(indptr) - 1, len(indptr) - 1)
    places = np.repeat(np.arange(shape[0]), np.diff(indptr)), indices
    flat = np.ravel_multi_index(places, shape) if len(indices) else indices
    assert (np.diff(flat) > 0).all(), "indices do not rise"
    values, present = np.zeros(shape, data.dtype), np.zeros(shape, bool)
    values.flat[flat], present.flat[flat] = data, True
    return values, present


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
    homogeneous="x -> 0, 0, 0",
    prepare=_with_leeway,
    returns=_csr,
    agrees=_assert_same_entries,
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
    The entries are those of `numpy.corrcoef`, for columns of any size. One that equals the threshold is kept whatever
    rounding makes of it: the least magnitude that is kept is below `threshold` by 1e-12 in float64 and 1e-5 in float32.
    An entry within rounding of that may be kept by one backend and dropped by another.

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
        with np.errstate(invalid="ignore"):
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
    columns, norms = about_means(x.astype(np.float64, copy=False))
    rows = columns.T.copy()
    rows /= norms[:, None]
    return rows
