"""Autoregression of the first order: each value predicted from the one before it, and the residuals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike
from ..contract.options import one_of, real
from ..contract.parts import Arguments, Fold, Found, Halo, Passes, together
from ..contract.samples import Samples
from ..execution.operation import operation
from .ar1_sums import LagSums, lag_sums, lag_sums_merged
from .brackets import MEDIAN_READS, Inside
from .missing import gappy, sensors
from .robust_stats import median_mad

Center = Literal["mean", "median"]
#: Missing values are left out before pairs are formed, or pairs with one are.
Gaps = Literal["drop", "pair"]

#: Coefficients are kept below 1 by this much, so that what they describe stays stationary.
LARGEST = 0.999

#: Fewest values that tell a coefficient.
FEWEST = 3


class AR1(NamedTuple):
    """A model of each column: x[t] - mu = phi (x[t-1] - mu) + what is left."""

    phi: np.ndarray[Any, Any]
    mu: np.ndarray[Any, Any]


def _autoregressive(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Columns that remember from nothing to almost everything, 5 % NaN."""
    x = rng.normal(size=(n, 50))
    for t in range(1, n):
        x[t] += np.linspace(-0.5, 0.99, 50) * x[t - 1]
    x += rng.uniform(-100, 100, size=50)
    x[rng.random(x.shape) < 0.05] = np.nan
    return {"x": x}


_series = Samples(_autoregressive, gappy)


@_series.case
def products_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    """Squares and products leave the range of numbers; a coefficient does not."""
    scales = [1e-300, 1e-170, 1e-155, 1e-80, 1e80, 1e153, 1e170, 1e305]
    return {"x": rng.normal(size=(60, 8)).cumsum(axis=0) * scales, "epsilon": 0.0}


@_series.case
def products_out_of_range_about_the_median(rng: np.random.Generator) -> dict[str, Any]:
    return {**products_out_of_range(rng), "center": "median"}


@_series.case
def gaps_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    x = products_out_of_range(rng)["x"]
    x[rng.random(x.shape) < 0.1] = np.nan
    return {"x": x, "epsilon": 0.0, "missing": "pair"}


@_series.case
def parts_of_other_sizes(rng: np.random.Generator) -> dict[str, Any]:
    """What a kernel merges: small values, then large ones, then zeros."""
    x = rng.normal(size=(9000, 4)).cumsum(axis=0) * [1e-160, 1e-90, 1e100, 1.0]
    x[3000:6000] *= [1e20, 1e-30, 1e90, 1e-200]
    x[6000:] = 0.0
    return {"x": x, "epsilon": 0.0}


@_series.case
def epsilon_beside_small_squares(rng: np.random.Generator) -> dict[str, Any]:
    """One column's sum of squares is more, the other's is not."""
    return {"x": rng.normal(size=(50, 2)) * [1e-140, 1e-141], "epsilon": 1e-280}


@_series.case
def adjacent_pairs(rng: np.random.Generator) -> dict[str, Any]:
    return {**_autoregressive(rng, 300), "missing": "pair"}


@_series.case
def pairs_of_infinities(rng: np.random.Generator) -> dict[str, Any]:
    return {**gappy.cases["infinities"](rng), "missing": "pair"}


@_series.case
def no_gaps(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(1700, 11)).cumsum(axis=0)}


@_series.case
def leaves_its_median_in_the_end(rng: np.random.Generator) -> dict[str, Any]:
    """What comes before does not move, so there is nothing to divide by."""
    x = np.full((30, 3), 0.1)
    x[-1] = 1e6
    return {"x": x, "center": "median"}


@_series.case
def around_the_median(rng: np.random.Generator) -> dict[str, Any]:
    return {**_autoregressive(rng, 301), "center": "median"}


@_series.case
def beyond_the_unit_circle(rng: np.random.Generator) -> dict[str, Any]:
    """Growth and alternation that would be more than 0.999."""
    return {"x": np.column_stack([1.5 ** np.arange(40.0), (-1.5) ** np.arange(40.0)])}


@_series.case
def fewer_values_than_three(rng: np.random.Generator) -> dict[str, Any]:
    x = np.full((6, 4), np.nan)
    x[0, 1], x[[0, 5], 2], x[[0, 1, 5], 3] = 2.0, [1.0, 3.0], [1.0, 2.0, 4.0]
    return {"x": x}


@_series.case
def no_pairs(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(30, 3))
    x[::2, 1], x[::2, 2] = np.nan, np.inf
    return {"x": x, "missing": "pair"}


@_series.case
def large_epsilon(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(50, 4)) * [0.1, 1.0, 10.0, 100.0], "epsilon": 40.0}


@_series.case
def gaps_across_tiles(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e6 + rng.normal(size=(5000, 3))
    x[100:2900, 0], x[:4000, 1], x[::3, 2] = np.nan, np.nan, np.nan
    return {"x": x}


_series.add_scaled("x", draw=lambda rng: {**_autoregressive(rng, 40), "epsilon": 0.0})


@_series.mistake("center")
def unknown_centre(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "center": "mode"}


@_series.mistake("missing")
def unknown_missing(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "missing": "skip"}


@_series.mistake("epsilon")
def negative_epsilon(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "epsilon": -1e-9}


def _assert_models(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """Centres agree, and coefficients as far as values that are rounded at the size of their column tell them."""
    np.testing.assert_allclose(actual[1], expected[1], rtol=rtol, atol=atol)
    for j in np.flatnonzero(~np.isclose(actual[0], expected[0], rtol, atol)):
        off, allowed = abs(actual[0][j] - expected[0][j]), _doubt(arguments, int(j), float(expected[1][j]))
        assert off <= allowed, f"column {j}: {actual[0][j]}, not {expected[0][j]}; off by {allowed} is allowed"


def _doubt(arguments: Mapping[str, Any], j: int, mu: float) -> float:
    """By how much rounding may change the coefficient of column `j`; without bound where it decides about `epsilon`."""
    column = np.asarray(arguments["x"][:, j], np.float64)
    finite = np.isfinite(column)
    values, epsilon = column[finite], arguments.get("epsilon", 1e-12)
    later, earlier = _pairs(np.where(finite, column - mu, 0.0), finite, arguments.get("missing", "drop"))
    rounding = 64 * np.finfo(np.float64).eps * float(np.ptp(values))
    squares, sums = float((earlier**2).sum()), float(np.abs(later).sum() + np.abs(earlier).sum())
    if abs(squares - epsilon) <= rounding * sums:
        return np.inf
    return rounding * sums / squares


def _lag_sums_of_block(arguments: Arguments, _: Found) -> LagSums:
    return lag_sums(to_host(arguments["x"]), arguments["missing"] == "drop")


def _model_about_mean(total: LagSums, arguments: Arguments, _: Found) -> AR1:
    mean = total.sums / np.maximum(total.count, 1)
    return _model(total, mean, np.ldexp(np.ldexp(total.origin, -total.exponents) + mean, total.exponents), arguments)


def _model_about_median(total: tuple[Inside, LagSums], arguments: Arguments, found: Found) -> AR1:
    sums = total[1]
    medians = MEDIAN_READS[1].finish(total[0], arguments, found).values
    distance = np.ldexp(medians, -sums.exponents) - np.ldexp(sums.origin, -sums.exponents)
    return _model(sums, distance, medians, arguments)


def _model(total: LagSums, center: Any, mu: Any, arguments: Arguments) -> AR1:
    """From sums of differences from the origin, of which the centre is a distance away."""
    squares = total.squares - center * (2 * total.earlier - total.pairs * center)
    products = total.products - center * (total.earlier + total.later - total.pairs * center)
    enough = (total.count >= FEWEST) & (squares > np.ldexp(arguments["epsilon"], -2 * total.exponents))
    phi = np.where(enough, np.clip(products / np.where(enough, squares, 1.0), -LARGEST, LARGEST), 0.0)
    return AR1(phi, np.where(total.count > 0, mu, np.nan))


def _parts_by_centre(arguments: Arguments) -> Fold | Passes:
    sums = Fold(_lag_sums_of_block, lag_sums_merged, _model_about_mean)
    if arguments["center"] == "mean":
        return sums
    first, second = MEDIAN_READS
    return Passes((first, together((second, sums), _model_about_median)))


@operation(
    "n d -> d, d",
    work="n * d",
    nan="skip",
    samples=_series,
    agrees=_assert_models,
    options={"epsilon": real(minimum=0.0), "center": one_of(*get_args(Center)), "missing": one_of(*get_args(Gaps))},
    returns=AR1,
    parts=_parts_by_centre,
)
def ar1_coefficients(
    x: ArrayLike, *, epsilon: float = 1e-12, center: Center = "mean", missing: Gaps = "drop", backend: str | None = None
) -> AR1:
    """Coefficient and centre of each column's autoregression of the first order.

    With c = x - mu, phi is the sum of c[t] c[t-1] over the sum of c[t-1] squared, which leaves the last value out.

    Parameters
    ----------
    x : array of shape (n, d)
        Rows are steps in time. NaN and infinities are missing.
    epsilon : float, default 1e-12
        A column whose sum of squares is no more, in the squared units of `x`, has phi 0.
    center : {"mean", "median"}
        What mu is of the values that are not missing.
    missing : {"drop", "pair"}
        "drop" takes each value's predecessor to be the last value before it that is not missing; "pair" uses only
        values whose neighbour is not missing.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    phi : ndarray of shape (d,)
        From -0.999 to 0.999; 0 for fewer than 3 values.
    mu : ndarray of shape (d,)
        In the units of `x`; NaN for a column without values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `epsilon` is negative, or `center` or `missing` is another word.

    Notes
    -----
    Sums are counted in a unit of the column's size, so a coefficient is right for normal numbers of any size, with an
    `epsilon` of the size of their squares. It is as exact as the values are, rounded at the size of their column: where
    the last one is far from all others, which hardly differ, little is known.

    The conditional least squares of `statsmodels.tsa.ar_model.AutoReg` with one lag, its constant taken from `center`.

    Examples
    --------
    >>> ar1_coefficients([[4.0], [2.0], [1.0], [1.0]])
    AR1(phi=array([0.2]), mu=array([2.]))
    """
    phi, mu = np.zeros(x.shape[1]), np.full(x.shape[1], np.nan)
    medians, _ = median_mad(x)
    for j, column in enumerate(x.T):
        finite = np.isfinite(column)
        values = column[finite]
        if len(values) == 0:
            continue
        # Counted in a unit of which no value has as much as one, no difference and no square overflows.
        exponent = np.frexp(np.abs(values).max())[1]
        column, values = np.ldexp(column, -exponent), np.ldexp(values, -exponent)
        offset = values[0] if center == "mean" else np.ldexp(medians[j], -exponent)
        shift = (values - offset).mean() if center == "mean" else 0.0
        mu[j] = np.ldexp(offset + shift, exponent)
        later, earlier = _pairs(np.where(finite, (column - offset) - shift, 0.0), finite, missing)
        with np.errstate(over="ignore", under="ignore"):
            least = np.ldexp(epsilon, -2 * exponent)
        if len(values) >= FEWEST and (earlier**2).sum() > least:
            phi[j] = np.clip((later * earlier).sum() / (earlier**2).sum(), -LARGEST, LARGEST)
    return AR1(phi, mu)


def _pairs(centred: Any, finite: Any, missing: str) -> tuple[Any, Any]:
    """Values and their predecessors."""
    if missing == "drop":
        centred = centred[finite]
        return centred[1:], centred[:-1]
    both = finite[1:] & finite[:-1]
    return centred[1:][both], centred[:-1][both]


_modelled = Samples(
    lambda rng, n: {**_autoregressive(rng, n), "phi": rng.uniform(-1, 1, 50), "mu": rng.uniform(-100, 100, 50)}
)


def _with_model(draw: Any) -> Any:
    def modelled(rng: np.random.Generator) -> dict[str, Any]:
        x = draw(rng)["x"]
        return {"x": x, "phi": rng.uniform(-1, 1, x.shape[1]), "mu": x[0].copy()}

    return modelled


_modelled.cases.update((name, _with_model(draw)) for name, draw in gappy.cases.items())


@_modelled.case
def differences_beyond_all_numbers(rng: np.random.Generator) -> dict[str, Any]:
    """The residual is a number where the distance from the mean, or its prediction, is not."""
    x = np.array([[1.7e308, 1.2e308, 1.7e308], [1.7e308, 1.7e308, -1.7e308], [-1.0, 1e308, np.nan], [1e300, 0.0, 1.0]])
    return {"x": x, "phi": np.array([0.999, 1.5, -0.999]), "mu": np.array([-1.7e308, 0.0, 1.6e308])}


@_modelled.case
def model_of_nothing(rng: np.random.Generator) -> dict[str, Any]:
    """A column without values has no centre, so no residuals either; a value after a gap needs no coefficient."""
    x = rng.normal(size=(12, 4))
    x[3, 2] = np.nan
    return {"x": x, "phi": np.array([0.0, 0.5, np.nan, 0.9]), "mu": np.array([np.nan, 0.0, 0.0, np.inf])}


@_modelled.mistake("phi")
def coefficient_for_too_few_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(8, 3)), "phi": np.zeros(2), "mu": np.zeros(3)}


def _row_before(_: Arguments, row: int) -> int:
    return max(row - 1, 0)


@operation(
    "n d, d, d -> n d",
    work="n * d",
    nan="propagate",
    samples=_modelled,
    homogeneous="x, mu -> 1",
    parts=Halo(_row_before),
)
def ar1_residuals(x: ArrayLike, phi: ArrayLike, mu: ArrayLike, *, backend: str | None = None) -> np.ndarray[Any, Any]:
    """What each value differs by from its prediction mu + phi (x[t-1] - mu).

    Parameters
    ----------
    x : array of shape (n, d)
        Rows are steps in time. NaN and infinities are missing.
    phi, mu : arrays of shape (d,)
        The model, from `ar1_coefficients`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`. The first row and values after a missing one are predicted to be mu; missing values give
        NaN.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, or `phi` or `mu` is not one number a column.

    Notes
    -----
    The residuals of `statsmodels.tsa.ar_model.AutoReg`, with the first row predicted as well.

    Examples
    --------
    >>> ar1_residuals([[4.0], [2.0], [1.0], [1.0]], [0.5], [2.0]).T
    array([[ 2. , -1. , -1. , -0.5]])
    """
    finite = np.isfinite(x)
    # By eighths where need be: a difference, or its prediction, may be infinite where the residual is a number.
    part = 1 if (np.abs(mu) < 2.0**900).all() and (np.abs(phi) <= 1).all() else 8
    values, center = (x / part, mu / part) if part > 1 else (x, mu)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        deviations = np.where(finite, values - center, np.nan)
        predicted = np.zeros_like(x)
        predicted[1:] = np.where(finite[:-1], phi * deviations[:-1], 0.0)
        residuals: Any = deviations - predicted
        return residuals * part if part > 1 else residuals
