"""Statistics of data that come in chunks and are never in memory together."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract import labels
from ..contract.arrays import ArrayLike, canonicalise, require_memory
from ..contract.labels import Order
from ..contract.options import boolean, integer
from ..contract.shapes import measure, parse
from ..errors import InvalidInput
from .chunk_sums import ANY, in_unit_of_chunk, scaled
from .cross_sums import CrossSums, covariances, cross_merged, cross_recounted, cross_shifted, cross_sums
from .moments import column_mean_variance, column_sums
from .quantiles import probabilities
from .sketch import QuantileSketch
from .sums import (
    MeanVariance,
    Numbers,
    Sums,
    bridged,
    kurtosis,
    mean_variance_merged,
    mean_variance_recounted,
    skewness,
    sums_merged,
    sums_recounted,
)


class StreamingResult(NamedTuple):
    """What is partial of the data so far: one number a column, or as stated."""

    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - the fields of this tuple are not counted
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


class _State(NamedTuple):
    """What the rows so far come to: replaced as a whole, so that what fails half-way changes nothing.

    Sums are counted in powers of two, one a column, of which `exponents` are the exponents.
    """

    exponents: Any
    mean_variance: MeanVariance
    sums: Sums
    cross: CrossSums | None
    sketch: QuantileSketch | None
    first: Any
    last: Any
    rows: int


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
        With 2 nothing but count, mean, variance and covariance is partial in the end, in a third of the time. Quantiles
        take 4, since they rest on the extremes.

    Notes
    -----
    NaN and infinities are left out. Objects can be pickled and merged, in the order of their data: parts of a recording
    may be summarised on several machines. The work on a chunk is done by operations (`column_sums` or
    `column_mean_variance`, `column_quantiles`, `cross_sums`), so it runs on the backend that the policy in force
    prefers. Sums are counted in units of the columns' size, which grow with it: results are right wherever they are
    normal numbers.

    Examples
    --------
    >>> statistics = StreamingStatistics(1, quantiles=[0.5])
    >>> for chunk in ([[1.0], [2.0]], [[6.0], [float("nan")]]):
    ...     statistics.update(chunk)
    >>> statistics.result().mean, statistics.result().quantiles
    (array([3.]), array([[2.]]))
    """

    def __init__(self, d: int, quantiles: Any = (), *, covariance: bool = False, moments: int = 4) -> None:
        self._d = d = integer(minimum=1)("StreamingStatistics", "d", d)
        covariance = boolean("StreamingStatistics", "covariance", covariance)
        require_memory("StreamingStatistics", d, d if covariance else 1)
        self._q = probabilities("StreamingStatistics", "quantiles", quantiles)
        self._moments = integer()("StreamingStatistics", "moments", moments)
        if self._moments not in ((4,) if self._q else (2, 4)):
            raise InvalidInput(
                "StreamingStatistics", "moments", f"is {self._moments}; expected 4, or 2 without quantiles"
            )
        self._order: Order | None = None
        zeros, nans = np.zeros(d), np.full(d, np.nan)
        none = np.zeros(d, np.int64)
        self._partial = _State(
            np.full(d, ANY),
            MeanVariance(nans, none, zeros, zeros),
            Sums(nans, none, zeros, zeros, zeros, zeros, nans, nans, none, zeros, zeros, zeros),
            CrossSums(np.zeros((d, d)), np.zeros((d, d)), np.zeros((d, d), np.int64)) if covariance else None,
            QuantileSketch(d) if self._q else None,
            nans,
            nans,
            0,
        )

    def update(self, chunk: ArrayLike) -> None:
        """Take in the next rows.

        Parameters
        ----------
        chunk : array of shape (n, d)
            Columns with names are brought into the order of the first chunk. On a device, it is summarised there, and
            what is partial of it comes back; for quantiles it comes back itself where it has fewer than 4096 rows or
            follows such a one.

        Raises
        ------
        InvalidInput
            If it is not a real matrix of d columns, or they have other names than those of the first chunk.
        """
        orders = {} if self._order is None else {"d": self._order}
        (rows,) = canonicalise("StreamingStatistics", ["chunk"], _CHUNK.inputs, [chunk], orders)
        found = measure("StreamingStatistics", _CHUNK, ["chunk"], [rows])["d"]
        if found != self._d:
            raise InvalidInput("StreamingStatistics", "chunk", f"has {found} columns; expected {self._d}")
        if len(rows) == 0:
            return
        sums, exponents = in_unit_of_chunk(column_mean_variance if self._moments == 2 else column_sums, rows)
        partial = _in_units(self._partial, np.maximum(self._partial.exponents, exponents))
        by = partial.exponents - exponents
        if self._moments == 2:
            partial = partial._replace(
                mean_variance=mean_variance_merged(
                    partial.mean_variance, mean_variance_recounted(sums, by), partial.exponents
                )
            )
        else:
            first, last = to_host(rows[[0, -1]]).astype(np.float64)
            partial = _followed(partial, sums_recounted(sums, by), first, last, len(rows))
        if partial.cross is not None:
            origin = to_device_of(rows, np.nan_to_num(self._origin(partial)))
            counted = (scaled(part, partial.exponents) for part in (rows, origin))
            partial = partial._replace(
                cross=cross_merged(partial.cross, CrossSums(*map(to_host, cross_sums(*counted))))
            )
        if partial.sketch is not None:
            partial = partial._replace(sketch=partial.sketch.updated(rows))
        self._partial = partial
        if "d" in orders:
            self._order = Order("the first chunk", list(orders["d"].labels))

    def merge(self, other: StreamingStatistics) -> None:
        """Take in what `other` knows of the rows that follow those seen here.

        Raises
        ------
        InvalidInput
            If it is about other columns (or the same in another order) or other statistics, or is something else.
        """
        if not isinstance(cast("Any", other), StreamingStatistics):
            problem = f"is a {type(other).__name__}; expected StreamingStatistics"
            raise InvalidInput("StreamingStatistics", "other", problem)
        if (self._d, self._q, self._moments) != (other._d, other._q, other._moments):
            raise InvalidInput("StreamingStatistics", "other", "has other columns, quantiles, or moments")
        order = labels.merged("StreamingStatistics", "other", self._order, other._order)
        if (self._partial.cross is None) != (other._partial.cross is None):
            raise InvalidInput("StreamingStatistics", "other", "differs in whether there is a covariance")
        exponents = np.maximum(self._partial.exponents, other._partial.exponents)
        partial, more = (_in_units(part, exponents) for part in (self._partial, other._partial))
        partial = partial._replace(
            mean_variance=mean_variance_merged(partial.mean_variance, more.mean_variance, exponents)
        )
        if more.rows > 0:
            partial = _followed(partial, more.sums, more.first, more.last, more.rows)
        if partial.cross is not None and more.cross is not None:
            theirs, own = (np.ldexp(one._origin(part), -exponents) for one, part in ((other, more), (self, partial)))
            shift = np.nan_to_num(theirs - own)
            partial = partial._replace(cross=cross_merged(partial.cross, cross_shifted(more.cross, shift)))
        if partial.sketch is not None and more.sketch is not None:
            partial = partial._replace(sketch=partial.sketch.merged(more.sketch))
        self._partial, self._order = partial, order

    def _origin(self, partial: _State) -> Any:
        return (partial.mean_variance if self._moments == 2 else partial.sums).origin

    def result(self) -> StreamingResult:
        """What is partial so far.

        Returns
        -------
        StreamingResult : named tuple of ndarrays of shape (d,)
            count, mean, variance (by count - 1), skewness and kurtosis (corrected for bias, as `column_moments`),
            minimum, maximum; autocovariance: sum of (x[t] - mean) (x[t-1] - mean) over neighbouring values by count;
            covariance, d x d, of the rows where both columns have a value, by their number - 1 (None if not asked for);
            quantiles, k x d; rank_error, by how many ranks these may be off. What cannot be partial yet is NaN, and so
            is what was not asked for.
        """
        partial = self._partial
        sums = partial.sums if self._moments == 4 else _without_shape(partial.mean_variance)
        many, some = sums.count > 1, sums.count > 0
        products = sums.products - sums.mean * (sums.before + sums.after) + sums.pairs * sums.mean**2
        sketch, cross, exponents = partial.sketch, partial.cross, partial.exponents
        return StreamingResult(
            sums.count,
            _in_ones(np.ldexp(sums.origin, -exponents) + sums.mean, exponents),
            _in_ones(np.where(many, sums.squares / np.maximum(sums.count - 1, 1), np.nan), 2 * exponents),
            skewness(sums.count, sums.squares, sums.cubes),
            kurtosis(sums.count, sums.squares, sums.fourths),
            sums.minimum,
            sums.maximum,
            _in_ones(np.where(some, products / np.maximum(sums.count, 1), np.nan), 2 * exponents),
            None if cross is None else _in_ones(covariances(cross), exponents + exponents[:, None]),
            np.empty((0, self._d)) if sketch is None else sketch.quantiles(self._q, sums.minimum, sums.maximum),
            np.zeros(self._d) if sketch is None else sketch.rank_error,
        )


def _in_ones(values: Any, exponents: Any) -> Any:
    """What is counted in units, without; where that is no number, infinite or 0."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(values, exponents)


def _in_units(partial: _State, exponents: Any) -> _State:
    """The same, counted in larger units."""
    by = exponents - partial.exponents
    if not by.any():
        return partial
    with np.errstate(under="ignore"):
        return partial._replace(
            exponents=exponents,
            mean_variance=mean_variance_recounted(partial.mean_variance, by),
            sums=sums_recounted(partial.sums, by),
            cross=None if partial.cross is None else cross_recounted(partial.cross, by),
        )


def _followed(partial: _State, sums: Sums, first: Any, last: Any, rows: int) -> _State:
    """`partial` with the sums of the rows that come next, from `first` to `last`."""
    return partial._replace(
        sums=bridged(sums_merged(partial.sums, sums, partial.exponents), partial.exponents, partial.last, first),
        first=first if partial.rows == 0 else partial.first,
        last=last,
        rows=partial.rows + rows,
    )


def _without_shape(statistics: MeanVariance) -> Sums:
    """Sums of which only count, mean and squares are there."""
    unknown = np.full(len(statistics.count), np.nan)
    return Sums(*statistics, *([unknown] * (len(Sums._fields) - len(statistics))))
