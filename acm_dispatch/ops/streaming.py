"""Statistics of data that come in chunks and are never in memory together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..arrays import ArrayLike, canonicalise
from ..errors import InvalidInput
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..options import integer
from ..samples import Samples
from ..shapes import measure, parse
from .missing import gappy, sensors
from .moments import Numbers, Sums, column_sums, joined, kurtosis, skewness
from .quantiles import probabilities
from .sketch import QuantileSketch


def _shifted_sensors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    x = sensors(rng, n)["x"]
    return {"x": x, "origin": np.nanmean(x, axis=0) if n else np.zeros(50)}


_shifted = Samples(_shifted_sensors)


@_shifted.case
def infinities(rng: np.random.Generator) -> dict[str, Any]:
    return {**gappy.cases["infinities"](rng), "origin": np.zeros(5)}


@_shifted.case
def dead_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {**gappy.cases["dead_columns"](rng), "origin": np.arange(4.0)}


@_shifted.mistake("origin")
def origin_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**_shifted_sensors(rng, 8), "origin": np.zeros(3)}


class CrossSums(NamedTuple):
    """What `cross_sums` gives: one number for each pair of columns."""

    products: Numbers
    sums: Numbers
    counts: Numbers


def _cross_sums_agree(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Sums that cancel are as exact as what is summed is large."""
    squares, rows = np.diag(expected[0]), np.diag(expected[2])
    sizes = np.sqrt(np.outer(squares, squares)), np.sqrt(np.outer(squares, rows)), 0.0
    for found, wanted, size in zip(actual, expected, sizes, strict=True):
        assert np.isclose(found, wanted, rtol, atol + rtol * size).all(), f"{found} instead of {wanted}"


@operation(
    "n d, d -> d d, d d, int d d",
    work="n * d * d",
    nan="skip",
    samples=_shifted,
    returns=CrossSums,
    agrees=_cross_sums_agree,
    widens=True,
)
def cross_sums(x: ArrayLike, origin: ArrayLike, *, backend: str | None = None) -> CrossSums:
    """What pairs of columns sum up to where both have a finite value, of differences from `origin`.

    Parameters
    ----------
    x : array of shape (n, d)
    origin : array of shape (d,)
        In the units of `x`, finite.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    CrossSums : named tuple of ndarrays of shape (d, d), float64
        products: sums of x[:, i] * x[:, j]; sums: of x[:, i] where x[:, j] is finite; counts (int64).

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or `origin` is not one number a column.

    Examples
    --------
    >>> cross_sums([[1.0, 2.0], [3.0, float("nan")]], [0.0, 0.0]).products
    array([[10.,  2.],
           [ 2.,  4.]])
    """
    shifted, present = _shifted_and_present(x, origin)
    products = [(shifted * column[:, None]).sum(axis=0) for column in shifted.T]
    sums = [(present * column[:, None]).sum(axis=0) for column in shifted.T]
    counts = [(present * column[:, None]).sum(axis=0) for column in present.T]
    return CrossSums(np.array(products), np.array(sums), np.array(counts).astype(np.int64))


def _shifted_and_present(x: Any, origin: Any) -> tuple[Any, Any]:
    finite = np.isfinite(x)
    return np.where(finite, x - origin, 0.0), finite.astype(np.float64)


#: Multiplications that BLAS does on the calling thread: with more, its number of threads would show in the last digits.
_UNSHARED = 1 << 18


@numpy_backend.kernel("cross_sums")
def _cross_sums_by_blocks(x: Any, origin: Any) -> tuple[Any, Any, Any]:
    rows = max(_UNSHARED // x.shape[1] ** 2, 1)
    products, sums, counts = np.zeros((3, x.shape[1], x.shape[1]))
    for start in range(0, len(x), rows):
        shifted, present = _shifted_and_present(x[start : start + rows], origin)
        products += shifted.T @ shifted
        sums += shifted.T @ present
        counts += present.T @ present
    return products, sums, counts.astype(np.int64)


class Levels(NamedTuple):
    """What `column_levels` gives: one number a column each."""

    origin: Numbers
    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - nobody counts the fields of this tuple
    mean: Numbers
    squares: Numbers


def _levels_agree(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Counts, means and squares agree, whichever value the differences are from."""
    found, wanted = Levels(*actual), Levels(*expected)
    np.testing.assert_array_equal(found.count, wanted.count)
    spread = np.sqrt(wanted.squares / np.maximum(wanted.count, 1) + wanted.mean**2)
    off = np.nan_to_num((found.origin - wanted.origin) + (found.mean - wanted.mean))
    assert (np.abs(off) <= atol + rtol * spread).all(), f"means are off by {off}"
    np.testing.assert_allclose(found.squares, wanted.squares, rtol=rtol, atol=atol)
    np.testing.assert_array_equal(np.isnan(found.origin), wanted.count == 0)


@operation(
    "n d -> d, int d, d, d",
    work="n * d",
    nan="skip",
    samples=Samples(sensors, column_sums.operation.samples),
    returns=Levels,
    agrees=_levels_agree,
    widens=True,
)
def column_levels(x: ArrayLike, *, backend: str | None = None) -> Levels:
    """Count, mean and spread of each column's finite values, in a form in which parts of a column can be joined.

    Parameters
    ----------
    x : array of shape (n, d)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    Levels : named tuple of ndarrays of shape (d,), float64 (int64 where something is counted)
        origin, a finite value of the column (NaN if there is none); count and mean of the values' differences from it;
        squares: sum of the squares of their distances from the mean. Without values count, mean and squares are 0.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for computing the sample variance.

    Examples
    --------
    >>> levels = column_levels([[5.0], [6.0], [8.0]])
    >>> levels.origin, levels.count, levels.mean.round(3), levels.squares.round(3)
    (array([5.]), array([3]), array([1.333]), array([4.667]))
    """
    sums = column_sums.reference(x)
    return Levels(sums.origin, sums.count, sums.mean, sums.squares)


@numpy_backend.kernel("column_levels")
def _levels_in_two_passes(x: Any) -> tuple[Any, ...]:
    finite = np.isfinite(x)
    count = np.count_nonzero(finite, axis=0)
    origin: Any = np.full(x.shape[1], np.nan)
    if len(x):
        first = np.take_along_axis(x, finite.argmax(axis=0)[None], axis=0)[0]
        origin = np.where(count > 0, first.astype(np.float64), np.nan)
    shifted = np.where(finite, np.subtract(x, origin, dtype=np.float64), 0.0)
    mean = shifted.sum(axis=0) / np.maximum(count, 1)
    shifted -= mean
    return origin, count, mean, np.square(shifted, out=shifted).sum(axis=0, where=finite)


def _levels_joined(first: Levels, second: Levels) -> Levels:
    """The levels of columns in two parts."""
    origin = np.where(first.count > 0, first.origin, second.origin)
    count = first.count + second.count
    share = second.count / np.maximum(count, 1)
    distance = np.where(second.count > 0, (second.origin - origin) + second.mean - first.mean, 0.0)
    between = distance * distance * (first.count * share)
    return Levels(origin, count, first.mean + distance * share, first.squares + second.squares + between)


class StreamingResult(NamedTuple):
    """What is known of the data so far: one number a column, or as stated."""

    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - nobody counts the fields of this tuple
    mean: Numbers
    variance: Numbers
    skewness: Numbers
    kurtosis: Numbers
    minimum: Numbers
    maximum: Numbers
    autocovariance: Numbers
    covariance: Numbers | None
    quantiles: Numbers
    rank_error: Numbers


_CHUNK = parse("n d -> d")


class StreamingStatistics:
    """Statistics of `d` columns that come in chunks of rows, in memory that does not grow with them.

    Parameters
    ----------
    d : int
        Columns.
    quantiles : sequence of k numbers, optional
        From 0 to 1: the quantiles wanted, from a sketch that is exact up to 4095 rows and then off by a bounded number
        of ranks (see `StreamingResult.rank_error`).
    covariance : bool, default False
        Whether the covariance of each two columns is wanted.
    moments : {4, 2}, default 4
        With 2 nothing but count, mean, variance and covariance is known in the end, in a third of the time. Quantiles
        take 4, since they rest on the extremes.

    Notes
    -----
    NaN and infinities are left out. Objects can be pickled and merged, in the order of their data: parts of a recording
    may be summarised on several machines. The work on a chunk is done by operations (`column_sums` or
    `column_levels`, `column_quantiles`, `cross_sums`), so it runs on the backend that the policy in force prefers.

    Examples
    --------
    >>> statistics = StreamingStatistics(1, quantiles=[0.5])
    >>> for chunk in ([[1.0], [2.0]], [[6.0], [float("nan")]]):
    ...     statistics.update(chunk)
    >>> statistics.result().mean, statistics.result().quantiles
    (array([3.]), array([[2.]]))
    """

    def __init__(self, d: int, quantiles: Any = (), *, covariance: bool = False, moments: int = 4) -> None:
        self._d = integer(minimum=1)("StreamingStatistics", "d", d)
        self._q = probabilities("StreamingStatistics", "quantiles", quantiles)
        self._moments = integer()("StreamingStatistics", "moments", moments)
        if self._moments not in ((4,) if self._q else (2, 4)):
            raise InvalidInput("StreamingStatistics", "moments", f"is {moments}; expected 4, or 2 without quantiles")
        self._sketch = QuantileSketch(d) if self._q else None
        zeros, nans = np.zeros(d), np.full(d, np.nan)
        none = np.zeros(d, np.int64)
        self._levels = Levels(nans, none, zeros, zeros)
        self._sums = Sums(nans, none, zeros, zeros, zeros, zeros, nans, nans, none, zeros, zeros, zeros)
        square = np.zeros((d, d))
        self._cross = CrossSums(square, square, square.astype(np.int64)) if covariance else None
        self._first = self._last = nans
        self._rows = 0

    def update(self, chunk: ArrayLike) -> None:
        """Take in the next rows.

        Parameters
        ----------
        chunk : array of shape (n, d)

        Raises
        ------
        InvalidInput
            If it is not a real matrix of d columns.
        """
        (rows,) = canonicalise("StreamingStatistics", ["chunk"], _CHUNK.inputs, [chunk])
        found = measure("StreamingStatistics", _CHUNK, ["chunk"], [rows])["d"]
        if found != self._d:
            raise InvalidInput("StreamingStatistics", "chunk", f"has {found} columns; expected {self._d}")
        if len(rows) == 0:
            return
        if self._moments == 2:
            self._levels = _levels_joined(self._levels, column_levels(rows))
        else:
            first, last = rows[[0, -1]].astype(np.float64)
            self._join(column_sums(rows), first, last, len(rows))
        if self._cross is not None:
            self._cross = _added(self._cross, cross_sums(rows, np.nan_to_num(self._origin)))
        if self._sketch is not None:
            self._sketch.update(rows)

    def merge(self, other: StreamingStatistics) -> None:
        """Take in what `other` knows of the rows that follow those seen here.

        Raises
        ------
        InvalidInput
            If it is about other columns or other statistics.
        """
        if (self._d, self._q, self._moments) != (other._d, other._q, other._moments):
            raise InvalidInput("StreamingStatistics", "other", "has other columns, quantiles, or moments")
        if (self._cross is None) != (other._cross is None):
            raise InvalidInput("StreamingStatistics", "other", "differs in whether there is a covariance")
        self._levels = _levels_joined(self._levels, other._levels)
        if other._rows > 0:
            self._join(other._sums, other._first, other._last, other._rows)
        if self._cross is not None and other._cross is not None:
            shift = np.nan_to_num(other._origin - self._origin)
            self._cross = _added(self._cross, _moved(other._cross, shift))
        if self._sketch is not None and other._sketch is not None:
            self._sketch.merge(other._sketch)

    @property
    def _origin(self) -> Any:
        return (self._levels if self._moments == 2 else self._sums).origin

    def _join(self, sums: Sums, first: Any, last: Any, rows: int) -> None:
        self._sums = _bridged(joined(self._sums, sums), self._last, first)
        self._first = first if self._rows == 0 else self._first
        self._last = last
        self._rows += rows

    def result(self) -> StreamingResult:
        """What is known so far.

        Returns
        -------
        StreamingResult : named tuple of ndarrays of shape (d,)
            count, mean, variance (by count - 1), skewness and kurtosis (corrected for bias, as `column_moments`),
            minimum, maximum; autocovariance: sum of (x[t] - mean) (x[t-1] - mean) over neighbouring values by count;
            covariance, d x d, of the rows where both columns have a value, by their number - 1 (None if not asked for);
            quantiles, k x d; rank_error, by how many ranks these may be off. What cannot be known yet is NaN, and so
            is what was not asked for.
        """
        sums = self._sums if self._moments == 4 else _without_shape(self._levels)
        many, some = sums.count > 1, sums.count > 0
        products = sums.products - sums.mean * (sums.before + sums.after) + sums.pairs * sums.mean**2
        sketch, cross = self._sketch, self._cross
        return StreamingResult(
            sums.count,
            sums.origin + sums.mean,
            np.where(many, sums.squares / np.maximum(sums.count - 1, 1), np.nan),
            skewness(sums.count, sums.squares, sums.cubes),
            kurtosis(sums.count, sums.squares, sums.fourths),
            sums.minimum,
            sums.maximum,
            np.where(some, products / np.maximum(sums.count, 1), np.nan),
            None if cross is None else _covariance(cross),
            np.empty((0, self._d)) if sketch is None else sketch.quantiles(self._q, sums.minimum, sums.maximum),
            np.zeros(self._d) if sketch is None else sketch.rank_error,
        )


def _without_shape(levels: Levels) -> Sums:
    """Sums that know of nothing but levels."""
    unknown = np.full(len(levels.count), np.nan)
    return Sums(*levels, *([unknown] * (len(Sums._fields) - len(levels))))


def _bridged(sums: Sums, before: Any, after: Any) -> Sums:
    """`sums` with the pairs of values in two neighbouring rows that belong to different parts."""
    before, after = before - sums.origin, after - sums.origin
    both = np.isfinite(before) & np.isfinite(after)
    before, after = np.where(both, before, 0.0), np.where(both, after, 0.0)
    return sums._replace(
        pairs=sums.pairs + both,
        before=sums.before + before,
        after=sums.after + after,
        products=sums.products + before * after,
    )


def _added(first: CrossSums, second: CrossSums) -> CrossSums:
    return CrossSums(*(a + b for a, b in zip(first, second, strict=True)))


def _moved(cross: CrossSums, shift: Any) -> CrossSums:
    """The same of numbers that are larger by `shift`."""
    products, sums, counts = cross
    moved = shift[:, None]
    return CrossSums(
        products + shift * sums + moved * sums.T + moved * shift * counts,
        sums + moved * counts,
        counts,
    )


def _covariance(cross: CrossSums) -> Any:
    products, sums, counts = cross
    centred = products - sums * sums.T / np.maximum(counts, 1)
    return np.where(counts > 1, centred / np.maximum(counts - 1, 1), np.nan)
