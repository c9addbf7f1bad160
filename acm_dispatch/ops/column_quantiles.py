"""Quantiles of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike, as_array
from ..contract.options import drawn_by, expects, one_of
from ..contract.samples import Samples
from ..errors import InvalidInput, shown
from ..execution.operation import operation
from .missing import MISSING, columns, is_missing, sensors

QUARTERS = (0.25, 0.5, 0.75)


@expects("numbers from 0 to 1, however many")
@drawn_by(
    lambda rng, dims: tuple(
        rng.choice([0.0, 0.25, 0.5, 0.99, 1.0, rng.random()], rng.choice([0, 1, 2, 7, 40])).tolist()
    )
)
def probabilities(operation: str, argument: str, value: Any) -> tuple[float, ...]:
    """Numbers from 0 to 1, in a form that can be compared."""
    numbers = as_array(operation, argument, value)
    if numbers.dtype.kind not in "iuf":
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected numbers from 0 to 1")
    if numbers.ndim != 1:
        raise InvalidInput(operation, argument, f"has {numbers.ndim} dimensions; expected one")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected numbers from 0 to 1")
    return tuple(numbers.astype(np.float64).tolist())


def _quarters(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**sensors(rng, n), "q": QUARTERS}


_levels = Samples(_quarters)
_levels.cases.update(
    (name, lambda rng, draw=draw: {**draw(rng), "q": (0.1, 0.5, 0.5, 0.99)}) for name, draw in columns.cases.items()
)


@_levels.case
def one_quantile(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 300), "q": (0.37,)}


@_levels.case
def no_quantile(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 30), "q": ()}


@_levels.case
def unsorted_and_repeated(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 2000), "q": (0.99, 0.01, 0.5, 0.01, 1.0, 0.0)}


@_levels.case
def many_quantiles(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3000, 3)), "q": tuple(np.linspace(0, 1, 101))}


@_levels.case
def extremes(rng: np.random.Generator) -> dict[str, Any]:
    return {**columns.cases["infinities_are_numbers"](rng), "q": (0.0, 1.0)}


@_levels.case
def lower(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "lower"}


@_levels.case
def higher(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "higher"}


@_levels.case
def midpoint(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "midpoint"}


@_levels.case
def nearest(rng: np.random.Generator) -> dict[str, Any]:
    """Half-way places, too, which go to the even one."""
    return {"x": rng.normal(size=(1203, 5)), "q": (0.25, 0.75, 0.5, 0.3), "method": "nearest"}


@_levels.case
def long_columns(rng: np.random.Generator) -> dict[str, Any]:
    """More rows than a kernel may want to hold, with ties."""
    return {"x": rng.normal(size=(50_000, 2)).round(2), "q": (0.001, 0.5, 0.9)}


@_levels.mistake("q")
def q_beyond_one(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (0.5, 1.1)}


@_levels.mistake("q")
def q_negative(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (-0.1,)}


@_levels.mistake("q")
def q_nan(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (np.nan,)}


@_levels.mistake("q")
def q_not_numbers(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": "median"}


@_levels.mistake("method")
def unknown_method(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 8), "method": "hazen"}


@_levels.mistake("missing")
def unknown_missing(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 8), "missing": "none"}


@operation(
    "n d -> len(q) d",
    work="n * d * bool(q)",
    nan="skip",
    samples=_levels,
    options={
        "q": probabilities,
        "method": one_of("linear", "lower", "higher", "midpoint", "nearest"),
        "missing": MISSING,
    },
    homogeneous="x -> 1",
)
def column_quantiles(
    x: ArrayLike,
    q: ArrayLike,
    *,
    method: str = "linear",
    missing: str = "nonfinite",
    backend: str | None = None,
) -> np.ndarray[Any, Any]:
    """Quantiles of each column's values that are not missing.

    Parameters
    ----------
    x : array of shape (n, d)
    q : sequence of k numbers
        From 0 to 1, in any order.
    method : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to take where a quantile lies between two values: in proportion, the lower one, the higher one, their
        mean, or the nearer one (of two equally near, the one of even rank).
    missing : {"nonfinite", "nan"}
        What is left out: NaN and infinities, or NaN only.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (k, d)
        In the units of `x`; NaN for a column without values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `q` are not numbers from 0 to 1, or an option is another word.

    Notes
    -----
    Follows `numpy.quantile` of each column's values. Between an infinity and a number it gives the infinity, between
    the two infinities NaN.

    Examples
    --------
    >>> column_quantiles([[1.0], [2.0], [4.0], [float("nan")]], [0.5, 0.75])
    array([[2.],
           [3.]])
    """
    found = np.full((len(q), x.shape[1]), np.nan)
    for j, column in enumerate(x.T):
        values = np.sort(column[~is_missing(column, missing)])
        if len(values):
            low, high, share = places(np.asarray(q), len(values), method)
            found[:, j] = between(values[low], values[high], share)
    return found


def places(q: Any, count: Any, method: str) -> tuple[Any, Any, Any]:
    """The ranks on either side of each quantile of `count` values, and how far it lies from the first of them."""
    place = (count - 1) * q
    low, high = np.floor(place).astype(np.int64), np.ceil(place).astype(np.int64)
    if method == "linear":
        return low, high, place - low
    if method == "midpoint":
        return low, high, np.where(low == high, 0.0, 0.5)
    rank = {"lower": low, "higher": high, "nearest": np.round(place).astype(np.int64)}[method]
    return rank, rank, np.zeros(place.shape)


def between(low: Any, high: Any, share: Any) -> Any:
    """The number that far from `low` to `high`; no sum or difference of the two is taken, which could overflow."""
    with np.errstate(invalid="ignore"):
        return np.where((low == high) | (share == 0), low, low * (1 - share) + high * share)


@numpy_backend.kernel("column_quantiles")
def _by_sorting_all_columns(x: Any, q: Any, method: str, missing: str) -> Any:
    """NumPy sorts NaN behind the numbers."""
    rows = x.T.copy()
    rows[is_missing(rows, missing)] = np.nan
    rows.sort(axis=1)
    count = (~np.isnan(rows)).sum(axis=1)
    low, high, share = places(np.asarray(q), np.maximum(count, 1)[:, None], method)
    low, high = (np.take_along_axis(rows, rank, axis=1).astype(np.float64) for rank in (low, high))
    return between(low, high, share).T.astype(x.dtype, order="C")
