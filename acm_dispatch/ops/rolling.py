"""Location, spread, shape, trend and order statistics of the window that ends at each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.options import integer, real
from ..contract.samples import Samples
from .missing import gappy
from .windows import over_windows, rolling, windowed


@rolling(homogeneous="x -> 1")
def rolling_mean(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Mean of the window that ends at each row, column by column.

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
    Follows `pandas.DataFrame.rolling`, without the drift of its running sums. A result is as exact as the largest
    number in its window: next to a 1e12, ones keep four decimals.

    Examples
    --------
    >>> rolling_mean([[1.0], [2.0], [float("nan")], [6.0]], 2, min_periods=1).T
    array([[1. , 1.5, 2. , 6. ]])
    """
    return over_windows(x, window, min_periods, lambda values: _deviations(values)[1], degree=1)


def _deviations(values: Any) -> tuple[Any, Any, Any]:
    """How many values each window has, their mean, and their distances from it: 0 where missing.

    Everything is taken of differences from a value of the window, so that an offset costs no digits and a constant
    window has distances of exactly 0.
    """
    present = ~np.isnan(values)
    count = present.sum(axis=2)
    least = np.fmin.reduce(values, axis=2)
    above = np.where(present, values - least[:, :, None], 0.0)
    mean = above.sum(axis=2) / count
    return count, least + mean, np.where(present, above - mean[:, :, None], 0.0)


_with_freedom = Samples(windowed.typical, windowed)


@_with_freedom.case
def population(rng: np.random.Generator) -> dict[str, Any]:
    return {**windowed.typical(rng, 80), "ddof": 0, "min_periods": 1}


@_with_freedom.case
def fewer_values_than_ddof(rng: np.random.Generator) -> dict[str, Any]:
    return {**windowed.typical(rng, 30), "window": 4, "ddof": 3, "min_periods": 1}


@_with_freedom.mistake("ddof")
def negative_ddof(rng: np.random.Generator) -> dict[str, Any]:
    return {**windowed.typical(rng, 8), "ddof": -1}


@rolling(_with_freedom, homogeneous="x -> 1", ddof=integer(minimum=0))
def rolling_std(
    x: ArrayLike, window: int, *, ddof: int = 1, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Standard deviation of the window that ends at each row, column by column.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows that a result is made of: its own and those before it.
    ddof : int, default 1
        The sum of squares is divided by count - `ddof`.
    min_periods : int, optional
        Fewest values that give a result; by default `window`. NaN and infinities are no values.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        In the units of `x`; NaN where the window has too few values, or no more than
        `ddof`. Exactly 0 where all values are equal.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, `ddof` is negative, or `min_periods` is negative or more
        than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`, without the drift of its running sums.

    Examples
    --------
    >>> rolling_std([[1.0], [3.0], [3.0]], 2, ddof=0).T
    array([[nan,  1.,  0.]])
    """

    def statistic(values: Any) -> Any:
        count, _, distances = _deviations(values)
        return np.sqrt((distances**2).sum(axis=2) / np.where(count > ddof, count - ddof, np.nan))

    return over_windows(x, window, min_periods, statistic, degree=1)


@rolling(homogeneous="x -> 0")
def rolling_skew(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Skewness of the window that ends at each row, column by column, corrected for bias.

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
        Without unit; NaN where the window has too few values or fewer than 3, and where all are
        equal.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`, without the drift of its running sums. Where nearly all values are equal, it has
    the digits in which they differ.

    Examples
    --------
    >>> rolling_skew([[0.0], [0.0], [3.0], [3.0]], 3).round(3).T
    array([[   nan,    nan,  1.732, -1.732]])
    """

    def statistic(values: Any) -> Any:
        count, _, distances = _deviations(values)
        squares = distances * distances
        squares, cubes = squares.sum(axis=2), (squares * distances).sum(axis=2)
        correction = count * np.sqrt(count - 1.0) / np.where(count > 2, count - 2, np.nan)
        return correction * cubes / squares**1.5

    return over_windows(x, window, min_periods, statistic, degree=0)


@rolling(homogeneous="x -> 0")
def rolling_kurt(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Excess kurtosis of the window that ends at each row, column by column, corrected for bias.

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
        Without unit, 0 for normal data; NaN where the window has too few values or fewer than 4,
        and where all are equal.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    Follows `pandas.DataFrame.rolling`, without the drift of its running sums, which can exceed the result.

    Examples
    --------
    >>> rolling_kurt([[0.0], [0.0], [0.0], [3.0], [3.0]], 4).round(3).T
    array([[nan, nan, nan,  4., -6.]])
    """

    def statistic(values: Any) -> Any:
        count, _, distances = _deviations(values)
        squares = distances * distances
        squares, fourths = squares.sum(axis=2), (squares * squares).sum(axis=2)
        freedom = np.where(count > 3, (count - 2.0) * (count - 3.0), np.nan)
        return (count - 1.0) / freedom * (count * (count + 1.0) * fourths / squares**2 - 3 * (count - 1.0))

    return over_windows(x, window, min_periods, statistic, degree=0)


def _assert_slopes(
    actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float, arguments: Mapping[str, Any]
) -> None:
    """Slopes agree relative to the distances in their windows, too: a large value weighs nothing in the middle of one,
    and yet is rounded in sums.
    """
    slopes, wanted = actual[0], expected[0]
    with np.errstate(all="ignore"):
        distances = _largest_distances(arguments["x"], arguments["window"])
        allowed = rtol * np.abs(wanted) + atol + 64 * np.finfo(np.float64).eps * distances
        close = (np.abs(slopes - wanted) <= allowed) | (slopes == wanted) | (np.isnan(slopes) & np.isnan(wanted))
    assert close.all(), f"slopes {slopes[~close][:5]} instead of {wanted[~close][:5]}, {allowed[~close][:5]} allowed"


def _largest_distances(x: Any, window: int) -> Any:
    """Between values of the window that ends at each row; 0 where it has none."""
    from scipy.ndimage import maximum_filter1d

    finite, rows = np.isfinite(x), len(x)
    if x.size == 0:
        return np.zeros(x.shape)
    window = min(window, rows)
    ends = []
    for sign in (0.5, -0.5):  # halves, whose distance does not overflow
        values = np.concatenate([np.full((window - 1, x.shape[1]), -np.inf), np.where(finite, sign * x, -np.inf)])
        # Centred windows, so those that begin at a row of `values`, and end at that row of `x`, are found further down.
        ends.append(maximum_filter1d(values, window, axis=0)[window // 2 :][:rows])
    return np.where(np.isinf(ends[0]), 0.0, 2.0 * (ends[0] + ends[1]))


@rolling(homogeneous="x -> 1", agrees=_assert_slopes)
def rolling_slope(
    x: ArrayLike, window: int, *, min_periods: int | None = None, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Slope of the straight line through the window that ends at each row, column by column.

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
        In the units of `x` per row; NaN where the window has too few values or fewer than 2.
        Exactly 0 where all values are equal.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `window` is less than 1, or `min_periods` is negative or more than `window`.

    Notes
    -----
    The line of least squares, with the row's place in the window as abscissa; missing values are left out with their
    places. A slope is as exact as the largest distance between values of its window: next to a 1e12, that of ones keeps
    four decimals.

    Examples
    --------
    >>> rolling_slope([[1.0], [3.0], [float("nan")], [7.0]], 3, min_periods=2).T
    array([[nan,  2.,  2.,  2.]])
    """

    def statistic(values: Any) -> Any:
        count, _, distances = _deviations(values)
        present = ~np.isnan(values)
        time = np.arange(values.shape[2], dtype=np.float64)
        mean_time = (present * time).sum(axis=2) / count
        elapsed = np.where(present, time - mean_time[:, :, None], 0.0)
        return (elapsed * distances).sum(axis=2) / np.where(count > 1, (elapsed**2).sum(axis=2), np.nan)

    return over_windows(x, window, min_periods, statistic, degree=1)


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
    """The mean of the two middle values of each window, by halves where they differ, so that it cannot overflow."""
    ordered = np.sort(values, axis=2)  # NaN, which stands for missing, comes last
    count = (~np.isnan(values)).sum(axis=2)[:, :, None]
    low, high = (np.take_along_axis(ordered, np.maximum(place, 0), axis=2) for place in ((count - 1) // 2, count // 2))
    return np.where(low == high, low, low / 2 + high / 2)[:, :, 0]


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
