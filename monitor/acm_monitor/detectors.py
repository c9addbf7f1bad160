"""Five views of how unusual a row is. None asks for its regime: what they are given is scored within regimes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import acm_dispatch

from .blocks import Block, fitted_blocks, row_blocks
from .calls import Calls
from .features import PER_SENSOR, features_of
from .recording import Floats
from .scoring import CLIP, CLIP_SEARCH, Scales, scales_of, scored


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


class DetectorModel(NamedTuple):
    """Everything that the detectors have learnt of healthy rows."""

    window: int
    features: Scales
    plane: acm_dispatch.PCAModel
    forest: acm_dispatch.IsolationForest
    phi: Floats
    mu: Floats
    innovations: Scales
    mean: Floats
    precision: Floats


def fit_detectors(levels: Floats, window: int, calls: Calls, seed: int = 0) -> DetectorModel:
    """The detectors' models of what is usual.

    Parameters
    ----------
    levels : array of shape (n, d), finite
        The sensors as robust scores within their regimes: without that, every change of load would be an event.
    window : int
        Rows that features look back.
    calls : Calls
        Makes the dispatched calls.
    seed : int
        Of the forest.
    """
    blocks = fitted_blocks(len(levels), seed)
    features = np.concatenate([features_of(levels, block, window, calls) for block in blocks])
    scales = scales_of(features, calls)
    for start, stop in row_blocks(*features.shape):  # in its place: a copy is as large as the recording
        features[start:stop] = scored(features[start:stop], scales, calls, CLIP)
    plane = _plane(features, calls)
    forest = acm_dispatch.fit_isolation_forest(features.round(_DECIMALS), n_trees=_TREES, random_state=seed)
    phi, mu = calls(acm_dispatch.ar1_coefficients, levels)
    residuals = np.concatenate([_residuals(levels, block, phi, mu, calls) for block in blocks])
    chosen = np.concatenate([levels[start:stop] for start, stop in blocks])
    mean, precision = _centre_and_precision(chosen)
    return DetectorModel(window, scales, plane, forest, phi, mu, scales_of(residuals, calls), mean, precision)


def detector_scores(levels: Floats, model: DetectorModel, calls: Calls) -> Floats:
    """How unusual each row is to each of `DETECTORS`; larger is more so, each in a unit of its own.

    Of squared distances the roots are taken, which are nearly normal where the features are (R. A. Fisher), so that
    robust deviations from the usual mean something.

    Returns
    -------
    array of shape (n, 5), not negative
    """
    n_rows, width = levels.shape
    scores = np.empty((n_rows, len(DETECTORS)))
    for start, stop in row_blocks(n_rows, width * PER_SENSOR):
        features = scored(features_of(levels, (start, stop), model.window, calls), model.features, calls, CLIP)
        spe, t2 = calls(acm_dispatch.pca_spe_t2, features, model.plane)
        isolation = -calls(acm_dispatch.isolation_forest_score, features.round(_DECIMALS), model.forest)
        residuals = _residuals(levels, (start, stop), model.phi, model.mu, calls)
        innovation = np.sqrt(np.mean(scored(residuals, model.innovations, calls, CLIP) ** 2, axis=1))
        distance = calls(acm_dispatch.mahalanobis, levels[start:stop], model.mean, model.precision)
        columns = [np.sqrt(spe), np.sqrt(t2), innovation, isolation, np.sqrt(distance)]
        scores[start:stop] = np.column_stack(columns)
    return scores


def _plane(features: Floats, calls: Calls) -> acm_dispatch.PCAModel:
    """The directions that hold most of the features' variance; outliers do not turn them."""
    clipped = np.clip(features, -CLIP_SEARCH, CLIP_SEARCH)
    model = calls(acm_dispatch.pca_fit, clipped, min(*features.shape, _MOST_COMPONENTS))
    variance = model.explained_variance
    kept = int(np.searchsorted(np.cumsum(variance), _EXPLAINED * clipped.var(axis=0, ddof=1).sum())) + 1
    return acm_dispatch.PCAModel(model.mean, model.components[:kept], variance[:kept])


def _residuals(levels: Floats, rows: Block, phi: Floats, mu: Floats, calls: Calls) -> Floats:
    """AR(1) residuals of some rows; the first needs the row before."""
    start, stop = rows
    before = min(start, 1)
    return calls(acm_dispatch.ar1_residuals, levels[start - before : stop], phi, mu)[before:]


def _centre_and_precision(levels: Floats) -> tuple[Floats, Floats]:
    """Mean and inverse covariance, of clipped scores, so that outliers do not widen the covariance."""
    clipped = np.clip(levels, -CLIP_SEARCH, CLIP_SEARCH)
    covariance = np.atleast_2d(np.cov(clipped, rowvar=False))
    mean_variance = np.trace(covariance) / len(covariance) or 1.0  # 0 where no row leaves the median
    covariance += _RIDGE * mean_variance * np.eye(len(covariance))
    return clipped.mean(axis=0), np.linalg.inv(covariance).astype(np.float64, copy=False)
