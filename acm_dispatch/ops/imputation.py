"""Gaps filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import ArrayLike
from ..operation import operation
from ..samples import Samples
from .missing import MISSING, columns, is_missing, sensors
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


@operation("n d, [d] -> n d", work="n * d", nan="replace", samples=_gaps, options={"missing": MISSING})
def impute(
    x: ArrayLike, fill: ArrayLike | None = None, *, missing: str = "nonfinite", backend: str | None = None
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
