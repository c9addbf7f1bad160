"""Sums over pairs of columns where both have a value, in a form in which parts can be merged."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike
from ..contract.parts import Arguments, Fold, Found
from ..contract.samples import Samples
from ..execution.operation import operation
from .missing import gappy, sensors
from .sums import Numbers


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


def _of_block(arguments: Arguments, _: Found) -> CrossSums:
    return CrossSums(*map(to_host, cross_sums(**arguments)))


def cross_merged(first: CrossSums, second: CrossSums) -> CrossSums:
    """The sums of rows in two parts, of differences from the same origin."""
    return CrossSums(*(a + b for a, b in zip(first, second, strict=True)))


def _as_it_is(total: CrossSums, _: Arguments, __: Found) -> CrossSums:
    return total


@operation(
    "n d, d -> d d, d d, int d d",
    work="n * d * d",
    nan="skip",
    samples=_shifted,
    returns=CrossSums,
    agrees=_cross_sums_agree,
    widens=True,
    homogeneous="x, origin -> 2, 1, 0",
    parts=Fold(_of_block, cross_merged, _as_it_is),
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

    Notes
    -----
    A product or sum is right wherever it is a normal number.

    Examples
    --------
    >>> cross_sums([[1.0, 2.0], [3.0, float("nan")]], [0.0, 0.0]).products
    array([[10.,  2.],
           [ 2.,  4.]])
    """
    finite = np.isfinite(x)
    largest = np.maximum(np.where(finite, np.abs(x), 0.0).max(axis=0, initial=0.0), np.abs(origin))
    exponents = np.frexp(largest)[1]
    shifted = np.where(finite, np.ldexp(x, -exponents) - np.ldexp(origin, -exponents), 0.0)
    products, sums, counts = np.empty((3, x.shape[1], x.shape[1]))
    with np.errstate(over="ignore", under="ignore"):
        for i, exponent in enumerate(exponents):
            products[i] = np.ldexp((shifted * shifted[:, i, None]).sum(axis=0), exponents + exponent)
            sums[i] = np.ldexp((finite * shifted[:, i, None]).sum(axis=0), exponent)
            counts[i] = (finite & finite[:, i, None]).sum(axis=0)
    return CrossSums(products, sums, counts.astype(np.int64))


def cross_shifted(cross: CrossSums, shift: Any) -> CrossSums:
    """The same of numbers that are larger by `shift`."""
    products, sums, counts = cross
    own = shift[:, None]
    return CrossSums(
        products + shift * sums + own * sums.T + own * shift * counts,
        sums + own * counts,
        counts,
    )


def cross_recounted(cross: CrossSums, by: Any) -> CrossSums:
    """The same of columns counted in units that are larger by 2**`by`, one exponent a column."""
    return CrossSums(np.ldexp(cross.products, -by - by[:, None]), np.ldexp(cross.sums, -by[:, None]), cross.counts)


def covariances(cross: CrossSums) -> Any:
    """Of each two columns, by the number of common values - 1; NaN where there are none."""
    products, sums, counts = cross
    centred = products - sums * sums.T / np.maximum(counts, 1)
    return np.where(counts > 1, centred / np.maximum(counts - 1, 1), np.nan)
