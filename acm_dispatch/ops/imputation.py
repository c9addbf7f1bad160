"""Gaps filled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.arrays import ArrayLike
from ..contract.options import integer, optional
from ..contract.parts import Arguments, Found, Passes, Rows, Scan
from ..contract.samples import Samples
from ..execution.operation import operation
from .brackets import MEDIAN_READS
from .missing import MISSING, Missing, columns, gappy, is_missing, sensors
from .robust_stats import median_mad

_gaps = Samples(sensors, columns)


@_gaps.case
def given_fill(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 120), "fill": rng.normal(size=50)}


@_gaps.case
def given_fill_with_nan(rng: np.random.Generator) -> dict[str, Any]:
    """A fill of NaN leaves its column's gaps, and makes NaN of its infinities."""
    return {**infinite_gaps(rng), "fill": np.array([0.0, np.nan, np.inf, -1.0, 2.0])}


@_gaps.case
def given_fill_of_dead_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {**columns.cases["dead_columns"](rng), "fill": np.arange(4.0)}


def infinite_gaps(rng: np.random.Generator) -> dict[str, Any]:
    """Infinities among the gaps."""
    return dict(columns.cases["infinities"](rng))


@_gaps.mistake("fill")
def fill_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "fill": np.zeros(3)}


def _filled_with_medians(arguments: Arguments, found: Found, _: int) -> Any:
    x = arguments["x"]
    medians = to_device_of(x, found[1].values)
    return impute(**{**arguments, "fill": medians.astype(x.dtype if x.dtype.kind == "f" else medians.dtype)})


def _parts_by_fill(arguments: Arguments) -> Rows | Passes:
    return Passes(MEDIAN_READS, Rows(_filled_with_medians)) if arguments["fill"] is None else Rows()


@operation(
    "n d, [d] -> n d",
    work="n * d",
    nan="replace",
    samples=_gaps,
    options={"missing": MISSING},
    homogeneous="x, fill -> 1",
    parts=_parts_by_fill,
)
def impute(
    x: ArrayLike, fill: ArrayLike | None = None, *, missing: Missing = "nonfinite", backend: str | None = None
) -> np.ndarray[Any, Any]:
    """`x` with each missing value replaced by its column's `fill`.

    Parameters
    ----------
    x : array of shape (n, d)
    fill : array of shape (d,), optional
        By default the median of each column's values that are not missing; a column without any becomes NaN.
    missing : {"nonfinite", "nan"}
        What is replaced: NaN and infinities, or NaN only.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `fill` is not one number a column, or `missing` is another word.

    Notes
    -----
    Follows `sklearn.impute.SimpleImputer(strategy="median")`, which drops columns without values where this keeps them.

    Examples
    --------
    >>> impute([[1.0, float("nan")], [3.0, 5.0], [float("inf"), 7.0]])
    array([[1., 6.],
           [3., 5.],
           [2., 7.]])
    """
    if fill is None:
        fill, _ = median_mad(x, missing=missing)
    filled: Any = np.where(is_missing(x, missing), fill, x)
    return filled


_runs = Samples(sensors, gappy)


@_runs.case
def long_gaps(rng: np.random.Generator) -> dict[str, Any]:
    """Beyond any block of rows that a kernel works on, at the start, in the middle, and at the end."""
    x = rng.normal(size=(25_000, 3))
    x[:23_000, 0], x[1_000:24_000, 1], x[2_000:, 2] = np.nan, np.nan, np.nan
    return {"x": x}


@_runs.case
def limited(rng: np.random.Generator) -> dict[str, Any]:
    """Gaps of up to 9 rows, of which 3 are filled."""
    x = rng.normal(size=(400, 4)).repeat(rng.integers(1, 10, size=400), axis=0)
    x[rng.random(len(x)) < 0.7] = np.nan
    return {"x": x, "limit": 3}


@_runs.case
def limit_across_blocks(rng: np.random.Generator) -> dict[str, Any]:
    return {**long_gaps(rng), "limit": 12_000}


@_runs.case
def limit_of_one(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 120), "limit": 1}


@_runs.case
def limit_beyond_the_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 30), "limit": 10**12}


@_runs.mistake("limit")
def limit_of_nothing(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "limit": 0}


@_runs.mistake("limit")
def limit_not_whole(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "limit": 1.5}


_LIMIT = {"limit": optional(integer(minimum=1))}


class _LastValues(NamedTuple):
    """The last value of each column, NaN if there is none, and how many rows come after it: all, then."""

    values: Any
    age: Any


def _last_values(x: Any) -> _LastValues:
    is_value = ~np.isnan(x)
    age = to_host(is_value[::-1].argmax(axis=0)) if len(x) else np.zeros(x.shape[1], np.int64)
    none = ~to_host(is_value.any(axis=0))
    age[none] = len(x)
    values = np.full(x.shape[1], np.nan, x.dtype)
    values[~none] = to_host(x[len(x) - 1 - age[~none], np.flatnonzero(~none)])
    return _LastValues(values, age)


def _last_joined(earlier: _LastValues, later: _LastValues) -> _LastValues:
    none = np.isnan(later.values)
    return _LastValues(np.where(none, earlier.values, later.values), np.where(none, later.age + earlier.age, later.age))


def _fill_first_gaps(filled: Any, x: Any, before: _LastValues, limit: int | None) -> None:
    """Fill the gaps at the head of `x`, in place, with values that came before."""
    if len(x) == 0:
        return
    is_value = ~np.isnan(x)
    gap = np.where(to_host(is_value.any(axis=0)), to_host(is_value.argmax(axis=0)), len(x))
    rows = gap if limit is None else np.clip(limit - before.age, 0, gap)
    longest = int(rows.max(initial=0))
    inside = to_device_of(x, np.arange(longest)[:, None] < rows)
    filled[:longest] = np.where(inside, to_device_of(x, before.values), filled[:longest])


def _state_forward(arguments: Arguments) -> _LastValues:
    return _last_values(arguments["x"])


def _filled_forward(arguments: Arguments, before: _LastValues | None) -> Any:
    filled = ffill(**arguments)
    if before is not None:
        _fill_first_gaps(filled, arguments["x"], before, arguments["limit"])
    return filled


def _state_backward(arguments: Arguments) -> _LastValues:
    return _last_values(arguments["x"][::-1])


def _filled_backward(arguments: Arguments, after: _LastValues | None) -> Any:
    filled = bfill(**arguments)
    if after is not None:
        _fill_first_gaps(filled[::-1], arguments["x"][::-1], after, arguments["limit"])
    return filled


@operation(
    "n d -> n d",
    work="n * d",
    nan="replace",
    samples=_runs,
    options=_LIMIT,
    homogeneous="x -> 1",
    parts=Scan(_state_forward, _last_joined, _filled_forward),
)
def ffill(x: ArrayLike, *, limit: int | None = None, backend: str | None = None) -> np.ndarray[Any, Any]:
    """`x` with each NaN replaced by the last value before it in its column.

    Parameters
    ----------
    x : array of shape (n, d)
    limit : int, optional
        Rows of a gap to fill, from its start; at least 1.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        NaN stays where no value comes before it. Infinities are values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or `limit` not a whole number of at least 1.

    Notes
    -----
    Follows `pandas.DataFrame.ffill`.

    Examples
    --------
    >>> ffill([[1.0, float("nan")], [float("nan"), 5.0], [float("nan"), 6.0]], limit=1)
    array([[ 1., nan],
           [ 1.,  5.],
           [nan,  6.]])
    """
    filled = x.copy()
    age = np.zeros(x.shape[1])
    for i in range(1, len(x)):
        gap = np.isnan(x[i])
        age = np.where(gap, age + 1, 0)
        fill = gap if limit is None else gap & (age <= limit)
        filled[i, fill] = filled[i - 1, fill]
    return filled


@operation(
    "n d -> n d",
    work="n * d",
    nan="replace",
    samples=_runs,
    options=_LIMIT,
    homogeneous="x -> 1",
    parts=Scan(_state_backward, _last_joined, _filled_backward, backwards=True),
)
def bfill(x: ArrayLike, *, limit: int | None = None, backend: str | None = None) -> np.ndarray[Any, Any]:
    """`x` with each NaN replaced by the next value after it in its column.

    Parameters
    ----------
    x : array of shape (n, d)
    limit : int, optional
        Rows of a gap to fill, from its end; at least 1.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        NaN stays where no value comes after it. Infinities are values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix or `limit` not a whole number of at least 1.

    Notes
    -----
    Follows `pandas.DataFrame.bfill`.

    Examples
    --------
    >>> bfill([[1.0, float("nan")], [float("nan"), 5.0], [3.0, float("nan")]])
    array([[ 1.,  5.],
           [ 3.,  5.],
           [ 3., nan]])
    """
    filled: Any = ffill.reference(x[::-1], limit=limit)[::-1].copy()
    return filled
