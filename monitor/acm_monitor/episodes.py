"""Stretches of time in which something is wrong: a sensor stands still, or sensors leave their range."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .recording import Booleans, Floats, Integers, Recording
from .thresholds import USUAL_LIMITS, Thresholds

#: A sensor belongs to an episode if it is out of its range in this share of the episode's rows.
_TAKES_PART = 0.2
#: A run of equal values is suspicious if it is this many times the sensor's usual runs.
_UNUSUAL = 5.0


class Episode(NamedTuple):
    """Rows `start` to `stop` (exclusive) in which `sensors` (columns, worst first) were out of their range."""

    start: int
    stop: int
    sensors: tuple[int, ...]
    peak: float
    severity: float


class StuckRun(NamedTuple):
    """Rows `start` to `stop` (exclusive) in which a sensor gave one value."""

    sensor: int
    start: int
    stop: int
    value: float


def runs(mask: Booleans) -> list[tuple[int, int]]:
    """Start and end (exclusive) of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def find_episodes(z: Floats, unwell: Booleans, limits: Thresholds = USUAL_LIMITS) -> list[Episode]:
    """Episodes, the most severe first.

    Parameters
    ----------
    z : array of shape (n, d)
        Rows scored within their regime.
    unwell : array of shape (n,)
        The rows of low health.
    limits : Thresholds
        From where on a sensor is out of its range, and which rows make an episode.

    Returns
    -------
    list of Episode
        Their severity is the sum of |z| beyond the limit over rows and sensors, so it grows with height, length and
        breadth.
    """
    found: list[Episode] = []
    for start, stop in joined(runs(unwell), limits.pause_rows):
        if unwell[start:stop].sum() < limits.episode_rows:
            continue
        part = np.abs(z[start:stop])
        beyond = np.maximum(part - limits.sensor, 0.0)
        rows_out, sums = (beyond > 0).sum(axis=0), beyond.sum(axis=0)
        sensors = [int(j) for j in np.argsort(-sums) if rows_out[j] >= _TAKES_PART * (stop - start)]
        worst = tuple(sensors or [int(part.sum(axis=0).argmax())])
        found.append(Episode(start, stop, worst, float(part.max()), float(sums.sum())))
    return sorted(found, key=lambda episode: -episode.severity)


def worst_first(z: Floats, limit: float) -> Integers:
    """Sensors in the order of how far and how long they are out of range; those that never are, by their peaks."""
    part = [np.maximum(np.abs(column) - limit, 0).sum() + 1e-6 * np.abs(column).max() for column in z.T]
    return np.argsort(-np.array(part))


def joined(pieces: list[tuple[int, int]], pause: int = USUAL_LIMITS.pause_rows) -> list[tuple[int, int]]:
    """`pieces` in which pauses of a few rows are bridged."""
    whole: list[tuple[int, int]] = []
    for start, stop in pieces:
        if whole and start - whole[-1][1] <= pause:
            whole[-1] = whole[-1][0], stop
        else:
            whole.append((start, stop))
    return whole


def find_stuck(recording: Recording, columns: list[int], least: int = USUAL_LIMITS.stuck_rows) -> list[StuckRun]:
    """Runs of equal values that are long in themselves and for their sensor, the longest first.

    Quantised values repeat by themselves, so a run has to exceed what 95 % of the sensor's runs reach several times.
    A gap does not end a run.
    """
    found: list[StuckRun] = []
    for j in columns:
        known = np.flatnonzero(np.isfinite(recording.values[:, j]))
        values = recording.values[known, j]
        repeats = runs(np.r_[values[1:] == values[:-1], False])
        usual = float(np.quantile([stop + 1 - start for start, stop in repeats], 0.95)) if len(repeats) >= 20 else 0.0
        for start, stop in repeats:
            if stop + 1 - start >= max(least, _UNUSUAL * usual):
                found.append(StuckRun(j, int(known[start]), int(known[stop]) + 1, float(values[start])))
    return sorted(found, key=lambda run: run.start - run.stop)
