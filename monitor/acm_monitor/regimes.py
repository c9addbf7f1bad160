"""Operating regimes: k-means with k chosen by the silhouette, and which of its clusters may judge their own rows.

A fault that lasts is a cluster, too, and judged by itself it would be healthy. So a cluster is a regime only where the
machine has been there before: one that is rare, or seen late for the first time, is a suspect, and the nearest
regime judges its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import acm_dispatch

from .blocks import row_blocks, thinned
from .calls import Calls
from .episodes import joined, runs
from .recording import Booleans, Floats, Integers
from .scoring import CLIP, Scales, levels_of, scored
from .thresholds import USUAL_LIMITS, Thresholds

#: Rows on which clusters are searched; the others are assigned afterwards.
SEARCH_ROWS = 20_000
#: Rows of which the silhouette is taken: its work grows with their square.
SILHOUETTE_ROWS = 2_000
#: Fewer rows at a time are no visit.
_LEAST_STAY = 4

#: Within a regime a sensor's scale is at least this share of its overall scale: a sensor that hardly moves when the
#: machine stands by would otherwise be out of its range at the least disturbance.
_LEAST_SCALE = 0.05

_RESTARTS = 2
_MOST_STEPS = 50


class Trial(NamedTuple):
    """One number of clusters: how many of them are regimes, and the silhouette of those (NaN if one is left)."""

    clusters: int
    regimes: int
    silhouette: float


class Suspect(NamedTuple):
    """A cluster that is rare, or seen late for the first time: the share of its rows, the first and the last one."""

    share: float
    visits: int
    first: int
    last: int


class Regimes(NamedTuple):
    """The regimes that were chosen; `trusted` marks the rows that are no suspect's: what is usual is learnt of them."""

    labels: Integers
    centres: Floats
    trials: tuple[Trial, ...]
    chosen: Trial
    suspects: tuple[Suspect, ...]
    trusted: Booleans


def find_regimes(
    z: Floats,
    clusters: tuple[int, int],
    calls: Calls,
    on_trial: Callable[[int], None],
    *,
    healthy: bool = False,
    limits: Thresholds = USUAL_LIMITS,
    seed: int = 0,
) -> Regimes:
    """The regimes of the scored rows `z`.

    Parameters
    ----------
    z : array of shape (n, d), finite
    clusters : (int, int)
        Least and most clusters to try.
    calls : Calls
        Makes the dispatched calls.
    on_trial : callable
        Told each number of clusters when its turn comes.
    healthy : bool
        Nothing was wrong in any row: then every cluster is a regime, how ever rare, and none a suspect.
    limits : Thresholds
        Which clusters are regimes.
    seed : int
        Of seeding and sampling: the same seed gives the same regimes.

    Returns
    -------
    Regimes
        With as many clusters as give the greatest silhouette; numbered from the largest regime to the smallest.
    """
    rng = np.random.default_rng(seed)
    searched = z if len(z) <= SEARCH_ROWS else z[np.sort(rng.choice(len(z), SEARCH_ROWS, replace=False))]
    trials: dict[Trial, Floats] = {}
    most = len(searched) - 1
    for k in range(min(clusters[0], most), min(clusters[1], most) + 1):
        on_trial(k)
        centres = _regime_centres(searched, _kmeans(searched, k, seed, calls), limits.regime_share, calls)
        trials[Trial(k, len(centres), _silhouette(searched, centres, seed, calls))] = centres
    chosen = max(trials, key=lambda trial: (np.nan_to_num(trial.silhouette, nan=-1.0), -trial.clusters))
    centres = trials[chosen]
    labels = labels_of(z, centres, calls)
    clusters_found = [_visits(labels == j) for j in range(len(centres))]
    known = np.ones(len(centres), bool) if healthy else _established(clusters_found, limits)
    trusted = known[labels]
    if not known.all():
        centres = centres[known]
        labels = labels_of(z, centres, calls)
        labels[~trusted] = _most_alike(z[~trusted], centres)
    suspects = tuple(suspect for suspect, regime in zip(clusters_found, known, strict=True) if not regime)
    found = Regimes(labels, centres, tuple(trials), chosen, suspects, trusted)
    return _numbered(found)


class RegimeModel(NamedTuple):
    """What a row is judged by.

    `levels` of all rows bring it to scores, the nearest of `centres` is its regime, and that has the usual `medians`
    and `scales` of the sensors.
    """

    levels: Scales
    centres: Floats
    medians: Floats
    scales: Floats


def fit_levels(x: Floats, regimes: Regimes, levels: Scales, calls: Calls) -> RegimeModel:
    """The usual level and scale of each sensor in each regime, learnt of its trusted rows."""
    medians, scales = np.empty_like(regimes.centres), np.empty_like(regimes.centres)
    for regime in range(len(regimes.centres)):
        rows = thinned(np.flatnonzero((regimes.labels == regime) & regimes.trusted))
        median, usual = levels_of(x[rows], calls)
        medians[regime] = np.nan_to_num(median)  # a sensor without a value in this regime scores 0 throughout
        scales[regime] = np.fmax(usual, _LEAST_SCALE * levels.scale)
    return RegimeModel(levels, regimes.centres, medians, scales)


def scores_within(x: Floats, labels: Integers, model: RegimeModel, calls: Calls, out: Floats) -> None:
    """Write robust scores of each row within its regime to `out`; a gap scores 0."""
    for start, stop in row_blocks(*x.shape):
        for regime in np.unique(labels[start:stop]):
            rows = start + np.flatnonzero(labels[start:stop] == regime)
            out[rows] = scored(x[rows], Scales(model.medians[regime], model.scales[regime]), calls, CLIP)


def labels_of(z: Floats, centres: Floats, calls: Calls) -> Integers:
    """The nearest regime of each row of overall scores."""
    return calls(acm_dispatch.pairwise_distances_argmin, z, centres)


def _most_alike(z: Floats, centres: Floats) -> Integers:
    """The regime that most sensors of a suspect's rows are near to: squares would follow the one sensor that is off."""
    return np.argmin([np.abs(z - centre).sum(axis=1) for centre in centres], axis=0)


def _visits(rows: Booleans) -> Suspect:
    """How a cluster's rows lie in time."""
    stays = [(start, stop) for start, stop in joined(runs(rows)) if rows[start:stop].sum() >= _LEAST_STAY]
    places = np.flatnonzero(rows)
    if not len(places):
        return Suspect(0.0, 0, 0, 0)
    return Suspect(float(rows.mean()), len(stays), int(places[0]), int(places[-1]))


def _established(clusters: list[Suspect], limits: Thresholds) -> Booleans:
    """Which clusters are regimes; the largest always is."""
    n_rows = max(cluster.last for cluster in clusters) + 1
    known = [
        cluster.first < limits.regime_early * n_rows
        and (cluster.visits >= limits.regime_visits or cluster.share >= limits.regime_large_share)
        for cluster in clusters
    ]
    known[int(np.argmax([cluster.share for cluster in clusters]))] = True
    return np.array(known)


def _kmeans(x: Floats, k: int, seed: int, calls: Calls) -> Floats:
    """The centres with the least inertia of a few runs of Lloyd's algorithm."""
    options = {"n_init": _RESTARTS, "max_iter": _MOST_STEPS}
    one_step = {"n_init": 1, "max_iter": 1}
    return calls.iterated(acm_dispatch.kmeans, one_step, x, k, random_state=seed, **options).centers


def _regime_centres(x: Floats, centres: Floats, least_share: float, calls: Calls) -> Floats:
    """The centres without those that hold too few rows to be regimes."""
    shares = np.bincount(calls(acm_dispatch.pairwise_distances_argmin, x, centres), minlength=len(centres)) / len(x)
    return centres[shares >= min(least_share, shares.max())]


def _silhouette(x: Floats, centres: Floats, seed: int, calls: Calls) -> float:
    if len(centres) < 2:
        return np.nan
    labels = calls(acm_dispatch.pairwise_distances_argmin, x, centres)
    sample = min(SILHOUETTE_ROWS, len(x))
    try:
        return calls(acm_dispatch.silhouette_score, x, labels, sample_size=sample, random_state=seed)
    except acm_dispatch.InvalidInput:  # the sample fell into one regime
        return np.nan


def _numbered(found: Regimes) -> Regimes:
    """The regimes from the largest to the smallest."""
    order = np.argsort(-np.bincount(found.labels, minlength=len(found.centres)), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return found._replace(labels=rank[found.labels], centres=found.centres[order])
