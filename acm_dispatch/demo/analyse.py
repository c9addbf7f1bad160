"""The analysis: clean, score, find regimes, judge each row within its regime."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import acm_dispatch

from .calls import Calls
from .episodes import Episode, StuckRun, find_episodes, find_stuck
from .extras import UnusableData
from .recording import Floats, Recording
from .regimes import Regimes, find_regimes

#: Scores are clipped: to search regimes, so that no outlier pulls a centre; within a regime, to keep sums finite.
_CLIP_SEARCH = 6.0
_CLIP = 25.0
#: Within a regime a sensor's scale is at least this share of its overall scale: a sensor that hardly moves when the
#: machine stands by would otherwise be out of its range at the least disturbance.
_LEAST_SCALE = 0.05
#: How many of the worst sensors the health index looks at.
WORST = 3
#: Where the health index starts to fall, and where it reaches 0.
SCORE_RANGE = 3.0, 12.0
DISTANCE_RANGE = 2.0, 5.0
#: The index is the running median of so many rows: the few rows of a change of load are no fault.
SMOOTHED_ROWS = 5


class Sensor(NamedTuple):
    """What a column is worth."""

    name: str
    missing: float
    verdict: str  # "", "dead", "constant"


class Findings(NamedTuple):
    """Everything that the analysis says about a recording."""

    recording: Recording
    sensors: tuple[Sensor, ...]
    columns: tuple[int, ...]
    scores: Floats
    regime_scores: Floats
    regimes: Regimes
    regime_medians: Floats
    health: Floats
    episodes: list[Episode]
    stuck: list[StuckRun]

    @property
    def names(self) -> list[str]:
        """The names of the columns that were analysed; `scores` and episodes count along these."""
        return [self.recording.names[j] for j in self.columns]


def analyse(
    recording: Recording, calls: Calls, *, clusters: tuple[int, int] = (2, 8), on_step: Callable[[str], None]
) -> Findings:
    """Analyse a recording.

    Parameters
    ----------
    recording : Recording
    calls : Calls
        Makes the dispatched calls.
    clusters : (int, int)
        Least and most operating regimes to look for.
    on_step : callable
        Told what is being done, before it is done.

    Raises
    ------
    UnusableData
        If no sensor varies.
    """
    sensors, columns = _judge(recording)
    x = np.ascontiguousarray(recording.values[:, columns])
    on_step("cleaning and scoring")
    scores, scale = _overall_scores(x, calls)
    regimes = find_regimes(scores, clusters, calls, lambda k: on_step(f"trying {k} regimes"))
    on_step("judging each regime")
    regime_scores, medians = _scores_by_regime(x, scale, regimes, calls)
    return Findings(
        recording,
        sensors,
        tuple(columns),
        scores,
        regime_scores,
        regimes,
        medians,
        health_index(regime_scores, regimes),
        find_episodes(regime_scores),
        find_stuck(recording, columns),
    )


def _judge(recording: Recording) -> tuple[tuple[Sensor, ...], list[int]]:
    sensors: list[Sensor] = []
    for name, values in zip(recording.names, recording.values.T, strict=True):
        known = values[np.isfinite(values)]
        verdict = "dead" if not len(known) else "constant" if known.min() == known.max() else ""
        sensors.append(Sensor(name, 1 - len(known) / len(values), verdict))
    columns = [j for j, sensor in enumerate(sensors) if not sensor.verdict]
    if not columns:
        raise UnusableData(f"{recording.source}: every sensor is dead or constant, there is nothing to analyse")
    return tuple(sensors), columns


def _overall_scores(x: Floats, calls: Calls) -> tuple[Floats, Floats]:
    """Robust scores of the filled rows, and each sensor's scale."""
    median, mad = calls(acm_dispatch.column_median_mad, x)
    filled = calls(acm_dispatch.impute, x, median)
    scale = np.where(mad > 0, mad, filled.std(axis=0))  # more than half the values are equal: no MAD
    return calls(acm_dispatch.zscore, filled, median, scale, method="robust", clip=_CLIP_SEARCH), scale


def _scores_by_regime(x: Floats, scale: Floats, regimes: Regimes, calls: Calls) -> tuple[Floats, Floats]:
    """Robust scores of each row among the rows of its regime, and each regime's medians; a gap scores 0."""
    scores = np.empty_like(x)
    medians = np.empty_like(regimes.centres)
    for regime in range(len(regimes.centres)):
        rows = regimes.labels == regime
        median, mad = calls(acm_dispatch.column_median_mad, x[rows])
        medians[regime] = median
        median = np.nan_to_num(median)  # a sensor without a value in this regime scores 0 throughout
        filled = calls(acm_dispatch.impute, x[rows], median)
        own_scale = np.fmax(mad, _LEAST_SCALE * scale)
        scores[rows] = calls(acm_dispatch.zscore, filled, median, own_scale, method="robust", clip=_CLIP)
    return scores, medians


def health_index(regime_scores: Floats, regimes: Regimes) -> Floats:
    """100 for an ordinary row of its regime, 0 for one that is far off in every respect; `HEALTH` is the rule."""
    worst = np.sort(np.abs(regime_scores), axis=1)[:, -WORST:].mean(axis=1)
    typical = np.array([np.median(regimes.distances[regimes.labels == j]) for j in range(len(regimes.centres))])
    ratio = regimes.distances / np.maximum(typical[regimes.labels], np.finfo(float).tiny)
    points = 100.0 * (1.0 - 0.5 * _share(worst, SCORE_RANGE) - 0.5 * _share(ratio, DISTANCE_RANGE))
    around = np.pad(points, SMOOTHED_ROWS // 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(around, SMOOTHED_ROWS), axis=1)


def _share(values: Floats, within: tuple[float, float]) -> Floats:
    return np.clip((values - within[0]) / (within[1] - within[0]), 0.0, 1.0)


#: The definition of the health index, for the reader of a result.
HEALTH = (
    f"100 minus up to 50 points for the mean |z| of the {WORST} worst sensors within the regime "
    f"({SCORE_RANGE[0]:g} costs nothing, {SCORE_RANGE[1]:g} all), minus up to 50 for the distance to the regime's "
    f"centre as a multiple of the regime's median distance ({DISTANCE_RANGE[0]:g} costs nothing, "
    f"{DISTANCE_RANGE[1]:g} all); running median of {SMOOTHED_ROWS} rows"
)
