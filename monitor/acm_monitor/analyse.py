"""The analysis: clean, score, find regimes, judge each row within its regime, detect, fuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import acm_dispatch

from .calls import Calls
from .detectors import detector_scores
from .episodes import Episode, StuckRun, find_episodes, find_stuck
from .errors import UnusableData
from .features import row_features, window_of
from .fusion import Agreement, Fusion, agreements, fuse
from .health import UNWELL, health_index
from .recording import Floats, Recording
from .regimes import Regimes, find_regimes
from .scoring import CLIP, CLIP_SEARCH, held, levels_of, robust_scores
from .shifts import lasting_shifts

#: Within a regime a sensor's scale is at least this share of its overall scale: a sensor that hardly moves when the
#: machine stands by would otherwise be out of its range at the least disturbance.
_LEAST_SCALE = 0.05
#: What `analyse` reports beside each number of regimes.
STEPS = 4


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
    fusion: Fusion
    agreements: list[Agreement]
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
    x = held(x, calls)
    scores, scale = robust_scores(x, calls, CLIP_SEARCH)
    clusters = clusters if len(columns) > 1 else (1, 1)  # the regimes of a single sensor would be its values
    regimes = find_regimes(scores, clusters, calls, lambda k: on_step(f"trying {k} regimes"))
    on_step("judging each regime")
    regime_scores, medians = _scores_by_regime(x, scale, regimes, calls)
    on_step("rolling features and spectra")
    features = row_features(regime_scores, calls)
    on_step("running the detectors")
    detected = detector_scores(features, regime_scores, calls)
    fusion = fuse(detected, regimes, window_of(len(x)), calls)
    shifts = lasting_shifts(regime_scores, regimes.trusted, calls)
    health = health_index(regime_scores, fusion.fused, shifts, calls)
    return Findings(
        recording,
        sensors,
        tuple(columns),
        scores,
        regime_scores,
        regimes,
        medians,
        fusion,
        agreements(fusion),
        health,
        find_episodes(regime_scores, health < UNWELL),
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


def _scores_by_regime(x: Floats, scale: Floats, regimes: Regimes, calls: Calls) -> tuple[Floats, Floats]:
    """Robust scores of each row among the trusted rows of its regime, and each regime's medians; a gap scores 0."""
    scores = np.empty_like(x)
    medians = np.empty_like(regimes.centres)
    for regime in range(len(regimes.centres)):
        rows = regimes.labels == regime
        median, usual = levels_of(x[rows & regimes.trusted], calls)
        medians[regime] = median
        median = np.nan_to_num(median)  # a sensor without a value in this regime scores 0 throughout
        filled = calls(acm_dispatch.impute, x[rows], median)
        own_scale = np.fmax(usual, _LEAST_SCALE * scale)
        scores[rows] = calls(acm_dispatch.zscore, filled, median, own_scale, method="robust", clip=CLIP)
    return scores, medians
