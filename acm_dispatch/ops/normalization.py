"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays import ArrayLike
from ..numpy_backend import numpy_backend
from ..operation import operation
from ..options import integer, one_of, optional, real
from ..samples import Samples
from .levels import levels_in_two_passes
from .missing import gappy, sensors
from .robust_stats import median_mad

_METHODS = one_of("standard", "robust")

_sensors = Samples(sensors, gappy)
del _sensors.cases["largest_numbers"]  # its variance is beyond float64


@_sensors.case
def robust(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 300), "method": "robust"}


@_sensors.case
def robust_of_quantised(rng: np.random.Generator) -> dict[str, Any]:
    return {**gappy.cases["quantised"](rng), "method": "robust"}


@_sensors.case
def given_centre_and_scale(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 150), "center": rng.normal(size=50), "scale": rng.uniform(-0.1, 2, size=50)}


@_sensors.case
def given_centre(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 150), "center": rng.normal(size=50), "ddof": 1}


@_sensors.case
def given_scale(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 150), "scale": rng.uniform(0, 2, size=50), "method": "robust"}


@_sensors.case
def clipped(rng: np.random.Generator) -> dict[str, Any]:
    """Clipping comes last and leaves infinities as missing as they were."""
    x = sensors(rng, 150)["x"]
    x[3, 0], x[4, 0] = np.inf, -np.inf
    return {"x": x, "clip": 1.5, "floor": 0.5}


@_sensors.case
def fewer_values_than_ddof(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(5, 3))
    x[2:, 0], x[1:, 1] = np.nan, np.nan
    return {"x": x, "ddof": 2}


@_sensors.mistake("center")
def centre_of_other_length(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "center": np.zeros(49)}


@_sensors.mistake("method")
def unknown_method(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "method": "minmax"}


@_sensors.mistake("floor")
def negative_floor(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "floor": -1.0}


@_sensors.mistake("clip")
def clip_to_nothing(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "clip": 0.0}


@operation(
    "n d, [d], [d] -> n d",
    work="n * d",
    nan="propagate",
    samples=_sensors,
    options={
        "method": _METHODS,
        "ddof": integer(minimum=0),
        "floor": real(minimum=0.0, exclusive=True),
        "clip": optional(real(minimum=0.0, exclusive=True)),
    },
)
def zscore(
    x: ArrayLike,
    center: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    *,
    method: str = "standard",
    ddof: int = 0,
    floor: float = 1e-6,
    clip: float | None = None,
    backend: str | None = None,
) -> np.ndarray[Any, Any]:
    """Each column as distances from its centre in units of its scale: (x - center) / max(scale, floor).

    Parameters
    ----------
    x : array of shape (n, d)
    center, scale : arrays of shape (d,), optional
        In the units of `x`. What is omitted is taken from the finite values of each column.
    method : {"standard", "robust"}
        Omitted centre and scale are mean and standard deviation, or median and 1.4826 x median absolute deviation.
    ddof : int, default 0
        The standard deviation divides by count - `ddof`.
    floor : float, default 1e-6
        Least scale, in the units of `x`, so that a constant column gives 0.
    clip : float, optional
        Results beyond +-`clip` become +-`clip`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (n, d)
        Without unit. NaN stays NaN and infinity stays infinite, clipped or not; a column with no more than `ddof`
        finite values is NaN where a standard deviation was to be taken.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `center` or `scale` is not one number a column, or an option is out of range.

    Notes
    -----
    Follows `scipy.stats.zscore` with ``nan_policy="omit"``, and `sklearn.preprocessing.RobustScaler` in spirit. Mean
    and variance are taken of differences from a value of the column, so an offset costs no digits.

    Examples
    --------
    >>> zscore([[1.0], [2.0], [3.0]], method="robust", clip=0.5)
    array([[-0.5],
           [ 0. ],
           [ 0.5]])
    """
    offset, own_center, own_scale = _robust(x) if method == "robust" else _standard(x, ddof)
    if center is not None:
        offset, own_center = center, np.zeros_like(center)
    scale = np.maximum(own_scale if scale is None else scale, floor)
    scores: Any = ((x - offset) - own_center) / scale
    return scores if clip is None else np.where(np.isfinite(x), np.clip(scores, -clip, clip), scores)


def _standard(x: Any, ddof: int) -> tuple[Any, Any, Any]:
    """A value of each column, the mean's distance from it, and the standard deviation, all by columns.

    The mean itself, rounded to the size of an offset, would cost the digits that the difference still has.
    """
    origin, count, mean, squares = levels_in_two_passes(x)
    variance = np.where(count > ddof, squares / np.maximum(count - ddof, 1), np.nan)
    return origin, mean, np.sqrt(variance)


def _robust(x: Any) -> tuple[Any, Any, Any]:
    median, mad = median_mad(x)
    return median, np.zeros_like(median), mad


@numpy_backend.kernel("zscore")
def _zscore_in_place(x: Any, center: Any, scale: Any, method: str, ddof: int, floor: float, clip: float | None) -> Any:
    """The reference, computing only what was omitted and with one array alive instead of several."""
    offset = center
    if center is None or scale is None:
        if method == "robust":
            offset, mean, own_scale = _robust(x.astype(np.float64))
        else:
            offset, mean, own_scale = _standard(x, ddof)
        scale = own_scale if scale is None else scale
        center, offset = (mean, offset) if center is None else (0.0, center)
    else:
        center = 0.0
    with np.errstate(all="ignore"):
        scores = np.subtract(x, offset)
        scores -= center
        scores /= np.maximum(scale, floor)
        if clip is not None:
            np.clip(scores, -clip, clip, out=scores, where=np.isfinite(x))
    return scores.astype(x.dtype, copy=False)
