"""Five views of how unusual a row is. None asks for its regime: what they are given is scored within regimes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import acm_dispatch

from .calls import Calls
from .recording import Floats
from .scoring import CLIP, CLIP_SEARCH, robust_scores


class Detector(NamedTuple):
    """A view, and what it sees."""

    name: str
    sees: str


DETECTORS = (
    Detector("PCA SPE", "relations between features that the usual directions do not explain"),
    Detector("PCA T2", "unusual places along the usual directions"),
    Detector("AR(1)", "jumps: values that the ones before them do not explain"),
    Detector("isolation forest", "rows that few random cuts set apart"),
    Detector("Mahalanobis", "sensors at odds with the others, by their covariance"),
)

#: Share of the features' variance that the principal components explain, and how many they are at most.
_EXPLAINED, _MOST_COMPONENTS = 0.9, 50
#: Added to the covariance, as a share of the mean variance: sensors that copy each other do not divide by nothing.
_RIDGE = 0.01
_TREES = 100
#: Of the features that trees are grown on: 0 and 1e-16 are the same to us, and would be two values to a tree.
_DECIMALS = 6


def detector_scores(features: Floats, levels: Floats, calls: Calls, seed: int = 0) -> Floats:
    """How unusual each row is to each of `DETECTORS`; larger is more so, each in a unit of its own.

    Of squared distances the roots are taken, which are nearly normal where the features are (R. A. Fisher), so that
    robust deviations from the usual mean something.

    Parameters
    ----------
    features : array of shape (n, f), finite
        From `row_features`.
    levels : array of shape (n, d), finite
        The sensors as robust scores within their regimes: without that, every change of load would be an event.
    calls : Calls
        Makes the dispatched calls.
    seed : int
        Of the forest.

    Returns
    -------
    array of shape (n, 5), not negative
    """
    spe, t2 = _principal(features, calls)
    rounded = features.round(_DECIMALS)
    forest = acm_dispatch.fit_isolation_forest(rounded, n_trees=_TREES, random_state=seed)
    isolation = -calls(acm_dispatch.isolation_forest_score, rounded, forest)
    distance = _distance(levels, calls)
    return np.column_stack([np.sqrt(spe), np.sqrt(t2), _innovation(levels, calls), isolation, np.sqrt(distance)])


def _principal(features: Floats, calls: Calls) -> tuple[Floats, Floats]:
    """Squared error of what the leading components rebuild, and T2 within them; outliers do not turn the components."""
    clipped = np.clip(features, -CLIP_SEARCH, CLIP_SEARCH)
    model = calls(acm_dispatch.pca_fit, clipped, min(*features.shape, _MOST_COMPONENTS))
    variance = model.explained_variance
    kept = int(np.searchsorted(np.cumsum(variance), _EXPLAINED * clipped.var(axis=0, ddof=1).sum())) + 1
    leading = acm_dispatch.PCAModel(model.mean, model.components[:kept], variance[:kept])
    return calls(acm_dispatch.pca_spe_t2, features, leading)


def _innovation(levels: Floats, calls: Calls) -> Floats:
    """Root mean square, over the sensors, of their AR(1) residuals in units of the usual ones."""
    phi, mu = calls(acm_dispatch.ar1_coefficients, levels)
    residuals = calls(acm_dispatch.ar1_residuals, levels, phi, mu)
    scores, _ = robust_scores(residuals, calls, CLIP)
    return np.sqrt(np.mean(scores**2, axis=1))


def _distance(levels: Floats, calls: Calls) -> Floats:
    """Squared Mahalanobis distance to the mean; of clipped scores, so that outliers do not widen the covariance."""
    clipped = np.clip(levels, -CLIP_SEARCH, CLIP_SEARCH)
    covariance = np.atleast_2d(np.cov(clipped, rowvar=False))
    mean_variance = np.trace(covariance) / len(covariance) or 1.0  # 0 where no row leaves the median
    covariance += _RIDGE * mean_variance * np.eye(len(covariance))
    return calls(acm_dispatch.mahalanobis, levels, clipped.mean(axis=0), np.linalg.inv(covariance))
