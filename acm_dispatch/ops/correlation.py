"""How columns move together: all pairs, or only those of strong correlation (CSR, as `scipy.sparse` has it)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike, kind_of
from ..contract.options import Check, drawn_by, expects, real
from ..contract.parts import Arguments, Columns, Count, Fold, Found, Iterative, Step, Take
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import operation
from .pair_sums import PairSums, coefficients, pair_sums, pair_sums_merged


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
    """One column with gaps varies by little compared with one value, which another column has not."""
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


def _pairs_of_block(arguments: Arguments, _: Found) -> PairSums:
    return pair_sums(arguments["x"])


def _coefficients(total: PairSums, _: Arguments, __: Found) -> Any:
    return coefficients(total)


@operation(
    "n d -> d d",
    work="n * d * d",
    nan="skip",
    samples=_pairs,
    homogeneous="x -> 0",
    parts=Fold(_pairs_of_block, pair_sums_merged, _coefficients),
)
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


#: Numbers in the columns that are ranked together.
_TOGETHER = 1 << 25


def _by_groups_of_columns(arguments: Arguments) -> Generator[Step, Any, Any]:
    """Each two groups of columns in whole: a rank is among all rows."""
    rows = yield Step(Count())
    x = (yield Step(Take([])))["x"]
    width, size = x.shape[1], max(_TOGETHER // max(2 * rows, 1), 1)
    groups = [range(start, min(start + size, width)) for start in range(0, width, size)]
    found = np.full((width, width), np.nan, x.dtype if x.dtype.kind == "f" else np.float64)
    for pair in list(combinations(groups, 2)) or [(group, group) for group in groups]:
        numbers = sorted({*pair[0], *pair[1]})
        part = spearman((yield Step(Columns(numbers)))["x"])
        found[np.ix_(numbers, numbers)] = to_host(part)
    return found


@operation(
    "n d -> d d",
    work="n * d * d",
    nan="skip",
    samples=_pairs,
    homogeneous="x -> 0",
    parts=Iterative(_by_groups_of_columns, "1 for each two groups of columns"),
)
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
def sparse_constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    """The diagonal stays, as NaN."""
    x = rng.normal(size=(50, 4))
    x[:, 2] = 0.1
    return {"x": x, "threshold": 0.05}


@_grouped.case
def squares_beyond_and_below_float64(rng: np.random.Generator) -> dict[str, Any]:
    x = _factors(rng, 50)["x"][:, :12]
    return {"x": x * np.array([1.0, 1e200, 1e-200, 1e160]).repeat(3), "threshold": 0.2}


@_grouped.case
def sparse_all_squares_below_float64(rng: np.random.Generator) -> dict[str, Any]:
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
def sparse_exactly_linear(rng: np.random.Generator) -> dict[str, Any]:
    """Of magnitude 1, but for rounding."""
    x = rng.integers(-9, 10, size=(131, 4)).astype(float)
    return {"x": np.hstack([x * scale for scale in (1.0, -3.0, 0.1, 1e-3, 7.0)]), "threshold": 1.0}


@_grouped.case
def sparse_offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + _factors(rng, 90)["x"], "threshold": 0.4}


@_grouped.case
def opposites(rng: np.random.Generator) -> dict[str, Any]:
    """Strong negative correlation counts as well."""
    x = rng.normal(size=(60, 3))
    return {"x": np.hstack([x, -2 * x, x + 0.1 * rng.normal(size=x.shape)]), "threshold": 0.8}


@_grouped.case
def sparse_tails_of_every_block(rng: np.random.Generator) -> dict[str, Any]:
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
        from cupyx.scipy.sparse import csr_matrix as csr  # type: ignore[import-not-found] - only with a GPU

    size = len(indptr) - 1
    return csr((data, indices, indptr), shape=(size, size))


def _pairs_and_size(arguments: Arguments, _: Found) -> tuple[PairSums, int]:
    """The size of a number says how much rounding takes from an entry."""
    return pair_sums(arguments["x"]), arguments["x"].dtype.itemsize


def _pairs_merged(first: tuple[PairSums, int], second: tuple[PairSums, int]) -> tuple[PairSums, int]:
    return pair_sums_merged(first[0], second[0]), first[1]


def _entries(total: tuple[PairSums, int], arguments: Arguments, _: Found) -> tuple[Any, ...]:
    return _kept(coefficients(total[0]), arguments["threshold"] - _LEEWAY[total[1]])


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
    parts=Fold(_pairs_and_size, _pairs_merged, _entries),
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
    return _kept(pearson.operation.body(x), threshold)


def _kept(dense: Any, threshold: float) -> tuple[Any, ...]:
    """The entries of at least that magnitude, and the diagonal."""
    keep = (np.abs(dense) >= threshold) | np.eye(len(dense), dtype=bool)
    rows, columns = np.nonzero(keep)
    indptr = np.searchsorted(rows, np.arange(len(dense) + 1))
    return dense[keep], columns.astype(np.int64), indptr.astype(np.int64)
