"""The chain with NumPy, pandas and scikit-learn, without a loop over rows."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.fft import rfft
from sklearn.cluster import KMeans
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import silhouette_score

from . import (
    BANDS,
    CLIP,
    CLUSTERS,
    COMPONENTS,
    FLOOR,
    HEALTH_RANGE,
    HEALTH_ROWS,
    NORMAL_CONSISTENCY,
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


def features(x: Any, clock: Clock) -> Features:
    """Gaps filled, then rolling statistics and band energies as robust scores."""
    window, spectral = window_rows(len(x))
    with clock("gaps"):
        frame = pd.DataFrame(x)
        filled = frame.fillna(frame.median())
        values = filled.to_numpy()
    rolling = filled.rolling(window)
    with clock("mean, std"):
        blocks = [filled, rolling.mean(), rolling.std()]
    with clock("median"):
        medians = rolling.median()
    with clock("MAD"):
        mads = pd.DataFrame(rolling_mad(values, medians.to_numpy(), window))
    with clock("slope"):
        blocks += [medians, mads, pd.DataFrame(slopes(values, window))]
    with clock("scores"):
        scores = robust(pd.concat(blocks, axis=1)).fillna(0.0).to_numpy()
    with clock("spectra"):
        by_window = robust(pd.DataFrame(amplitudes(values, spectral))).to_numpy()
        by_window = np.vstack([np.zeros(by_window.shape[1]), by_window])
        spectra = by_window[last_window(len(x), spectral)]
    with clock("scores"):
        return Features(values, scores[:, : x.shape[1]], np.hstack([scores, spectra]))


def robust(frame: pd.DataFrame) -> pd.DataFrame:
    """Distances from each column's median in units of its MAD."""
    centred = frame - frame.median()
    scale = NORMAL_CONSISTENCY * centred.abs().median()
    return (centred / scale.clip(lower=FLOOR)).clip(-CLIP, CLIP)


def rolling_mad(values: Any, medians: Any, window: int) -> Any:
    """The median absolute deviation within each window.

    pandas has no such statistic, and `rolling.apply` takes half a minute for each 10,000 rows. What a user of NumPy
    does is a partition of all windows of a column at once (of all columns, at 100,000 rows, it would need 2.4 GB a
    copy), around the rolling medians that are there already.
    """
    mads = np.full(values.shape, np.nan)
    for column, (series, middle) in enumerate(zip(values.T, medians.T, strict=True)):
        deviations = np.abs(sliding_window_view(series, window) - middle[window - 1 :, None])
        mads[window - 1 :, column] = np.median(deviations, axis=1, overwrite_input=True)
    return mads


def slopes(values: Any, window: int) -> Any:
    """Least squares against time: a weighted sum of each window."""
    time = np.arange(window) - (window - 1) / 2
    result = np.full(values.shape, np.nan)
    result[window - 1 :] = sliding_window_view(values, window, axis=0) @ (time / (time @ time))
    return result


def amplitudes(values: Any, window: int) -> Any:
    """Square roots of the energies of all columns' windows in each band."""
    windows = sliding_window_view(values, window, axis=0)[::STEP]
    power = np.abs(rfft(windows - windows.mean(axis=2, keepdims=True), axis=2)) ** 2
    frequencies = np.fft.rfftfreq(window)
    inside = [(frequencies >= low) & ((frequencies < high) | (high == 0.5)) for low, high in BANDS]
    return np.sqrt(np.stack([power[:, :, band].sum(axis=2) for band in inside], axis=2)).reshape(len(windows), -1)


def detectors(features: Features, clock: Clock) -> Detectors:
    """Five views of each row."""
    with clock("PCA"):
        spe, t2 = principal(features.scores)
    with clock("isolation forest"):
        isolation = -isolation_forest(features.scores).score_samples(features.scores)
    with clock("AR(1)"):
        unexpected = innovation(features.filled)
    with clock("Mahalanobis"):
        distance = EmpiricalCovariance().fit(features.sensors).mahalanobis(features.sensors)
    return Detectors(spe, t2, unexpected, isolation, distance)


def principal(scores: Any) -> tuple[Any, Any]:
    """Squared error of what the leading components rebuild, and Hotelling's T2 within them."""
    pca = PCA(COMPONENTS).fit(scores)
    projected = pca.transform(scores)
    residuals = scores - pca.inverse_transform(projected)
    spe = np.einsum("ij,ij->i", residuals, residuals)
    return spe, (projected**2 / np.maximum(pca.explained_variance_, 1e-12)).sum(axis=1)


def isolation_forest(scores: Any, seed: int = SEED) -> IsolationForest:
    """Grown on `scores`; on as many threads as everybody has."""
    return IsolationForest(
        n_estimators=TREES,
        max_samples=min(TREE_ROWS, len(scores)),
        random_state=seed,
        n_jobs=int(os.environ.get("OMP_NUM_THREADS", 1)),
    ).fit(scores)


def innovation(filled: Any) -> Any:
    """Root mean square over the sensors of what their past does not explain, each in units of its usual size."""
    centred = filled - filled.mean(axis=0)
    squares = (centred[:-1] ** 2).sum(axis=0)
    phi = np.clip((centred[1:] * centred[:-1]).sum(axis=0) / squares, -0.999, 0.999)
    residuals = centred.copy()
    residuals[1:] -= phi * centred[:-1]
    scaled = robust(pd.DataFrame(residuals)).to_numpy()
    return np.sqrt((scaled**2).mean(axis=1))


def clustering(sensors: Any, detectors: Detectors, clock: Clock) -> Regimes:
    """The regimes with the best silhouette, and each row's health in its own."""
    found, silhouettes = [], []
    for count in CLUSTERS:
        with clock("k-means"):
            labels = KMeans(count, n_init=1, random_state=SEED).fit(sensors).labels_
        with clock("silhouette"):
            sample = min(SILHOUETTE_ROWS, len(sensors))
            score = silhouette_score(sensors, labels, sample_size=sample, random_state=SEED)
        silhouettes.append(score)
        found.append(labels)
    labels = found[int(np.argmax(silhouettes))]
    with clock("health"):
        return Regimes(labels, tuple(silhouettes), health(detectors, labels))


def health(detectors: Detectors, labels: Any) -> Any:
    """100 where the middle one of the detectors finds the row ordinary for its regime; over a few rows."""
    roots = pd.DataFrame(np.sqrt(np.column_stack(detectors)))
    centred = roots - roots.groupby(labels).transform("median")
    scale = NORMAL_CONSISTENCY * centred.abs().groupby(labels).transform("median")
    scores = centred / scale.clip(lower=FLOOR)
    low, high = HEALTH_RANGE
    points = 100 * (1 - ((scores.median(axis=1) - low) / (high - low)).clip(0, 1))
    return points.rolling(HEALTH_ROWS, min_periods=1).median().to_numpy()
