"""Columns brought to a common centre and scale."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..backends.transfer import to_device_of, to_host
from ..contract.arrays import ArrayLike
from ..contract.options import integer, one_of, optional, real
from ..contract.parts import Arguments, Fold, Found, Passes, Rows
from ..contract.samples import Samples
from ..execution.operation import operation
from .brackets import DEVIATION_READS
from .chunk_sums import ANY, ChunkSums, chunks_merged
from .missing import gappy, sensors
from .moments import mean_variance_of_block
from .robust_stats import NORMAL_CONSISTENCY, median_mad

#: What columns are centred at and scaled by: mean and deviation, or median and MAD.
Method = Literal["standard", "robust"]

_sensors = Samples(sensors, gappy)


@_sensors.case
def squares_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    """Squares and differences leave the range of numbers; scores do not."""
    x = rng.normal(size=(50, 8)) * [1e-300, 1e-170, 1e-160, 1e-100, 1e100, 1e155, 1e200, 1e307]
    return {"x": x, "floor": 1e-305}


@_sensors.case
def opposite_ends(rng: np.random.Generator) -> dict[str, Any]:
    """Their distance from each other is no number."""
    return {"x": np.array([[1.7e308, 1e300], [-1.7e308, -1e300], [1.7e308, 5e299], [-1e308, 0.0]]), "ddof": 1}


@_sensors.case
def robust_of_opposite_ends(rng: np.random.Generator) -> dict[str, Any]:
    return {**opposite_ends(rng), "method": "robust", "ddof": 0}


@_sensors.case
def robust_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    return {**squares_out_of_range(rng), "method": "robust"}


@_sensors.case
def given_ends(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.uniform(-1, 1, size=(20, 3)) * 1.7e308
    return {"x": x, "center": np.array([-1.7e308, 1.7e308, 1e-300]), "scale": np.array([1.6e308, 1e300, 1e308])}


def tiny_floor_of_sensors(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 40), "floor": 1e-305}


@_sensors.case
def tiny_floor(rng: np.random.Generator) -> dict[str, Any]:
    """Of a column of the smallest numbers, of zeros, and of huge numbers that are equal."""
    x = np.column_stack([rng.normal(size=9) * 1e-307, np.zeros(9), np.full(9, 1e308)])
    return {"x": x, "floor": 1e-320}


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


_sensors.add_scaled("x", draw=tiny_floor_of_sensors)


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


#: By how much less centres and scales are, where they might be more than the largest number.
_PART = 8.0


class _Level(NamedTuple):
    """A value of each column, the centre's distance from it, and an eighth of the scale."""

    origin: Any
    shift: Any
    scale_in_parts: Any


def _standard_level(total: ChunkSums, arguments: Arguments, _: Found) -> _Level:
    """Mean and standard deviation, NaN where there are too few values."""
    exponents = np.where(total.exponents == ANY, 0, total.exponents)
    sums, freedom = total.sums, total.sums.count - arguments["ddof"]
    spread = np.where(freedom > 0, np.sqrt(sums.squares / np.maximum(freedom, 1)), np.nan)
    return _Level(sums.origin, np.ldexp(sums.mean, exponents), np.ldexp(spread / _PART, exponents))


def _robust_level(total: Any, arguments: Arguments, found: Found) -> _Level:
    medians, halves = DEVIATION_READS[-1].finish(total, arguments, found)
    return _Level(medians, np.zeros_like(medians), NORMAL_CONSISTENCY * (halves / (_PART / 2)))


def _by_their_own(arguments: Arguments, found: Found, _: int) -> Any:
    """Scores by the centre and scale of all rows where they are not given, in float64 as these are."""
    x, level = arguments["x"], found[-1]
    given = {name: None if arguments[name] is None else to_host(arguments[name]) for name in ("center", "scale")}
    scale = level.scale_in_parts if given["scale"] is None else given["scale"] / _PART
    origin = level.origin if given["center"] is None else given["center"]
    # Differences from a value of the column have the digits that its offset costs the mean.
    near = (np.abs(origin) > scale * _PART) & (np.abs(origin) < 2.0**900)
    part = 1.0 if (np.abs(origin) < 2.0**1000).all() and (scale < 2.0**1000).all() else 1 / _PART
    center = np.where(near, 0.0, origin) * part + (level.shift * part if given["center"] is None else 0.0)
    wide = x.astype(np.float64) * part - to_device_of(x, np.where(near, origin * part, 0.0))
    scaled = {"center": to_device_of(x, center), "scale": to_device_of(x, scale * (_PART * part))}
    scores = zscore(**{**arguments, **scaled, "x": wide, "floor": arguments["floor"] * part})
    return scores.astype(x.dtype if x.dtype.kind == "f" else np.float64)


_STANDARD = Fold(mean_variance_of_block, chunks_merged, _standard_level)
_ROBUST = (*DEVIATION_READS[:-1], DEVIATION_READS[-1]._replace(finish=_robust_level))


def _parts_by_method(arguments: Arguments) -> Rows | Passes:
    if arguments["center"] is not None and arguments["scale"] is not None:
        return Rows()
    return Passes(_ROBUST if arguments["method"] == "robust" else (_STANDARD,), Rows(_by_their_own))


@operation(
    "n d, [d], [d] -> n d",
    work="n * d",
    nan="propagate",
    samples=_sensors,
    options={
        "method": one_of(*get_args(Method)),
        "ddof": integer(minimum=0),
        "floor": real(minimum=0.0, exclusive=True),
        "clip": optional(real(minimum=0.0, exclusive=True)),
    },
    parts=_parts_by_method,
)
def zscore(
    x: ArrayLike,
    center: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    *,
    method: Method = "standard",
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
    and variance are taken of differences from a value of the column, so an offset costs no digits, and counted in a
    unit of the column's size, so scores are right for normal numbers of any size.

    Examples
    --------
    >>> zscore([[1.0], [2.0], [3.0]], method="robust", clip=0.5)
    array([[-0.5],
           [ 0. ],
           [ 0.5]])
    """
    finite = np.isfinite(x)
    largest = np.where(finite, np.abs(x), 0.0).max(axis=0, initial=0.0)
    if center is not None:
        largest = np.maximum(largest, np.where(np.isfinite(center), np.abs(center), 0.0))
    # Counted in a unit of which no value has more than a quarter, no difference overflows, and no square of one.
    exponents = np.frexp(largest)[1] + 2
    with np.errstate(all="ignore"):
        values = np.ldexp(x, -exponents)
        offset, shift, spread = (_robust if method == "robust" else _standard)(values, finite, ddof)
        if center is not None:
            offset, shift = np.ldexp(center, -exponents), 0.0
        # Of a floor that is no number in the unit, the next one that is.
        ends, largest = np.finfo(np.float64), np.inf
        least = np.clip(np.ldexp(floor, -exponents), ends.smallest_subnormal, ends.max)
        if scale is not None:
            spread, largest = (
                np.ldexp(scale, -exponents),
                np.where(np.isfinite(scale), ends.max, np.inf),
            )
        scores: Any = ((values - offset) - shift) / np.minimum(np.maximum(spread, least), largest)
    return scores if clip is None else np.where(finite, np.clip(scores, -clip, clip), scores)


def _standard(x: Any, finite: Any, ddof: int) -> tuple[Any, Any, Any]:
    """A value of each column, the mean's distance from it, and the standard deviation, all by columns.

    The mean itself, rounded to the size of an offset, would cost the digits that the difference still has.
    """
    origin, mean, spread = np.full((3, x.shape[1]), np.nan)
    for j, column in enumerate(x.T):
        values = column[finite[:, j]]
        if len(values):
            origin[j] = values[0]
            mean[j] = (values - origin[j]).mean()
        if len(values) > ddof:
            spread[j] = np.sqrt((((values - origin[j]) - mean[j]) ** 2).sum() / (len(values) - ddof))
    return origin, mean, spread


def _robust(x: Any, finite: Any, ddof: int) -> tuple[Any, Any, Any]:
    median, mad = median_mad(np.where(finite, x, np.nan))
    return median, 0.0, mad
