"""Order statistics of the window that ends at each row: median, its deviation, and the extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.options import real
from ..contract.samples import Samples
from . import doubling
from .doubling import on_numpy
from .missing import gappy
from .robust_stats import middles
from .windows import over_windows, rolling, windowed

_ordered = Samples(windowed.typical, windowed)


@_ordered.case
def opposite_ends(rng: np.random.Generator) -> dict[str, Any]:
    """Their distance from each other is no number; half of it is."""
    return {"x": rng.choice([1.7e308, -1.7e308, 1e308, -1.2e308, 0.0], size=(50, 3)), "window": 6, "min_periods": 2}


@_ordered.case
def sorted_columns(rng: np.random.Generator) -> dict[str, Any]:
    """Values that always enter and leave at the ends."""
    return {**gappy.cases["sorted_columns"](rng), "window": 25}


@_ordered.case
def both_zeros(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.choice([0.0, -0.0, 1.0, -1.0], size=(60, 3)), "window": 5, "min_periods": 1}


@rolling(_ordered, homogeneous="x -> 1")
def rolling_min(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Least value of the window that ends at each row, column by column.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows that a result is made of: its own and those before it.
    min_periods : int, optional
        Fewest values that give a result; by default `window`. NaN and infinities are no values.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`; NaN where the window has too few values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`.

    Examples
    --------
    >>> rolling_min([[1.0], [2.0], [3.0], [0.0]], 2).T
    array([[nan,  1.,  2.,  0.]])
    """
    return over_windows(x, window, min_periods, lambda values: np.fmin.reduce(values, axis=2))


numpy_backend.kernel("rolling_min")(on_numpy(doubling.rolling_min))


@rolling(_ordered, homogeneous="x -> 1")
def rolling_max(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Greatest value of the window that ends at each row, column by column.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows that a result is made of: its own and those before it.
    min_periods : int, optional
        Fewest values that give a result; by default `window`. NaN and infinities are no values.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`; NaN where the window has too few values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`.

    Examples
    --------
    >>> rolling_max([[1.0], [2.0], [3.0], [0.0]], 2).T
    array([[nan,  2.,  3.,  3.]])
    """
    return over_windows(x, window, min_periods, lambda values: np.fmax.reduce(values, axis=2))


numpy_backend.kernel("rolling_max")(on_numpy(doubling.rolling_max))


@rolling(_ordered, work="n * d * min(n, window)", homogeneous="x -> 1")
def rolling_median(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Median of the window that ends at each row, column by column.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows that a result is made of: its own and those before it.
    min_periods : int, optional
        Fewest values that give a result; by default `window`. NaN and infinities are no values.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`; NaN where the window has too few values. The median of an even count is
        the mean of the two middle values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`.

    Examples
    --------
    >>> rolling_median([[1.0], [9.0], [2.0], [3.0]], 3, min_periods=2).T
    array([[nan,  5.,  2.,  3.]])
    """
    return over_windows(x, window, min_periods, _medians)


def _medians(values: Any) -> Any:
    rows = values.reshape(-1, values.shape[2]).copy()
    return middles(rows, (~np.isnan(rows)).sum(axis=1)).reshape(values.shape[:2])


_scaled = Samples(_ordered.typical, _ordered)


@_scaled.case
def like_a_deviation(rng: np.random.Generator) -> dict[str, Any]:
    return {**windowed.typical(rng, 100), "window": 9, "scale": 1.4826, "min_periods": 3}


@_scaled.case
def part_of_a_distance(rng: np.random.Generator) -> dict[str, Any]:
    """A tenth of a distance is a number where the distance is none."""
    return {**opposite_ends(rng), "scale": 0.1}


@_scaled.mistake("scale")
def infinite_scale(rng: np.random.Generator) -> dict[str, Any]:
    return {**windowed.typical(rng, 8), "scale": np.inf}


@rolling(_scaled, work="n * d * min(n, window)", scale=real(), homogeneous="x -> 1")
def rolling_mad(
    x: ArrayLike, window: int, *, scale: float = 1.0, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Scaled median absolute deviation from the median of the window that ends at each row, column by column.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows that a result is made of: its own and those before it.
    scale : float, default 1.0
        Factor of the deviation; 1.4826 makes it estimate the standard deviation of normal data.
    min_periods : int, optional
        Fewest values that give a result; by default `window`. NaN and infinities are no values.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`; NaN where the window has too few values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, `scale` is not finite, or `min_periods` is negative or
        more than `window`.

    Notes
    -----
    The deviation of each window from its own median, as `scipy.stats.median_abs_deviation` takes it.

    Examples
    --------
    >>> rolling_mad([[1.0], [2.0], [9.0], [3.0]], 3).T
    array([[nan, nan,  1.,  1.]])
    """

    def statistic(values: Any) -> Any:
        # By halves: the distance of two numbers may be larger than all numbers.
        return scale * _medians(np.abs(values / 2 - _medians(values)[:, :, None] / 2)) * 2

    return over_windows(x, window, min_periods, statistic)
