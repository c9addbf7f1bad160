"""The analysis: clean, score, find regimes, judge each row within its regime, detect, fuse.

What is usual is learnt first, of all rows or of those that the user calls healthy, or comes from a model; then every
row is held against it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from .blocks import column_blocks
from .calls import Calls
from .detectors import detector_scores, fit_detectors
from .episodes import Episode, StuckRun, find_episodes, find_stuck
from .errors import UnusableData
from .features import window_of
from .fusion import Agreement, Fusion, agreements, fit_usual, fuse
from .health import health_index
from .model import Model, columns_for
from .recording import Floats, Recording, counted, when
from .regimes import RegimeModel, Regimes, Trial, find_regimes, fit_levels, labels_of, scores_within
from .scoring import CLIP_SEARCH, Scales, held, scales_of, scored
from .shifts import fit_shifts, lasting_shifts
from .thresholds import USUAL_LIMITS, Thresholds

#: What `examine` reports beside each number of regimes.
STEPS = 5


#: Fewer rows are too few to learn from; where a period begins and ends among sorted times, both included.
LEAST_LEARNT = 20
SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")

Period = tuple[np.datetime64, np.datetime64]


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
    regime_scores: Floats
    regimes: Regimes
    model: Model
    fusion: Fusion
    agreements: list[Agreement]
    health: Floats
    episodes: list[Episode]
    stuck: list[StuckRun]
    thresholds: Thresholds

    @property
    def names(self) -> list[str]:
        """The names of the columns that were analysed; `regime_scores` and episodes count along these."""
        return [self.recording.names[j] for j in self.columns]


def examine(
    recording: Recording,
    calls: Calls,
    *,
    clusters: tuple[int, int] = (2, 8),
    train: Period | None = None,
    model: Model | None = None,
    limits: Thresholds = USUAL_LIMITS,
    on_step: Callable[[str], None],
) -> Findings:
    """Analyse a recording.

    Parameters
    ----------
    recording : Recording
    calls : Calls
        Makes the dispatched calls.
    clusters : (int, int)
        Least and most operating regimes to look for.
    train : (datetime64, datetime64), optional
        First and last time of the rows of which the usual is learnt, all of them healthy; by default all rows.
    model : Model, optional
        What was learnt before; nothing is learnt then.
    limits : Thresholds
        From where on something counts.
    on_step : callable
        Told what is being done, before it is done.

    Raises
    ------
    UnusableData
        If no sensor varies, or too few rows are there to learn from.
    """
    rows = learnt_rows(recording, train)
    sensors, columns = _judge(recording, rows, model)
    on_step("cleaning and scoring")
    x, z, levels = _scored(recording, columns, rows, model, calls)
    regimes, learnt = _regimes(x, z, levels, rows, clusters, model, train is not None, limits, calls, on_step)
    on_step("judging each regime")
    scores_within(x, regimes.labels, learnt, calls, out=z)
    del x
    on_step("fitting the detectors")
    window = window_of(rows.stop - rows.start)
    known = regimes._replace(labels=regimes.labels[rows])
    detectors = model.detectors if model else fit_detectors(z[rows], window, calls)
    on_step("running the detectors")
    raw = detector_scores(z, detectors, calls)
    usual = model.usual if model else fit_usual(raw[rows], known, detectors.window, calls)
    fusion = fuse(raw, regimes.labels, usual, detectors.window, calls)
    on_step("looking for lasting shifts")
    shift_model = model.shifts if model else fit_shifts(z[rows], known.trusted, calls)
    health = health_index(z, fusion.fused, lasting_shifts(z, shift_model, calls), limits, calls)
    names = tuple(recording.names[j] for j in columns)
    return Findings(
        recording,
        sensors,
        tuple(columns),
        z,
        regimes,
        Model(names, learnt, detectors, usual, shift_model),
        fusion,
        agreements(fusion, limits.detectors),
        health,
        find_episodes(z, health < limits.health, limits),
        find_stuck(recording, columns, limits.stuck_rows),
        limits,
    )


def learnt_rows(recording: Recording, train: Period | None) -> slice:
    """The rows from the first to the last time of `train`, or all."""
    n_rows = len(recording.times)
    if train is None:
        return slice(0, n_rows)
    start, stop = (int(np.searchsorted(recording.times, time, side)) for time, side in zip(train, SIDES, strict=True))
    if stop - start < LEAST_LEARNT:
        raise UnusableData(
            f"{recording.source} has {counted(stop - start, 'row')} from {when(train[0])} to {when(train[1])} to learn "
            f"from; at least {LEAST_LEARNT} are needed (it lasts from {when(recording.times[0])} to "
            f"{when(recording.times[-1])})"
        )
    return slice(start, stop)


def _scored(
    recording: Recording, columns: list[int], rows: slice, model: Model | None, calls: Calls
) -> tuple[Floats, Floats, Scales]:
    """The sensors with short gaps held, their overall scores, and what these are counted from."""
    shape = len(recording.times), len(columns)
    x, z = np.empty(shape), np.empty(shape)
    learnt = Scales(np.empty(shape[1]), np.empty(shape[1]))
    for block in column_blocks(*shape):
        x[:, block] = part = held(recording.values[:, columns[block]], calls)
        scales = Scales(*(of[block] for of in model.regimes.levels)) if model else scales_of(part[rows], calls)
        learnt.centre[block], learnt.scale[block] = scales
        z[:, block] = scored(part, scales, calls, CLIP_SEARCH)
    return x, z, learnt


def _regimes(
    x: Floats,
    z: Floats,
    levels: Scales,
    rows: slice,
    clusters: tuple[int, int],
    model: Model | None,
    healthy: bool,
    limits: Thresholds,
    calls: Calls,
    on_step: Callable[[str], None],
) -> tuple[Regimes, RegimeModel]:
    """The regime of each row, and what is usual in each; `trusted` counts the rows that are learnt of."""
    if model is not None:
        centres = model.regimes.centres
        trial = Trial(len(centres), len(centres), np.nan)
        trusted = np.ones(len(z), bool)
        return Regimes(labels_of(z, centres, calls), centres, (), trial, (), trusted), model.regimes
    clusters = clusters if z.shape[1] > 1 else (1, 1)  # the regimes of a single sensor would be its values
    found = find_regimes(
        z[rows], clusters, calls, lambda k: on_step(f"trying {k} regimes"), healthy=healthy, limits=limits
    )
    learnt = fit_levels(x[rows], found, levels, calls)
    suspects = tuple(s._replace(first=s.first + rows.start, last=s.last + rows.start) for s in found.suspects)
    labels = found.labels if len(found.labels) == len(z) else labels_of(z, found.centres, calls)
    return found._replace(labels=labels, suspects=suspects), learnt


def _judge(recording: Recording, rows: slice, model: Model | None) -> tuple[tuple[Sensor, ...], list[int]]:
    """What each column is worth, and those that are analysed: the model's, or those that vary where it is learnt."""
    sensors: list[Sensor] = []
    for name, values in zip(recording.names, recording.values.T, strict=True):
        known = values[np.isfinite(values)]
        learnt = known if rows.stop - rows.start == len(values) else values[rows][np.isfinite(values[rows])]
        verdict = "dead" if not len(known) else "" if len(learnt) and learnt.min() < learnt.max() else "constant"
        sensors.append(Sensor(name, 1 - len(known) / len(values), verdict))
    if model is not None:
        columns = columns_for(model, recording)
        return tuple(s._replace(verdict="") if j in columns else s for j, s in enumerate(sensors)), columns
    columns = [j for j, sensor in enumerate(sensors) if not sensor.verdict]
    if not columns:
        raise UnusableData(f"{recording.source}: every sensor is dead or constant, there is nothing to analyse")
    return tuple(sensors), columns
