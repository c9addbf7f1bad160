"""Count, mean and spread of columns, in a form in which parts of a column can be joined."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.samples import Samples
from ..execution.operation import operation
from . import units
from .missing import sensors
from .moments import Numbers, column_sums


class MeanVariance(NamedTuple):
    """What `column_mean_variance` gives: one number a column each."""

    origin: Numbers
    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - the fields of this tuple are not counted
    mean: Numbers
    squares: Numbers


def _levels_agree(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Counts, means and squares agree, whichever value the differences are from."""
    found, wanted = MeanVariance(*actual), MeanVariance(*expected)
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
    returns=MeanVariance,
    agrees=_levels_agree,
    widens=True,
    homogeneous="x -> 1, 0, 1, 2",
)
def column_mean_variance(x: ArrayLike, *, backend: str | None = None) -> MeanVariance:
    """Count, mean and spread of each column's finite values, in a form in which parts of a column can be joined.

    Parameters
    ----------
    x : array of shape (n, d)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    MeanVariance : named tuple of ndarrays of shape (d,), float64 (int64 where something is counted)
        origin, a finite value of the column (NaN if there is none); count and mean of the values' differences from it;
        squares: sum of the squares of their distances from the mean. Without values count, mean and squares are 0.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix.

    Notes
    -----
    `squares` is right wherever it is a normal number: those of distances below 1e-154 or above 1e154 become 0 or
    infinite.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for computing the sample variance.

    Examples
    --------
    >>> levels = column_mean_variance([[5.0], [6.0], [8.0]])
    >>> levels.origin, levels.count, levels.mean.round(3), levels.squares.round(3)
    (array([5.]), array([3]), array([1.333]), array([4.667]))
    """
    sums = column_sums.reference(x)
    return MeanVariance(sums.origin, sums.count, sums.mean, sums.squares)


@numpy_backend.kernel("column_mean_variance")
def _levels_by_columns(x: Any) -> tuple[Any, Any, Any, Any]:
    """The fields of `MeanVariance`."""
    return mean_variance_in_ones(*mean_variance_in_units(x))


def mean_variance_in_units(x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The fields of `MeanVariance`, each column's counted in a unit of its own, and the exponents of these."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        found = _levels_in_two_passes(x)
        return units.fitted(_levels_in_two_passes, x, found, np.where(found[1] > 0, found[3], 1.0))


def mean_variance_in_ones(exponents: Any, levels: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
    """MeanVariance counted in units as they are without."""
    origin, count, mean, squares = levels
    if not exponents.any():
        return origin, count, mean, squares
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(origin, exponents), count, np.ldexp(mean, exponents), np.ldexp(squares, 2 * exponents)


def _levels_in_two_passes(x: Any) -> tuple[Any, Any, Any, Any]:
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


#: Exponents of columns that are counted in 1.
_ONES = np.int32(0)


def mean_variance_merged(first: MeanVariance, second: MeanVariance, exponents: Any = _ONES) -> MeanVariance:
    """The levels of columns in two parts, both counted in 2**`exponents`."""
    origin = np.where(first.count > 0, first.origin, second.origin)
    count = first.count + second.count
    share = second.count / np.maximum(count, 1)
    shift = np.ldexp(second.origin, -exponents) - np.ldexp(origin, -exponents)
    distance = np.where(second.count > 0, shift + second.mean - first.mean, 0.0)
    between = distance * distance * (first.count * share)
    return MeanVariance(origin, count, first.mean + distance * share, first.squares + second.squares + between)


def mean_variance_recounted(levels: MeanVariance, by: Any) -> MeanVariance:
    """MeanVariance counted in units that are larger by 2**`by`, one exponent a column."""
    return levels._replace(mean=np.ldexp(levels.mean, -by), squares=np.ldexp(levels.squares, -2 * by))
