"""The health index: one number a row from everything that was found."""

from __future__ import annotations

import numpy as np

from .calls import Calls
from .fusion import AGREEING, SMOOTHED_ROWS, smoothed
from .recording import Floats
from .regimes import Regimes

#: How many of the worst sensors the health index looks at.
WORST = 3
#: What each part takes off at most, where it starts to, and where it takes all.
SENSOR_POINTS, SENSOR_RANGE = 50.0, (3.0, 12.0)
DETECTOR_POINTS, DETECTOR_RANGE = 30.0, (3.0, 9.0)
DISTANCE_POINTS, DISTANCE_RANGE = 20.0, (2.0, 5.0)

#: The definition of the health index, for the reader of a result.
HEALTH = (
    f"100 minus up to {SENSOR_POINTS:g} points for the mean |z| of the {WORST} worst sensors within the regime "
    f"({SENSOR_RANGE[0]:g} costs nothing, {SENSOR_RANGE[1]:g} all), minus up to {DETECTOR_POINTS:g} for the fused "
    f"detectors, that is the score that {AGREEING} of them reach ({DETECTOR_RANGE[0]:g} costs nothing, "
    f"{DETECTOR_RANGE[1]:g} all), minus up to {DISTANCE_POINTS:g} for the distance to the regime's centre as a "
    f"multiple of the regime's median distance ({DISTANCE_RANGE[0]:g} costs nothing, {DISTANCE_RANGE[1]:g} all); "
    f"running median of {SMOOTHED_ROWS} rows"
)


def health_index(regime_scores: Floats, fused: Floats, regimes: Regimes, calls: Calls) -> Floats:
    """100 for an ordinary row of its regime, 0 for one that is far off in every respect; `HEALTH` is the rule."""
    worst = np.sort(np.abs(regime_scores), axis=1)[:, -WORST:].mean(axis=1)
    typical = np.array([np.median(regimes.distances[regimes.labels == j]) for j in range(len(regimes.centres))])
    ratio = regimes.distances / np.maximum(typical[regimes.labels], np.finfo(float).tiny)
    points = (
        100.0
        - SENSOR_POINTS * _share(worst, SENSOR_RANGE)
        - DETECTOR_POINTS * _share(fused, DETECTOR_RANGE)
        - DISTANCE_POINTS * _share(ratio, DISTANCE_RANGE)
    )
    return smoothed(points[:, None], calls)[:, 0]


def _share(values: Floats, within: tuple[float, float]) -> Floats:
    return np.clip((values - within[0]) / (within[1] - within[0]), 0.0, 1.0)
