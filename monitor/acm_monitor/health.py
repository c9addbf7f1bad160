"""The health index: one number a row from everything that was found."""

from __future__ import annotations

import numpy as np

from .calls import Calls
from .fusion import AGREEING, SMOOTHED_ROWS, smoothed
from .recording import Floats
from .shifts import WINDOWS
from .thresholds import Thresholds

#: A shift costs nothing so much below the threshold, and all so much beyond.
_SHIFT_AROUND = 1.0


def health_rule(limits: Thresholds) -> str:
    """The definition of the health index, for the reader of a result."""
    sensor, detectors = _ranges(limits)
    return (
        f"100 minus the greatest of three losses: of the worst sensor's |z| within the regime ({sensor[0]:g} costs "
        f"nothing, {limits.sensor:g} half, {sensor[1]:g} all), of the fused detectors, that is the score that "
        f"{AGREEING} of them reach ({detectors[0]:g} costs nothing, {2.5 * limits.detectors:g} half, "
        f"{detectors[1]:g} all), and of lasting shifts, the median of {' or '.join(map(str, WINDOWS))} rows "
        f"({limits.shift - _SHIFT_AROUND:g} usual deviations cost nothing, {limits.shift:g} half, "
        f"{limits.shift + _SHIFT_AROUND:g} all); running median "
        f"of {SMOOTHED_ROWS} rows"
    )


def health_index(regime_scores: Floats, fused: Floats, shifts: Floats, limits: Thresholds, calls: Calls) -> Floats:
    """100 for an ordinary row of its regime, 0 for one that is far off; `health_rule` says how."""
    worst = np.maximum(regime_scores.max(axis=1), -regime_scores.min(axis=1))
    sensor, detectors = _ranges(limits)
    loss = np.maximum(_share(worst, sensor), _share(fused, detectors))
    loss = np.maximum(loss, _share(shifts, (limits.shift - _SHIFT_AROUND, limits.shift + _SHIFT_AROUND)))
    return smoothed(100.0 * (1.0 - loss)[:, None], calls)[:, 0]


def _ranges(limits: Thresholds) -> tuple[tuple[float, float], tuple[float, float]]:
    """From where on the worst sensor, and the fused detectors, cost health, and where nothing is left.

    Half is left where a sensor leaves its range, and where the detectors are well beyond an unusual row.
    """
    return (0.6 * limits.sensor, 1.4 * limits.sensor), (limits.detectors, 4 * limits.detectors)


def _share(values: Floats, within: tuple[float, float]) -> Floats:
    return np.clip((values - within[0]) / (within[1] - within[0]), 0.0, 1.0)
