"""Mean, variance and higher moments of each column, also in a form in which parts of a column can be merged."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.options import integer
from ..contract.parts import Arguments, Fold, Found
from ..contract.samples import Samples
from ..execution.operation import operation
from .chunk_sums import ANY, ChunkSums, chunks_merged, sums_of_chunk
from .missing import gappy, sensors
from .sums import MeanVariance, Numbers, Sums, kurtosis, mean_variance_recounted, skewness, sums_recounted

_sensors = Samples(sensors, gappy)
del _sensors.cases["largest_numbers"]  # their variance is beyond float64


@_sensors.case
def offset_1e9(rng: np.random.Generator) -> dict[str, Any]:
    """A spread of 1e-3 that sums of squares would not see."""
    return {"x": 1e9 + 1e-3 * rng.normal(size=(400, 9))}


@_sensors.case
def jump(rng: np.random.Generator) -> dict[str, Any]:
    """The first value says nothing of the others."""
    return {"x": np.vstack([rng.normal(size=(1, 5)), 1e5 + rng.normal(size=(3000, 5))])}


@_sensors.case
def too_few_values(rng: np.random.Generator) -> dict[str, Any]:
    """0, 1, 2, 3 and 4 of them."""
    x = rng.normal(size=(6, 5))
    x[np.arange(6)[:, None] >= np.arange(5)] = np.nan
    return {"x": x}


@_sensors.case
def many_rows(rng: np.random.Generator) -> dict[str, Any]:
    """More than a kernel sums at once, narrow."""
    x = rng.exponential(size=(30_000, 3))
    x[rng.random(x.shape) < 0.02] = np.inf
    return {"x": x}


def _sums_agree(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Sums that cancel are as exact as what is summed is large."""
    wanted = Sums(*expected)
    total = wanted.squares + wanted.count * wanted.mean**2
    size = np.sqrt(total / np.maximum(wanted.count, 1))
    scales = {
        "mean": size,
        "cubes": wanted.squares * size,
        "before": wanted.count * size,
        "after": wanted.count * size,
        "products": total,
    }
    for name, found, value in zip(Sums._fields, actual, expected, strict=True):
        allowed = atol + rtol * scales.get(name, 0.0)
        assert np.isclose(found, value, rtol, allowed, equal_nan=True).all(), f"{name}: {found} instead of {value}"


def _sums_of_block(arguments: Arguments, _: Found) -> ChunkSums:
    return sums_of_chunk(column_sums, arguments["x"])


def _sums_in_ones(total: ChunkSums, _: Arguments, __: Found) -> Sums:
    return sums_recounted(total.sums, np.where(total.exponents == ANY, 0, -total.exponents))


@operation(
    "n d -> d, int d, d, d, d, d, d, d, int d, d, d, d",
    work="n * d",
    nan="skip",
    samples=_sensors,
    returns=Sums,
    agrees=_sums_agree,
    widens=True,
    homogeneous="x -> 1, 0, 1, 2, 3, 4, 1, 1, 0, 1, 1, 2",
    parts=Fold(_sums_of_block, chunks_merged, _sums_in_ones),
)
def column_sums(x: ArrayLike, *, backend: str | None = None) -> Sums:
    """What each column's finite values sum up to, in a form in which parts of a column can be merged.

    Parameters
    ----------
    x : array of shape (n, d)
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    Sums : named tuple of ndarrays of shape (d,), float64 (int64 where something is counted)
        origin, the first finite value (NaN if there is none); count and mean of the values' differences from it;
        squares, cubes, fourths: sums of powers of their distances from the mean; minimum and maximum; pairs, how many
        values follow a value in the row before; before, after, products: sums of the first and second of each pair
        and of their products, again of differences from the origin. Without values all sums are 0.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix.

    Notes
    -----
    A sum is right wherever it is a normal number: fourth powers of distances below 1e-77 or above 1e77 become 0 or
    infinite, third powers and squares beyond that.

    The moments of a column in parts follow by the formulas of Pebay (2008), Formulas for robust, one-pass parallel
    computation of covariances and arbitrary-order statistical moments.

    Examples
    --------
    >>> sums = column_sums([[5.0], [6.0], [8.0]])
    >>> print(sums.origin, sums.count, sums.mean.round(3), sums.squares.round(3), sums.pairs, sums.products)
    [5.] [3] [1.333] [4.667] [2] [3.]
    """
    exponents, sums = _sums_in_units(x)
    with np.errstate(over="ignore", under="ignore"):
        return sums_recounted(sums, -exponents)


def _sums_in_units(x: Any) -> tuple[Any, Sums]:
    """The sums of each column counted in its own unit, a power of two of which it has less than one; its exponent."""
    counted = np.zeros((2, x.shape[1]), np.int64)
    numbers = np.zeros((10, x.shape[1]))
    numbers[[0, 5, 6]] = np.nan
    exponents = np.zeros(x.shape[1], np.int32)
    for j, column in enumerate(x.T.copy()):
        values = column[np.isfinite(column)]
        if len(values):
            exponents[j] = np.frexp(np.abs(values).max())[1]
            first, extremes = values[0], (values.min(), values.max())
            column, values = np.ldexp(column, -exponents[j]), np.ldexp(values, -exponents[j])
            pairs, sums = _pair_sums(column - values[0])
            counted[:, j] = len(values), pairs
            numbers[:, j] = first, *_power_sums(values - values[0]), *extremes, *sums
    parts: list[Any] = [numbers[0], counted[0], *numbers[1:7], counted[1], *numbers[7:]]
    return exponents, Sums(*parts)


def _power_sums(values: Any) -> tuple[Any, ...]:
    mean = values.mean()
    distances = values - mean
    return mean, *((distances**power).sum() for power in (2, 3, 4))


def _pair_sums(column: Any) -> tuple[Any, tuple[Any, ...]]:
    together = np.isfinite(column[:-1]) & np.isfinite(column[1:])
    before, after = column[:-1][together], column[1:][together]
    return len(before), (before.sum(), after.sum(), (before * after).sum())


_moments = Samples(sensors, _sensors)


@_moments.case
def sample_variance(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 90), "ddof": 1}


@_moments.case
def ddof_beyond_the_count(rng: np.random.Generator) -> dict[str, Any]:
    return {**too_few_values(rng), "ddof": 3}


@_moments.case
def powers_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    """Fourth powers below 1e-77 and cubes below 1e-103 are 0, those above 1e77 and 1e102 infinite; a shape is not."""
    scales = [3e-81, 1e-100, 1e-107, 1e-150, 1e-160, 1e-300, 1e-60, 3e80, 1e107, 1e153, 1e160, 1e300]
    return {"x": rng.exponential(size=(40, 12)) * scales}


@_moments.case
def parts_of_other_sizes(rng: np.random.Generator) -> dict[str, Any]:
    """What a kernel merges: small values, then large ones, then a constant."""
    x = rng.exponential(size=(9000, 4)) * [1e-160, 1e-90, 1e100, 1.0]
    x[3000:6000] *= [1e20, 1e-30, 1e90, 1e-200]
    x[6000:, ::2], x[6000:, 1::2] = 0.0, [1e-85, 1e-300]
    return {"x": x}


@_moments.mistake("ddof")
def negative_ddof(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "ddof": -1}


class Moments(NamedTuple):
    """What `column_moments` gives: one number a column each."""

    count: Numbers  # pyright: ignore[reportIncompatibleMethodOverride] - the fields of this tuple are not counted
    mean: Numbers
    variance: Numbers
    skewness: Numbers
    kurtosis: Numbers
    minimum: Numbers
    maximum: Numbers


def _moments_of(total: ChunkSums, arguments: Arguments, _: Found) -> Moments:
    return _moments_in_units(np.where(total.exponents == ANY, 0, total.exponents), total.sums, arguments["ddof"])


@operation(
    "n d -> int d, d, d, d, d, d, d",
    work="n * d",
    nan="skip",
    samples=_moments,
    options={"ddof": integer(minimum=0)},
    returns=Moments,
    homogeneous="x -> 0, 1, 2, 0, 0, 1, 1",
    parts=Fold(_sums_of_block, chunks_merged, _moments_of),
)
def column_moments(x: ArrayLike, *, ddof: int = 0, backend: str | None = None) -> Moments:
    """Count, mean, variance, skewness, excess kurtosis and extremes of each column's finite values.

    Parameters
    ----------
    x : array of shape (n, d)
    ddof : int, default 0
        The variance divides by count - `ddof`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    Moments : named tuple of ndarrays of shape (d,)
        count (int64), mean, variance, skewness, kurtosis, minimum, maximum. Skewness and kurtosis are corrected for
        bias; they are NaN with fewer than 3 and 4 values, and where all values are equal. The variance is NaN with no
        more than `ddof` values, everything but the count with none.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or `ddof` is negative.

    Notes
    -----
    Follows pandas' ``mean``, ``var``, ``skew`` and ``kurt``, to which infinities are numbers. All is summed of
    differences from a value of the column, so an offset costs no digits, and counted in a unit of the column's size, so
    skewness and kurtosis are right for normal numbers of any size.

    Examples
    --------
    >>> moments = column_moments([[1.0], [2.0], [6.0], [float("nan")]], ddof=1)
    >>> print(moments.count, moments.mean, moments.variance, moments.skewness.round(3))
    [3] [3.] [7.] [1.458]
    """
    return _moments_in_units(*_sums_in_units(x), ddof)


def _moments_in_units(exponents: Any, sums: Sums, ddof: int) -> Moments:
    freedom = sums.count - ddof
    with np.errstate(all="ignore"):
        mean = np.ldexp(np.ldexp(sums.origin, -exponents) + sums.mean, exponents)
        variance = np.ldexp(np.where(freedom > 0, sums.squares / freedom, np.nan), 2 * exponents)
    return Moments(
        sums.count,
        mean,
        variance,
        skewness(sums.count, sums.squares, sums.cubes),
        kurtosis(sums.count, sums.squares, sums.fourths),
        sums.minimum,
        sums.maximum,
    )


def _mean_variance_agrees(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Counts, means and squares agree, whichever value the differences are from."""
    found, wanted = MeanVariance(*actual), MeanVariance(*expected)
    np.testing.assert_array_equal(found.count, wanted.count)
    spread = np.sqrt(wanted.squares / np.maximum(wanted.count, 1) + wanted.mean**2)
    off = np.nan_to_num((found.origin - wanted.origin) + (found.mean - wanted.mean))
    assert (np.abs(off) <= atol + rtol * spread).all(), f"means are off by {off}"
    np.testing.assert_allclose(found.squares, wanted.squares, rtol=rtol, atol=atol)
    np.testing.assert_array_equal(np.isnan(found.origin), wanted.count == 0)


def mean_variance_of_block(arguments: Arguments, _: Found) -> ChunkSums:
    return sums_of_chunk(column_mean_variance, arguments["x"])


def _mean_variance_in_ones(total: ChunkSums, _: Arguments, __: Found) -> MeanVariance:
    return mean_variance_recounted(total.sums, np.where(total.exponents == ANY, 0, -total.exponents))


@operation(
    "n d -> d, int d, d, d",
    work="n * d",
    nan="skip",
    samples=Samples(sensors, column_sums.operation.samples),
    returns=MeanVariance,
    agrees=_mean_variance_agrees,
    widens=True,
    homogeneous="x -> 1, 0, 1, 2",
    parts=Fold(mean_variance_of_block, chunks_merged, _mean_variance_in_ones),
)
def column_mean_variance(x: ArrayLike, *, backend: str | None = None) -> MeanVariance:
    """Count, mean and spread of each column's finite values, in a form in which parts of a column can be merged.

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
    >>> found = column_mean_variance([[5.0], [6.0], [8.0]])
    >>> found.origin, found.count, found.mean.round(3), found.squares.round(3)
    (array([5.]), array([3]), array([1.333]), array([4.667]))
    """
    sums = column_sums.reference(x)
    return MeanVariance(sums.origin, sums.count, sums.mean, sums.squares)
