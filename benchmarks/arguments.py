"""What the cases are called with: arrays that are drawn, what follows from them, and options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

import acm_dispatch

#: Rows of the windows in the rolling cases: an hour of minutes.
WINDOW = 60

#: Of the sliding windows of `band_energy`: rows from one to the next, and the bands.
STEP = 128
BANDS = ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5))

#: Of `sparse_correlation`.
THRESHOLD = 0.3

#: Of `truncated_svd` and the principal component models.
COMPONENTS = 5

#: Of `isolation_forest_score`, and what its trees are drawn with.
TREES = 100
FOREST_SEED = 7

#: Spread of the clusters' places in `kmeans`, in units of the spread around them: about ten steps until nothing moves.
_SPREAD = 0.4

Arguments = tuple[Any, ...]


def window_of(rows: int) -> int:
    """Rows of a sliding window."""
    return min(256, rows)


def overlap_of(rows: int) -> int:
    """Rows that neighbouring segments of `power_spectrum` share."""
    return window_of(rows) // 2


def _points(rng: np.random.Generator, n: int, m: int, d: int) -> Arguments:
    return rng.normal(size=(n, d)), rng.normal(size=(m, d))


def _clusters(rng: np.random.Generator, n: int, d: int, k: int) -> Arguments:
    labels = np.arange(n) % k
    return rng.normal(size=(n, d)) + labels[:, None], labels


def _started_clusters(rng: np.random.Generator, n: int, d: int, k: int) -> Arguments:
    x = rng.normal(size=(n, d)) + _SPREAD * rng.normal(size=(k, d))[rng.integers(k, size=n)]
    return x, k, x[:k].copy()


def _sensors(rng: np.random.Generator, n: int, d: int) -> Arguments:
    """Columns on different levels, as the operations' own samples have them."""
    levels, spreads = rng.uniform(-100, 100, size=d), rng.uniform(0.1, 10, size=d)
    x = rng.normal(size=(n, d))
    x *= spreads
    x += levels
    return (x,)


def _groups(rng: np.random.Generator, n: int, d: int) -> Arguments:
    """Columns of which every four share a factor."""
    return (rng.normal(size=(n, d)) + 1.2 * rng.normal(size=(n, d // 4 + 1))[:, np.arange(d) // 4],)


def _sparse(rng: np.random.Generator, n: int, c: int, *k: int) -> Arguments:
    from scipy.sparse import random_array

    matrix = random_array((n, c), density=0.01, format="csr", rng=rng)
    return matrix.data, matrix.indices, matrix.indptr, rng.normal(size=(c, *k))


def _factors(rng: np.random.Generator, n: int, k: int, m: int) -> Arguments:
    return rng.normal(size=(n, k)), rng.normal(size=(k, m))


def _scores(rng: np.random.Generator, n: int, k: int, d: int) -> Arguments:
    return *_factors(rng, n, k, d), rng.normal(size=d)


def _decomposed(rng: np.random.Generator, n: int, d: int) -> Arguments:
    """Columns of falling spread, so that every direction is one of its own."""
    return rng.normal(size=(n, d)) * np.linspace(3, 1, d), min(COMPONENTS, d)


def _correlated(rng: np.random.Generator, n: int, d: int) -> Arguments:
    shape = rng.normal(size=(d, d)) / 10 + np.eye(d)
    return rng.normal(size=(n, d)), rng.normal(size=d), shape @ shape.T


def _ordinary(rng: np.random.Generator, n: int, d: int) -> Arguments:
    return (rng.normal(size=(n, d)),)


def _chunk(rng: np.random.Generator, n: int, rows: int) -> Arguments:
    """One chunk, and how often it comes: as many values as asked for, without the memory."""
    return 20 + rng.normal(size=(rows, 1)), n // rows


def forest_model(x: Any) -> Any:
    """The forest that scikit-learn grows on `x`, the same each time."""
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=TREES, random_state=FOREST_SEED).fit(x)


def _nothing(x: np.ndarray) -> Arguments:
    return ()


def _center_and_scale(x: np.ndarray) -> Arguments:
    head = x[:10_000]
    return np.nanmean(head, axis=0), np.nanstd(head, axis=0)


def _fill(x: np.ndarray) -> Arguments:
    return (np.nanmean(x[:10_000], axis=0),)


def _three_lags(x: np.ndarray) -> Arguments:
    return (3,)


def _ten_lags(x: np.ndarray) -> Arguments:
    return (10,)


def _seven_levels(x: np.ndarray) -> Arguments:
    return ((0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99),)


def _model(x: np.ndarray) -> Arguments:
    return (acm_dispatch.pca_fit(x[:10_000], min(COMPONENTS, x.shape[1]), backend="numpy"),)


def _forest(x: np.ndarray) -> Arguments:
    return (acm_dispatch.IsolationForest.from_sklearn(forest_model(x)),)


def _origin(x: np.ndarray) -> Arguments:
    return (np.nanmean(x[:10_000], axis=0),)


def mean_and_variance_of_chunks(
    chunk: np.ndarray, times: int, *, backend: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Ours for `streaming`: a chunk that comes `times` times."""
    statistics = acm_dispatch.StreamingStatistics(chunk.shape[1], moments=2)
    with acm_dispatch.use(backend, strict=True) if backend else nullcontext():
        for _ in range(times):
            statistics.update(chunk)
    result = statistics.result()
    return result.mean, result.variance


#: How many arrays of which kind an operation takes, drawn from a case's size.
DRAWS: dict[str, Callable[..., Arguments]] = {
    "pairwise_euclidean": _points,
    "pairwise_distances_argmin": _points,
    "silhouette_score": _clusters,
    "kmeans": _started_clusters,
    "sparse_correlation": _groups,
    "csr_matvec": _sparse,
    "csr_matmul": _sparse,
    "matmul": _factors,
    "pca_reconstruct": _scores,
    "truncated_svd": _decomposed,
    "pca_fit": _decomposed,
    "pca_spe_t2": _ordinary,
    "mahalanobis": _correlated,
    "isolation_forest_score": _ordinary,
    "streaming": _chunk,
}

#: Of all other operations.
SENSORS = _sensors

#: What follows the arrays, by operation and variant.
DERIVED: dict[str, Callable[[np.ndarray], Arguments]] = {
    "zscore given": _center_and_scale,
    "impute given": _fill,
    "lagged_features three": _three_lags,
    "lagged_features lag": _three_lags,
    "lagged_features ten": _ten_lags,
    "column_quantiles": _seven_levels,
    "pca_spe_t2": _model,
    "isolation_forest_score": _forest,
    "cross_sums": _origin,
}
NOTHING = _nothing

#: Keywords of our calls, by variant or operation.
OPTIONS: dict[str, dict[str, Any]] = {
    "standard": {"method": "standard"},
    "robust": {"method": "robust"},
    "lag": {"order": "lag"},
    "sparse_correlation": {"threshold": THRESHOLD},
}

#: Which of the last arguments of our calls go by keyword.
KEYWORDS: dict[str, tuple[str, ...]] = {"kmeans": ("init",)}

#: Ours, where it is not the public function of the operation's name.
CALLS: dict[str, Callable[..., Any]] = {"streaming": mean_and_variance_of_chunks}

#: Options of a contract's samples that belong to the sample and not to the case.
OF_THE_SAMPLE = ("n_components",)
