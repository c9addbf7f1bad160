"""The detectors brought to one unit, regime by regime, and fused into one score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import acm_dispatch

from .calls import Calls
from .episodes import joined, runs
from .recording import Booleans, Floats, Integers
from .regimes import Regimes
from .scoring import CLIP

#: A detector finds a row unusual beyond this; several do where the fused score is beyond it.
UNUSUAL = 4.0
#: How many of the detectors have to find a row unusual for the fused score to be as high.
AGREEING = 3

#: Scores are running medians of so many rows: the few rows of a change of load are no fault.
SMOOTHED_ROWS = 5
#: Fewer rows are no company to judge a row by.
_LEAST_ROWS = 50


class Fusion(NamedTuple):
    """What the detectors say together.

    `scores` (n x detectors) are robust deviations from what is usual in the regime, over a few rows; `fused` (n) is the
    third highest of each row; `correlation` are the detectors' rank correlations; `moving` marks the rows whose window
    saw a change of regime.
    """

    scores: Floats
    fused: Floats
    correlation: Floats
    moving: Booleans


class Agreement(NamedTuple):
    """Rows `start` to `stop` (exclusive) in which detectors agree; the row where most so, and who is alarmed there."""

    start: int
    stop: int
    peak: int
    detectors: tuple[int, ...]


def fuse(raw: Floats, regimes: Regimes, window: int, calls: Calls) -> Fusion:
    """Fuse the detectors' scores.

    A detector's score is compared with the rows of the same regime, and among these with those that are settled, or
    with those whose window saw another regime, as the row's own: a change of load is unusual in itself but no fault.

    Parameters
    ----------
    raw : array of shape (n, detectors)
        From `detector_scores`.
    regimes : Regimes
        What is usual in one is learnt of its trusted rows.
    window : int
        Rows that features look back.
    calls : Calls
        Makes the dispatched calls.
    """
    moving = _moving(regimes.labels, window)
    groups = _groups(regimes.labels, moving)
    scores = np.empty_like(raw)
    for group in np.unique(groups):
        rows = groups == group
        usual = rows & regimes.trusted
        centre, scale = calls(acm_dispatch.column_median_mad, raw[usual if usual.sum() >= _LEAST_ROWS else rows])
        scores[rows] = calls(acm_dispatch.zscore, raw[rows], centre, scale, clip=CLIP)
    scores = smoothed(scores, calls)
    fused = np.sort(scores, axis=1)[:, -AGREEING]
    return Fusion(scores, fused, calls(acm_dispatch.spearman, scores), moving)


def smoothed(values: Floats, calls: Calls) -> Floats:
    """The columns' running medians around each row."""
    half = SMOOTHED_ROWS // 2
    around = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return calls(acm_dispatch.rolling_median, around, SMOOTHED_ROWS)[SMOOTHED_ROWS - 1 :]


def _moving(labels: Integers, window: int) -> Booleans:
    """Rows whose window holds another regime than their own row's."""
    rows = np.arange(len(labels))
    changed = np.r_[False, labels[1:] != labels[:-1]]
    return rows - np.maximum.accumulate(np.where(changed, rows, -window)) < window


def _groups(labels: Integers, moving: Booleans) -> Integers:
    """Number of the rows that each row is compared with: its regime's, apart those that move if they are enough."""
    groups = 2 * labels + moving
    return np.where(np.bincount(groups)[groups] < _LEAST_ROWS, 2 * labels, groups)


def agreements(fusion: Fusion) -> list[Agreement]:
    """Where the fused score is unusual, the highest first."""
    found: list[Agreement] = []
    for start, stop in joined(runs(fusion.fused > UNUSUAL)):
        peak = start + int(fusion.fused[start:stop].argmax())
        beyond = np.flatnonzero(fusion.scores[peak] > UNUSUAL)
        found.append(Agreement(start, stop, peak, tuple(int(j) for j in beyond)))
    return sorted(found, key=lambda agreement: -fusion.fused[agreement.peak])
