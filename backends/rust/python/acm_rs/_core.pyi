"""Kernels: the number of threads first, then the operation's arguments, all by position."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ar1_coefficients",
    "ar1_residuals",
    "assigned_distances",
    "band_energy",
    "bfill",
    "build",
    "column_mean_variance",
    "column_median_mad",
    "column_moments",
    "column_quantiles",
    "column_sums",
    "cross_sums",
    "csr_matmul",
    "csr_matvec",
    "ffill",
    "impute",
    "isa",
    "lagged_features",
    "lloyd_step",
    "mahalanobis",
    "matmul",
    "mean_path_length",
    "pairwise_distances_argmin",
    "pairwise_distances_argmin_min",
    "pairwise_euclidean",
    "pca_fit",
    "pca_reconstruct",
    "pearson",
    "power_spectrum",
    "rolling_kurt",
    "rolling_mad",
    "rolling_max",
    "rolling_mean",
    "rolling_median",
    "rolling_min",
    "rolling_skew",
    "rolling_slope",
    "rolling_std",
    "silhouette_samples",
    "sparse_correlation",
    "spe_t2",
    "spearman",
    "truncated_svd",
    "zscore",
]

_Float = TypeVar("_Float", np.float32, np.float64)
_Index = NDArray[np.int32] | NDArray[np.int64]

def build() -> str: ...
def isa() -> str: ...
def ar1_coefficients(
    threads: int,
    x: NDArray[_Float],
    epsilon: float = 1e-12,
    center: str = "mean",
    missing: str = "drop",
    /,
) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
def ar1_residuals(
    threads: int, x: NDArray[_Float], phi: NDArray[_Float], mu: NDArray[_Float], /
) -> NDArray[_Float]: ...
def assigned_distances(
    threads: int, x: NDArray[_Float], centers: NDArray[_Float], labels: NDArray[np.int64], /
) -> NDArray[_Float]: ...
def pairwise_euclidean(threads: int, x: NDArray[_Float], y: NDArray[_Float] | None = None, /) -> NDArray[_Float]: ...
def pairwise_distances_argmin(threads: int, x: NDArray[_Float], y: NDArray[_Float], /) -> NDArray[np.int64]: ...
def pairwise_distances_argmin_min(
    threads: int, x: NDArray[_Float], y: NDArray[_Float], /
) -> tuple[NDArray[np.int64], NDArray[_Float]]: ...
def silhouette_samples(threads: int, x: NDArray[_Float], codes: NDArray[np.int64], /) -> NDArray[_Float]: ...
def column_median_mad(
    threads: int, x: NDArray[_Float], scale: float = 1.4826, missing: str = "nonfinite", /
) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
def zscore(
    threads: int,
    x: NDArray[_Float],
    center: NDArray[_Float] | None = None,
    scale: NDArray[_Float] | None = None,
    method: str = "standard",
    ddof: int = 0,
    floor: float = 1e-6,
    clip: float | None = None,
    /,
) -> NDArray[_Float]: ...
def impute(
    threads: int, x: NDArray[_Float], fill: NDArray[_Float] | None = None, missing: str = "nonfinite", /
) -> NDArray[_Float]: ...
def ffill(threads: int, x: NDArray[_Float], limit: int | None = None, /) -> NDArray[_Float]: ...
def bfill(threads: int, x: NDArray[_Float], limit: int | None = None, /) -> NDArray[_Float]: ...
def lagged_features(
    threads: int, x: NDArray[_Float], max_lag: int, include_current: bool = True, order: str = "column", /
) -> NDArray[_Float]: ...
def column_moments(
    threads: int, x: NDArray[_Float], ddof: int = 0, /
) -> tuple[NDArray[np.int64] | NDArray[_Float], ...]: ...
def column_sums(threads: int, x: NDArray[_Float], /) -> tuple[NDArray[np.float64] | NDArray[np.int64], ...]: ...
def column_quantiles(
    threads: int,
    x: NDArray[_Float],
    q: Sequence[float],
    method: str = "linear",
    missing: str = "nonfinite",
    /,
) -> NDArray[_Float]: ...
def rolling_kurt(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_mad(
    threads: int, x: NDArray[_Float], window: int, scale: float = 1.0, min_periods: int = 1, /
) -> NDArray[_Float]: ...
def rolling_max(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_mean(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_median(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_min(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_skew(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_slope(threads: int, x: NDArray[_Float], window: int, min_periods: int = 1, /) -> NDArray[_Float]: ...
def rolling_std(
    threads: int, x: NDArray[_Float], window: int, ddof: int = 1, min_periods: int = 1, /
) -> NDArray[_Float]: ...
def pearson(threads: int, x: NDArray[_Float], /) -> NDArray[_Float]: ...
def spearman(threads: int, x: NDArray[_Float], /) -> NDArray[_Float]: ...
def sparse_correlation(
    threads: int, x: NDArray[_Float], threshold: float, /
) -> tuple[NDArray[_Float], NDArray[np.int64], NDArray[np.int64]]: ...
def csr_matmul(
    threads: int, data: NDArray[_Float], indices: _Index, indptr: _Index, b: NDArray[_Float], /
) -> NDArray[_Float]: ...
def csr_matvec(
    threads: int, data: NDArray[_Float], indices: _Index, indptr: _Index, v: NDArray[_Float], /
) -> NDArray[_Float]: ...
def band_energy(
    threads: int, x: NDArray[_Float], window: int, bands: Sequence[tuple[float, float]], step: int = 1, /
) -> NDArray[_Float]: ...
def power_spectrum(
    threads: int,
    x: NDArray[_Float],
    detrend: str = "mean",
    window: str = "hann",
    segment: int = 256,
    overlap: int = 128,
    /,
) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
def matmul(threads: int, a: NDArray[_Float], b: NDArray[_Float], /) -> NDArray[_Float]: ...
def pca_reconstruct(
    threads: int, scores: NDArray[_Float], components: NDArray[_Float], mean: NDArray[_Float] | None = None, /
) -> NDArray[_Float]: ...
def mahalanobis(
    threads: int, x: NDArray[_Float], mean: NDArray[_Float], precision: NDArray[_Float], /
) -> NDArray[_Float]: ...
def spe_t2(
    threads: int,
    x: NDArray[_Float],
    mean: NDArray[_Float],
    components: NDArray[_Float],
    variance: NDArray[_Float],
    /,
) -> tuple[NDArray[_Float], NDArray[_Float]]: ...
def truncated_svd(
    threads: int, x: NDArray[_Float], n_components: int, /
) -> tuple[NDArray[_Float], NDArray[_Float], NDArray[_Float]]: ...
def pca_fit(
    threads: int, x: NDArray[_Float], n_components: int, /
) -> tuple[NDArray[_Float], NDArray[_Float], NDArray[_Float]]: ...
def lloyd_step(
    threads: int, x: NDArray[_Float], centers: NDArray[_Float], /
) -> tuple[NDArray[np.int64], NDArray[_Float], NDArray[np.int64]]: ...
def mean_path_length(
    threads: int,
    x: NDArray[_Float],
    roots: NDArray[np.int64],
    feature: NDArray[np.int64],
    threshold: NDArray[_Float],
    left: NDArray[np.int64],
    path_length: NDArray[_Float],
    /,
) -> NDArray[_Float]: ...
def column_mean_variance(
    threads: int, x: NDArray[_Float], /
) -> tuple[NDArray[np.float64] | NDArray[np.int64], ...]: ...
def cross_sums(
    threads: int, x: NDArray[_Float], origin: NDArray[_Float], /
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]: ...
