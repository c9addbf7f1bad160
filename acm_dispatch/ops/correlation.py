"""How columns move together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.samples import Samples
from ..execution.operation import operation


def _correlated(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=(n, 20)) + rng.normal(size=(n, 1)) * rng.uniform(-1, 1, size=20)}


_pairs = Samples(_correlated)
_pairs.effort = 20  # a loop over pairs of columns


@_pairs.case
def gaps(rng: np.random.Generator) -> dict[str, Any]:
    """Each pair of columns has rows of its own."""
    x = _correlated(rng, 150)["x"][:, :9]
    x[rng.random(x.shape) < 0.15] = np.nan
    return {"x": x}


@_pairs.case
def infinities(rng: np.random.Generator) -> dict[str, Any]:
    x = _correlated(rng, 60)["x"][:, :5]
    x[3, 0], x[7, 1], x[8, 4] = np.inf, -np.inf, np.nan
    return {"x": x}


@_pairs.case
def constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(40, 4))
    x[:, 1], x[:, 3] = 0.1, 1e6 + 0.3
    return {"x": x}


@_pairs.case
def constant_where_they_meet(rng: np.random.Generator) -> dict[str, Any]:
    """Column 0 varies, but not on the rows that column 1 has."""
    x = rng.normal(size=(50, 3))
    x[25:, 0], x[:25, 1] = 3.7, np.nan
    return {"x": x}


@_pairs.case
def dead_columns(rng: np.random.Generator) -> dict[str, Any]:
    """All missing, twice; one value; rows in common with no other."""
    x = rng.normal(size=(30, 6))
    x[:, [0, 5]], x[1:, 1], x[:15, 2], x[15:, 3] = np.nan, np.nan, np.nan, np.nan
    return {"x": x}


@_pairs.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + _correlated(rng, 200)["x"]}


@_pairs.case
def quantised(rng: np.random.Generator) -> dict[str, Any]:
    """Many ties."""
    return {"x": _correlated(rng, 300)["x"][:, :6].round(1)}


@_pairs.case
def exactly_linear(rng: np.random.Generator) -> dict[str, Any]:
    """Rounding must not push a coefficient beyond 1."""
    x = rng.normal(size=(77, 1))
    return {"x": np.hstack([x, 3 * x - 1, -0.1 * x, x * 1e-9])}


@_pairs.case
def squares_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    """One column with gaps varies by little beside one value, which another column has not."""
    x = _correlated(rng, 80)["x"][:, :6] * [1.0, 1e200, 1e160, 1.0, 1e307, 1.0]
    x[0, 3], x[0, 5] = 1e200, np.nan
    return {"x": x}


@_pairs.case
def squares_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": _correlated(rng, 80)["x"][:, :4] * [1.0, 1e-200, 1e-160, 1e-305]}


@_pairs.case
def all_squares_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    """Complete columns whose squared length is 0; 5.5 / sqrt(5 * 8.75) in each pair, of either sign."""
    columns = np.array([[0.0, 1.0, 2.0, 3.0], [1.0, 0.0, 2.0, 4.0], [-1.0, 0.0, -2.0, -4.0]]).T
    return {"x": columns * [1e-165, 2e-165, 1e-290]}


@_pairs.case
def differences_beyond_float64(rng: np.random.Generator) -> dict[str, Any]:
    """The largest numbers of either sign; complete, and with a gap."""
    x = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 0.5], [-1.0, -0.25], [0.5, 1.0]]) * 1.7e308
    return {"x": np.hstack([x, np.where(np.arange(5)[:, None] == 3, np.nan, x[:, ::-1])])}


@_pairs.case
def small_values_that_hardly_differ(rng: np.random.Generator) -> dict[str, Any]:
    """Their squares are numbers, those of their differences less certainly."""
    return {"x": 2.0**-399 * (1 + 2.0**-44 * rng.integers(-99, 99, size=(50, 3)))}


@_pairs.case
def tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": _correlated(rng, 131)["x"][:, :7].repeat(5, axis=1) + rng.normal(size=(131, 35))}


@operation("n d -> d d", work="n * d * d", nan="skip", samples=_pairs, homogeneous="x -> 0")
def pearson(x: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Pearson correlation of each pair of columns, over the rows in which both are finite.

    Parameters
    ----------
    x : array of shape (n, d)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (d, d)
        Symmetric, within -1 and 1, exactly 1 on the diagonal; NaN where a column does not vary over the common rows.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix.

    Notes
    -----
    Follows `pandas.DataFrame.corr`, for columns of any size: each is scaled where its squares would overflow or vanish.

    Examples
    --------
    >>> pearson([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    array([[1., 1.],
           [1., 1.]])
    """
    return _pairwise(x, lambda values: values)


@operation("n d -> d d", work="n * d * d", nan="skip", samples=_pairs, homogeneous="x -> 0")
def spearman(x: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """Rank correlation of each pair of columns, over the rows in which both are finite.

    Parameters
    ----------
    x : array of shape (n, d)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (d, d)
        Pearson correlation of the ranks within the common rows, ties sharing the mean of their ranks. Symmetric, within
        -1 and 1, exactly 1 on the diagonal; NaN where a column does not vary over the common rows.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix.

    Notes
    -----
    Follows `pandas.DataFrame.corr(method="spearman")`. The ranks of all columns are held at a time, so that each is
    sorted once: in Rust half as much memory as `x` in float64 takes (as much beyond 8 million rows), and half of
    it again if there are gaps.

    Examples
    --------
    >>> spearman([[1.0, 1.0], [2.0, 8.0], [3.0, 27.0]])
    array([[1., 1.],
           [1., 1.]])
    """
    return _pairwise(x, _ranks)


def _ranks(values: Any) -> Any:
    from scipy.stats import rankdata

    return rankdata(values)


def _pairwise(x: Any, transform: Callable[[Any], Any]) -> Any:
    """The coefficient of every pair of columns, transformed within their common rows."""
    width = x.shape[1]
    result = np.full((width, width), np.nan)
    for i in range(width):
        for j in range(i, width):
            both = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
            result[i, j] = result[j, i] = _coefficient(transform(x[both, i]), transform(x[both, j]), i == j)
    return result


def _coefficient(a: Any, b: Any, itself: bool) -> Any:
    if len(a) == 0 or (a == a[0]).all() or (b == b[0]).all():
        return np.nan
    a, b = (np.ldexp(values, -np.frexp(np.abs(values).max())[1]) for values in (a, b))
    a, b = (values - values[0] for values in (a, b))
    a, b = (values - values.mean() for values in (a, b))
    return 1.0 if itself else np.clip((a @ b) / (np.sqrt(a @ a) * np.sqrt(b @ b)), -1.0, 1.0)


@numpy_backend.kernel("pearson")
def _pearson_by_products(x: Any) -> Any:
    """One matrix product where nothing is missing, else products of values, squares and masks."""
    wide = x.astype(np.float64, copy=False)
    if np.isfinite(wide).all():
        return _product(wide).astype(x.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairwise_complete(np, wide).astype(x.dtype)


#: Numbers with binary exponents up to this have squares, and sums of many of them, with all digits.
_MODERATE = 400


def moderate(xp: Any, x: Any) -> Any:
    """`x`, scaled by powers of two in columns where float64 squares of finite values would overflow or vanish."""
    largest = xp.abs(xp.where(xp.isfinite(x), x, 0.0)).max(axis=0)
    exponents = xp.frexp(largest)[1]
    extreme = (xp.abs(exponents) > _MODERATE) & (largest > 0)
    return xp.ldexp(x, xp.where(extreme, -exponents, 0)) if extreme.any() else x


#: A pair's squares about its own means that are less than this share of those about the columns' have lost digits.
_LEAST_SHARE = 1e-3

#: Numbers in a temporary array for pairs that are computed one by one.
_NUMBERS = 1 << 22


def pairwise_complete(xp: Any, x: Any) -> Any:
    """Correlation of each pair of float64 columns over their common rows, by products of whole matrices of `xp`.

    Pairs whose sums cancel are computed again, each from its own means.
    """
    present = xp.isfinite(x)
    shifted = _about_means(xp, moderate(xp, x), present)
    shifted /= xp.abs(shifted).max(axis=0)
    mask = present.astype(xp.float64)
    count, sums, squares = mask.T @ mask, shifted.T @ mask, (shifted * shifted).T @ mask
    varying = squares - sums * sums / count
    result = (shifted.T @ shifted - sums * sums.T / count) / (xp.sqrt(varying) * xp.sqrt(varying.T))
    kept = varying > _LEAST_SHARE * squares
    rows, columns = xp.nonzero(xp.triu(~(kept & kept.T)))
    step = max(_NUMBERS // len(x), 1)
    for start in range(0, len(rows), step):
        i, j = rows[start : start + step], columns[start : start + step]
        both = present[:, i] & present[:, j]
        a, b = (_about_means(xp, moderate(xp, xp.where(both, x[:, side], xp.nan)), both) for side in (i, j))
        result[i, j] = (a * b).sum(axis=0) / (xp.sqrt((a * a).sum(axis=0)) * xp.sqrt((b * b).sum(axis=0)))
        result[j, i] = result[i, j]
    ones = xp.eye(len(result), dtype=bool) & xp.isfinite(result)
    return xp.where(ones, 1.0, xp.clip(result, -1.0, 1.0))


def _about_means(xp: Any, x: Any, present: Any) -> Any:
    """Each column's present values less their mean, the others as 0."""
    first = xp.take_along_axis(x, present.argmax(axis=0)[None], axis=0)
    shifted = xp.where(present, x - first, 0.0)
    return xp.where(present, shifted - shifted.sum(axis=0) / present.sum(axis=0), 0.0)


@numpy_backend.kernel("spearman")
def _spearman_by_product(x: Any) -> Any:
    """Each column ranked once, then one matrix product, where nothing is missing."""
    from scipy.stats import rankdata

    if not np.isfinite(x).all():
        return spearman.operation.run_reference(x)
    return _product(rankdata(x, axis=0)).astype(x.dtype)


def _product(x: Any) -> Any:
    """Correlation of complete columns."""
    centred, norms = about_means(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred /= norms
        result = np.clip(centred.T @ centred, -1.0, 1.0)
    diagonal = np.einsum("ii->i", result)
    diagonal[~np.isnan(diagonal)] = 1.0
    return result


def about_means(x: Any) -> tuple[Any, Any]:
    """Complete float64 columns with mean 0, of moderate size, and how long they then are: NaN where constant."""
    varying = (x != x[0]).any(axis=0)
    centred, norms = _centred(x)
    # A norm of 0 has lost its squares, NaN and infinity have met too large ones.
    if not ((norms > 0) & np.isfinite(norms) & (np.abs(np.frexp(norms)[1]) <= _MODERATE))[varying].all():
        centred, norms = _centred(moderate(np, x))
    return centred, np.where(varying, norms, np.nan)


def _centred(x: Any) -> tuple[Any, Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        centred = x - x[0]
        centred -= centred.mean(axis=0)
        return centred, np.sqrt(np.einsum("ij,ij->j", centred, centred))
