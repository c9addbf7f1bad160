"""Location and spread that outliers do not move."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.arrays import ArrayLike
from ..contract.options import real
from ..contract.parts import Arguments, Found, Passes
from ..contract.samples import Samples
from ..execution.operation import operation
from .brackets import DEVIATION_READS, MEDIAN_READS, Inside
from .missing import MISSING, Missing, columns, is_missing, sensors

#: Makes the MAD of normal data estimate its standard deviation.
NORMAL_CONSISTENCY = 1.4826

_columns = Samples(sensors, columns)


@_columns.case
def raw_deviation(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 200), "scale": 1.0}


@_columns.case
def distances_beyond_all_numbers(rng: np.random.Generator) -> dict[str, Any]:
    """The median distance is a number, or a tenth of it is."""
    x = np.array([[1.7e308, 1.7e308], [-1.7e308, -1.7e308], [1.7e308, -1.7e308], [1.6e308, 1.7e308], [1e308, -1.6e308]])
    return {"x": x, "scale": 0.1}


@_columns.mistake("scale")
def infinite_scale(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "scale": np.inf}


def _scaled_deviations(total: Inside, arguments: Arguments, found: Found) -> tuple[Any, Any]:
    medians, halves = DEVIATION_READS[-1].finish(total, arguments, found)
    return medians, arguments["scale"] * halves * 2


@operation(
    "n d -> d, d",
    work="n * d",
    nan="skip",
    samples=_columns,
    options={"scale": real(), "missing": MISSING},
    parts=Passes((*MEDIAN_READS, DEVIATION_READS[-1]._replace(finish=_scaled_deviations))),
    homogeneous="x -> 1, 1",
)
def column_median_mad(
    x: ArrayLike, *, scale: float = NORMAL_CONSISTENCY, missing: Missing = "nonfinite", backend: str | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Median and scaled median absolute deviation of each column's values that are not missing.

    Parameters
    ----------
    x : array of shape (n, d)
    scale : float, default 1.4826
        Factor of the deviation; 1.4826 makes it estimate the standard deviation of normal data, 1.0 gives it raw.
    missing : {"nonfinite", "nan"}
        What is left out: NaN and infinities, or NaN only.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    median, mad : ndarrays of shape (d,)
        In the units of `x`. The median of an even count is the mean of the two middle values. A column without values
        gives NaN; so does the deviation from an infinite median.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `scale` is not finite, or `missing` is another word.

    Notes
    -----
    Follows `scipy.stats.median_abs_deviation` with ``nan_policy="omit"``.

    Examples
    --------
    >>> column_median_mad([[1.0], [2.0], [4.0], [float("nan")]], scale=1.0)
    (array([2.]), array([1.]))
    """
    return median_mad(x, scale, missing)


def median_mad(x: Any, scale: float = NORMAL_CONSISTENCY, missing: str = "nonfinite") -> tuple[Any, Any]:
    """Column by column: the plain form, for the references that need it."""
    median, mad = np.full((2, x.shape[1]), np.nan)
    for j, column in enumerate(x.T):
        values = column[~is_missing(column, missing)]
        if len(values):
            median[j] = _median(values)
            # By halves: the distance of two numbers may be larger than all numbers.
            mad[j] = scale * _median(np.abs(values / 2 - median[j] / 2)) * 2
    return median, mad


def _median(values: Any) -> Any:
    """The mean of the two middle values by halves, which cannot overflow; NaN if any value is."""
    if np.isnan(values).any():
        return np.nan
    ordered = np.sort(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else low / 2 + high / 2
