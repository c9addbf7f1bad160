"""The health index: one number a row from everything that was found."""

from __future__ import annotations

import numpy as np

from .calls import Calls
from .episodes import LIMIT
from .fusion import AGREEING, SMOOTHED_ROWS, UNUSUAL, smoothed
from .recording import Floats
from .shifts import SHIFTED, WINDOWS

#: Below this a row belongs to an episode.
UNWELL = 50.0
#: From where on the worst sensor, and the fused detectors, cost health, and where nothing is left: half is left where a
#: sensor leaves its range, and where the detectors are well beyond an unusual row.
SENSOR_RANGE = (3.0, 2 * LIMIT - 3.0)
DETECTOR_RANGE = (UNUSUAL, 4 * UNUSUAL)
SHIFT_RANGE = (SHIFTED - 1.0, SHIFTED + 1.0)

#: The definition of the health index, for the reader of a result.
HEALTH = (
    f"100 minus the greatest of three losses: of the worst sensor's |z| within the regime ({SENSOR_RANGE[0]:g} costs "
    f"nothing, {LIMIT:g} half, {SENSOR_RANGE[1]:g} all), of the fused detectors, that is the score that {AGREEING} "
    f"of them reach ({DETECTOR_RANGE[0]:g} costs nothing, {2.5 * UNUSUAL:g} half, {DETECTOR_RANGE[1]:g} all), and of "
    f"lasting shifts, the median of {' or '.join(map(str, WINDOWS))} rows ({SHIFT_RANGE[0]:g} usual deviations cost "
    f"nothing, {SHIFTED:g} half, {SHIFT_RANGE[1]:g} all); running median of {SMOOTHED_ROWS} rows"
)


def health_index(regime_scores: Floats, fused: Floats, shifts: Floats, calls: Calls) -> Floats:
    """100 for an ordinary row of its regime, 0 for one that is far off; `HEALTH` is the rule."""
    worst = np.maximum(regime_scores.max(axis=1), -regime_scores.min(axis=1))
    loss = np.maximum(_share(worst, SENSOR_RANGE), _share(fused, DETECTOR_RANGE))
    loss = np.maximum(loss, _share(shifts, SHIFT_RANGE))
    return smoothed(100.0 * (1.0 - loss)[:, None], calls)[:, 0]


def _share(values: Floats, within: tuple[float, float]) -> Floats:
    return np.clip((values - within[0]) / (within[1] - within[0]), 0.0, 1.0)
