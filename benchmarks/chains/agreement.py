"""Whether both chains find the same: stage by stage, each on what both were given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from acm_dispatch import IsolationForest, isolation_forest_score, spearman

from . import SEED, Outcome, ours, theirs

#: How much less alike than two forests of scikit-learn with different seeds rank the rows, ours and one of its may.
_LESS_ALIKE = 1.25


class Agreement(NamedTuple):
    """How far a result of ours is from theirs, and how far it may be."""

    what: str
    deviation: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether it is within what is allowed."""
        return bool(self.deviation <= self.allowed)


def compare(our: Outcome, their: Outcome) -> list[Agreement]:
    """Every result, in the order of the chain.

    scikit-learn draws other trees than we do, so its trees are given to both; our own trees should rank the rows about
    as much like its trees as its trees from another seed do. pandas' running sums and scikit-learn's covariances keep
    fewer digits than our contracts ask for.
    """
    given, detected = their.features, their.detectors
    checks = [
        _largest("gaps filled", our.features.filled, given.filled, 1e-12),
        _largest("scores of sensors, rolling statistics and spectra", our.features.scores, given.scores, 1e-8),
    ]
    checks += [
        _relative(f"{name}", getattr(our.detectors, name), getattr(detected, name), 1e-6)
        for name in ("spe", "t2", "innovation", "mahalanobis")
    ]
    trees = IsolationForest.from_sklearn(theirs.isolation_forest(given.scores))
    checks += [
        _largest(
            "isolation by the same trees", -isolation_forest_score(given.scores, trees), detected.isolation, 1e-12
        ),
        _ranks("isolation by trees of our own (1 - rank correlation)", our, their),
        _largest("regimes (share of rows)", _differing(our, their), 0.0, 1e-4),
        _largest("silhouettes", np.array(our.regimes.silhouettes), np.array(their.regimes.silhouettes), 1e-6),
        _largest("health", ours.health(detected, their.regimes.labels), their.regimes.health, 1e-6),
    ]
    return checks


def _largest(what: str, actual: np.ndarray, expected: np.ndarray | float, allowed: float) -> Agreement:
    return Agreement(what, float(np.abs(actual - expected).max()), allowed)


def _relative(what: str, actual: np.ndarray, expected: np.ndarray, allowed: float) -> Agreement:
    return Agreement(f"{what} (relative)", float((np.abs(actual - expected) / np.abs(expected).max()).max()), allowed)


def _ranks(what: str, our: Outcome, their: Outcome) -> Agreement:
    scores = their.features.scores
    other = -theirs.isolation_forest(scores, SEED + 1).score_samples(scores)
    correlations = spearman(np.column_stack([their.detectors.isolation, our.detectors.isolation, other]))[0]
    return Agreement(what, float(1 - correlations[1]), float(_LESS_ALIKE * (1 - correlations[2])))


def _differing(our: Outcome, their: Outcome) -> np.ndarray:
    return np.mean(our.regimes.labels != their.regimes.labels, keepdims=True)
