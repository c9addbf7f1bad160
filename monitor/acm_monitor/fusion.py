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


class Usual(NamedTuple):
    """What the detectors usually say: centre and scale by regime, whether the row moves (1) or not (0), and detector.

    A change of load is unusual in itself but no fault, so rows whose window saw another regime are compared with such.
    """

    centre: Floats
    scale: Floats


def fit_usual(raw: Floats, regimes: Regimes, window: int, calls: Calls) -> Usual:
    """Learn what is usual of the trusted rows of each regime.

    Parameters
    ----------
    raw : array of shape (n, detectors)
        From `detector_scores`.
    regimes : Regimes
    window : int
        Rows that features look back.
    calls : Calls
        Makes the dispatched calls.
    """
    moving = _moving(regimes.labels, window)
    centre, scale = (np.zeros((len(regimes.centres), 2, raw.shape[1])) for _ in range(2))
    for regime in range(len(regimes.centres)):
        own = regimes.labels == regime
        few = (own & moving).sum() < _LEAST_ROWS
        for moves, rows in ((0, own if few else own & ~moving), (1, own if few else own & moving)):
            usual = rows & regimes.trusted
            learnt = next(known for known in (usual, rows, own) if known.sum() >= _LEAST_ROWS or known is own)
            centre[regime, moves], scale[regime, moves] = calls(acm_dispatch.column_median_mad, raw[learnt])
    return Usual(centre, scale)


def fuse(raw: Floats, labels: Integers, usual: Usual, window: int, calls: Calls) -> Fusion:
    """Fuse the detectors' scores, each in units of what is usual where the row is."""
    moving = _moving(labels, window)
    scores = np.empty_like(raw)
    groups = 2 * labels + moving
    for group in np.unique(groups):
        rows, (regime, moves) = groups == group, divmod(int(group), 2)
        centre, scale = usual.centre[regime, moves], usual.scale[regime, moves]
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


def agreements(fusion: Fusion, unusual: float) -> list[Agreement]:
    """Where the fused score is unusual, the highest first."""
    found: list[Agreement] = []
    for start, stop in joined(runs(fusion.fused > unusual)):
        peak = start + int(fusion.fused[start:stop].argmax())
        beyond = np.flatnonzero(fusion.scores[peak] > unusual)
        found.append(Agreement(start, stop, peak, tuple(int(j) for j in beyond)))
    return sorted(found, key=lambda agreement: -fusion.fused[agreement.peak])
