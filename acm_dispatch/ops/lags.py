"""Each row next to those before it."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.options import boolean, integer, one_of
from ..contract.parts import Arguments, Halo
from ..contract.samples import Samples
from ..execution.operation import operation
from .missing import sensors

#: What stands together in a row: all lags of a column, or all columns of a lag.
Order = Literal["column", "lag"]


def _lagged_sensors(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**sensors(rng, n), "max_lag": 3}


_lagged = Samples(_lagged_sensors)


@_lagged.case
def by_lag(rng: np.random.Generator) -> dict[str, Any]:
    return {**_lagged_sensors(rng, 300), "order": "lag"}


@_lagged.case
def past_only(rng: np.random.Generator) -> dict[str, Any]:
    return {**_lagged_sensors(rng, 300), "include_current": False}


@_lagged.case
def past_only_by_lag(rng: np.random.Generator) -> dict[str, Any]:
    return {**past_only(rng), "order": "lag"}


@_lagged.case
def many_lags(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 700), "max_lag": 10}


@_lagged.case
def few_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Fewer columns than a kernel takes at once, and infinities, which are values."""
    x = rng.normal(size=(2000, 3))
    x[::50, 1] = np.inf
    return {"x": x, "max_lag": 6}


@_lagged.case
def few_columns_two_lags(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(50, 2)), "max_lag": 1}


@_lagged.case
def no_lag(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 40), "max_lag": 0}


@_lagged.case
def nothing_at_all(rng: np.random.Generator) -> dict[str, Any]:
    return {**no_lag(rng), "include_current": False}


@_lagged.case
def more_lags_than_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 4)), "max_lag": 9}


@_lagged.case
def more_lags_than_rows_by_lag(rng: np.random.Generator) -> dict[str, Any]:
    return {**more_lags_than_rows(rng), "order": "lag", "include_current": False}


@_lagged.mistake("max_lag")
def negative_lag(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "max_lag": -1}


@_lagged.mistake("max_lag")
def lag_not_whole(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "max_lag": 1.5}


@_lagged.mistake("order")
def unknown_order(rng: np.random.Generator) -> dict[str, Any]:
    return {**_lagged_sensors(rng, 8), "order": "row"}


@_lagged.mistake("include_current")
def current_neither_true_nor_false(rng: np.random.Generator) -> dict[str, Any]:
    return {**_lagged_sensors(rng, 8), "include_current": "no"}


def _first_lagged(arguments: Arguments, row: int) -> int:
    return max(row - arguments["max_lag"], 0)


@operation(
    "n d -> n d*(max_lag+include_current)",
    work="n * d * (max_lag + include_current)",
    nan="propagate",
    samples=_lagged,
    options={"max_lag": integer(minimum=0), "include_current": boolean, "order": one_of(*get_args(Order))},
    homogeneous="x -> 1",
    parts=Halo(_first_lagged),
)
def lagged_features(
    x: ArrayLike,
    max_lag: int,
    *,
    include_current: bool = True,
    order: Order = "column",
    backend: str | None = None,
) -> np.ndarray[Any, Any]:
    """Each row next to the `max_lag` rows before it.

    Parameters
    ----------
    x : array of shape (n, d)
    max_lag : int
        In rows, at least 0; may exceed n.
    include_current : bool, default True
        Whether lag 0, the row itself, comes first.
    order : {"column", "lag"}
        "column": all lags of column 0, then all of column 1; "lag": all columns of the least lag, then of the next.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d * lags)
        In the units of `x`. NaN where a lag reaches back beyond the first row. `lags` is `max_lag`, plus 1 with the
        current row.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `max_lag` is negative, or an option is another word.

    Notes
    -----
    Follows `pandas.DataFrame.shift`, once for each lag.

    Examples
    --------
    >>> lagged_features([[1.0, 10.0], [2.0, 20.0]], 1)
    array([[ 1., nan, 10., nan],
           [ 2.,  1., 20., 10.]])
    >>> lagged_features([[1.0, 10.0], [2.0, 20.0]], 1, order="lag")
    array([[ 1., 10., nan, nan],
           [ 2., 20.,  1., 10.]])
    """
    n, d = x.shape
    lags = range(0 if include_current else 1, max_lag + 1)
    features = np.full((n, d, len(lags)) if order == "column" else (n, len(lags), d), np.nan, x.dtype)
    for i, lag in enumerate(lags[:n]):
        place = features[:, :, i] if order == "column" else features[:, i]
        place[lag:] = x[: n - lag]
    return features.reshape(n, d * len(lags))
