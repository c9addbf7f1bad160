"""The chain with acm_dispatch: scores are written where they are needed, so that little else is alive."""

from __future__ import annotations

from typing import Any

import numpy as np

import acm_dispatch as acm

from . import (
    BANDS,
    CLIP,
    CLUSTERS,
    COMPONENTS,
    HEALTH_RANGE,
    HEALTH_ROWS,
    SEED,
    SILHOUETTE_ROWS,
    STEP,
    TREE_ROWS,
    TREES,
    Clock,
    Detectors,
    Features,
    Regimes,
    last_window,
    window_rows,
)

_ROLLING = {
    "mean, std": (acm.rolling_mean, acm.rolling_std),
    "median": (acm.rolling_median,),
    "MAD": (acm.rolling_mad,),
    "slope": (acm.rolling_slope,),
}
_BLOCKS = [(part, rolling) for part, of_part in _ROLLING.items() for rolling in of_part]


def features(x: Any, clock: Clock) -> Features:
    """Gaps filled, then rolling statistics and band energies as robust scores."""
    rows, width = x.shape
    window, spectral = window_rows(rows)
    with clock("gaps"):
        filled = acm.impute(x)
    with clock("scores"):
        scores = np.empty((rows, width * (1 + len(_BLOCKS) + len(BANDS))))
        sensors = scores[:, :width] = _robust(filled)
    for number, (part, rolling) in enumerate(_BLOCKS, 1):
        with clock(part):
            rolled = rolling(filled, window)
        with clock("scores"):
            block = slice(number * width, (number + 1) * width)
            scores[:, block] = _robust(rolled)
            scores[: window - 1, block] = 0.0  # no whole window yet: nothing unusual
        del rolled
    with clock("spectra"):
        energies = acm.band_energy(filled, spectral, BANDS, step=STEP)
        by_window = _robust(np.sqrt(energies.reshape(len(energies), -1)))
        by_window = np.concatenate([np.zeros_like(by_window[:1]), by_window])
        scores[:, -by_window.shape[1] :] = by_window[last_window(rows, spectral)]
    return Features(filled, sensors, scores)


def _robust(values: Any) -> Any:
    return acm.zscore(values, method="robust", clip=CLIP)


def detectors(features: Features, clock: Clock) -> Detectors:
    """Five views of each row."""
    with clock("PCA"):
        spe, t2 = acm.pca_spe_t2(features.scores, acm.pca_fit(features.scores, COMPONENTS))
    with clock("isolation forest"):
        forest = acm.fit_isolation_forest(features.scores, n_trees=TREES, max_samples=TREE_ROWS, random_state=SEED)
        isolation = -acm.isolation_forest_score(features.scores, forest)
    with clock("AR(1)"):
        unexpected = innovation(features.filled)
    with clock("Mahalanobis"):
        return Detectors(spe, t2, unexpected, isolation, distance(features.sensors))


def innovation(filled: Any) -> Any:
    """Root mean square over the sensors of what their past does not explain, each in units of its usual size."""
    residuals = acm.ar1_residuals(filled, *acm.ar1_coefficients(filled))
    scaled = _robust(residuals)
    return np.sqrt(np.einsum("ij,ij->i", scaled, scaled) / scaled.shape[1])


def distance(sensors: Any) -> Any:
    """Squared Mahalanobis distance from the mean."""
    mean, rows = sensors.mean(axis=0), len(sensors)
    covariance = acm.cross_sums(sensors, mean).products / rows
    # `pinv` would leave BLAS threads that spin for 30 ms behind it, next to what comes then.
    return acm.mahalanobis(sensors, mean, np.linalg.inv(covariance))


def clustering(sensors: Any, detectors: Detectors, clock: Clock) -> Regimes:
    """The regimes with the best silhouette, and each row's health in its own."""
    found, silhouettes = [], []
    for count in CLUSTERS:
        with clock("k-means"):
            labels = acm.kmeans(sensors, count, random_state=SEED).labels
        with clock("silhouette"):
            sample = min(SILHOUETTE_ROWS, len(sensors))
            score = acm.silhouette_score(sensors, labels, sample_size=sample, random_state=SEED)
        silhouettes.append(score)
        found.append(labels)
    labels = found[int(np.argmax(silhouettes))]
    with clock("health"):
        return Regimes(labels, tuple(silhouettes), health(detectors, labels))


def health(detectors: Detectors, labels: Any) -> Any:
    """100 where the middle one of the detectors finds the row ordinary for its regime; over a few rows."""
    roots = np.sqrt(np.column_stack(detectors))
    scores = np.empty_like(roots)
    for regime in range(labels.max() + 1):
        rows = labels == regime
        scores[rows] = acm.zscore(roots[rows], method="robust")
    low, high = HEALTH_RANGE
    points = 100 * (1 - np.clip((np.median(scores, axis=1) - low) / (high - low), 0, 1))
    return acm.rolling_median(points[:, None], HEALTH_ROWS, min_periods=1)[:, 0]
