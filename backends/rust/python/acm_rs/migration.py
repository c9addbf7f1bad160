"""The names under which the migration plan knows the kernels: float64 and Rust only, otherwise as their operations.

`StreamingStatistics` is the one of `acm_dispatch`, which follows the policy in force.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import acm_dispatch
from acm_dispatch import StreamingStatistics

__all__ = [
    "StreamingStatistics",
    "build_lagged_features_f64",
    "column_median_mad_f64",
    "compute_ar1_coefficients",
    "matmul_f64",
    "median_impute_f64",
    "multi_quantile_f64",
    "pairwise_distances_argmin_f64",
    "pairwise_euclidean_f64",
    "pca_reconstruct_f64",
    "rolling_mad_f64",
    "rolling_mean_std_f64",
    "rolling_median_f64",
    "silhouette_score_euclidean",
    "truncated_svd_f64",
    "zscore_normalize_f64",
]

_Floats = NDArray[np.float64]


def _float64(values: ArrayLike) -> _Floats:
    return np.asarray(values, dtype=np.float64)


def pairwise_euclidean_f64(x: ArrayLike, y: ArrayLike) -> _Floats:
    """See `acm_dispatch.pairwise_euclidean`."""
    return acm_dispatch.pairwise_euclidean(_float64(x), _float64(y), backend="rust")


def pairwise_distances_argmin_f64(x: ArrayLike, centers: ArrayLike) -> NDArray[np.int32]:
    """See `acm_dispatch.pairwise_distances_argmin`; int32."""
    nearest = acm_dispatch.pairwise_distances_argmin(_float64(x), _float64(centers), backend="rust")
    return nearest.astype(np.int32)


def silhouette_score_euclidean(data: ArrayLike, labels: ArrayLike, sample_size: int | None = None) -> float:
    """See `acm_dispatch.silhouette_score`."""
    return acm_dispatch.silhouette_score(_float64(data), labels, sample_size=sample_size, backend="rust")


def matmul_f64(a: ArrayLike, b: ArrayLike) -> _Floats:
    """See `acm_dispatch.matmul`."""
    return acm_dispatch.matmul(_float64(a), _float64(b), backend="rust")


def pca_reconstruct_f64(scores: ArrayLike, components: ArrayLike) -> _Floats:
    """See `acm_dispatch.pca_reconstruct`; without a mean."""
    return acm_dispatch.pca_reconstruct(_float64(scores), _float64(components), backend="rust")


def truncated_svd_f64(data: ArrayLike, n_components: int) -> tuple[_Floats, _Floats, _Floats]:
    """See `acm_dispatch.truncated_svd`."""
    return acm_dispatch.truncated_svd(_float64(data), n_components, backend="rust")


def column_median_mad_f64(data: ArrayLike) -> tuple[_Floats, _Floats]:
    """See `acm_dispatch.column_median_mad`."""
    return acm_dispatch.column_median_mad(_float64(data), backend="rust")


def multi_quantile_f64(data: ArrayLike, quantiles: ArrayLike) -> Any:
    """See `acm_dispatch.quantiles`."""
    return acm_dispatch.quantiles(_float64(data), quantiles, backend="rust")


def zscore_normalize_f64(data: ArrayLike, center: ArrayLike | None = None, scale: ArrayLike | None = None) -> _Floats:
    """See `acm_dispatch.zscore`; robust where centre or scale is not given."""
    return acm_dispatch.zscore(_float64(data), center, scale, method="robust", backend="rust")


def median_impute_f64(data: ArrayLike, fill_values: ArrayLike | None = None) -> _Floats:
    """See `acm_dispatch.impute`."""
    return acm_dispatch.impute(_float64(data), fill_values, backend="rust")


def build_lagged_features_f64(data: ArrayLike, max_lag: int) -> _Floats:
    """See `acm_dispatch.lagged_features`: lag 0 included, column by column."""
    return acm_dispatch.lagged_features(_float64(data), max_lag, backend="rust")


def compute_ar1_coefficients(data: ArrayLike, epsilon: float) -> tuple[_Floats, _Floats]:
    """See `acm_dispatch.ar1_coefficients`."""
    return acm_dispatch.ar1_coefficients(_float64(data), epsilon=epsilon, backend="rust")


def rolling_median_f64(data: ArrayLike, window: int, min_periods: int = 1) -> _Floats:
    """See `acm_dispatch.rolling_median`."""
    return acm_dispatch.rolling_median(_float64(data), window, min_periods=min_periods, backend="rust")


def rolling_mad_f64(data: ArrayLike, window: int, min_periods: int = 1) -> _Floats:
    """See `acm_dispatch.rolling_mad`; unscaled."""
    return acm_dispatch.rolling_mad(_float64(data), window, min_periods=min_periods, backend="rust")


def rolling_mean_std_f64(data: ArrayLike, window: int, min_periods: int = 1) -> tuple[_Floats, _Floats]:
    """See `acm_dispatch.rolling_mean` and `acm_dispatch.rolling_std`."""
    data, options = _float64(data), {"min_periods": min_periods, "backend": "rust"}
    return acm_dispatch.rolling_mean(data, window, **options), acm_dispatch.rolling_std(data, window, **options)
