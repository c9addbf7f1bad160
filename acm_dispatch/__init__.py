"""Array operations, each defined once, each call run by the fastest correct implementation present."""

from typing import TYPE_CHECKING, Any

from .backends import registry as registry
from .backends.backend import Backend, Call
from .backends.numpy import numpy_backend
from .backends.registry import register_backend, unregister_backend
from .contract import options
from .contract.samples import Samples
from .errors import (
    BackendError,
    BackendNotFoundError,
    ConfigurationError,
    DeclarationError,
    DispatchError,
    DispatchWarning,
    InvalidInput,
    OperationNotFoundError,
    Unsupported,
)
from .execution.composition import composition
from .execution.operation import explain, operation
from .execution.propagation import propagate
from .execution.recording import record_workload
from .execution.tracing import trace
from .ops.ar1 import AR1, ar1_coefficients, ar1_residuals
from .ops.correlation import pearson, sparse_correlation, spearman
from .ops.cross_sums import CrossSums, cross_sums
from .ops.distances import (
    assigned_distances,
    pairwise_distances_argmin,
    pairwise_distances_argmin_min,
    pairwise_euclidean,
)
from .ops.imputation import bfill, ffill, impute
from .ops.isolation_forest import IsolationForest, fit_isolation_forest, isolation_forest_score, mean_path_length
from .ops.kmeans import KMeansResult, kmeans, lloyd_step
from .ops.lags import lagged_features
from .ops.mahalanobis import mahalanobis
from .ops.matmul import matmul
from .ops.moments import MeanVariance, Moments, Sums, column_mean_variance, column_moments, column_sums
from .ops.normalization import zscore
from .ops.pca import PCAModel, pca_fit, pca_reconstruct, pca_spe_t2, spe_t2
from .ops.quantiles import column_quantiles, quantiles
from .ops.robust_stats import column_median_mad
from .ops.rolling import (
    rolling_kurt,
    rolling_mad,
    rolling_max,
    rolling_mean,
    rolling_median,
    rolling_min,
    rolling_skew,
    rolling_slope,
    rolling_std,
)
from .ops.silhouette import silhouette_samples, silhouette_score
from .ops.sparse import csr_matmul, csr_matvec, sparse_matmul, sparse_matvec
from .ops.spectral import band_energy, power_spectrum
from .ops.streaming import StreamingResult, StreamingStatistics
from .ops.svd import truncated_svd
from .policy.layers import current_policy, reload_config
from .policy.resolved import config
from .policy.scopes import set_backend, use

__version__ = "0.1.0"

__all__ = [
    "AR1",
    "Backend",
    "BackendError",
    "BackendNotFoundError",
    "Call",
    "ConfigurationError",
    "CrossSums",
    "DeclarationError",
    "DispatchError",
    "DispatchWarning",
    "InvalidInput",
    "IsolationForest",
    "KMeansResult",
    "MeanVariance",
    "Moments",
    "OperationNotFoundError",
    "PCAModel",
    "Samples",
    "StreamingResult",
    "StreamingStatistics",
    "Sums",
    "Unsupported",
    "ar1_coefficients",
    "ar1_residuals",
    "assigned_distances",
    "band_energy",
    "bfill",
    "column_mean_variance",
    "column_median_mad",
    "column_moments",
    "column_quantiles",
    "column_sums",
    "composition",
    "config",
    "cross_sums",
    "csr_matmul",
    "csr_matvec",
    "current_policy",
    "explain",
    "ffill",
    "fit_isolation_forest",
    "freeze",
    "impute",
    "info",
    "isolation_forest_score",
    "kmeans",
    "lagged_features",
    "lloyd_step",
    "mahalanobis",
    "matmul",
    "mean_path_length",
    "numpy_backend",
    "operation",
    "options",
    "pairwise_distances_argmin",
    "pairwise_distances_argmin_min",
    "pairwise_euclidean",
    "pca_fit",
    "pca_reconstruct",
    "pca_spe_t2",
    "pearson",
    "power_spectrum",
    "propagate",
    "quantiles",
    "record_workload",
    "register_backend",
    "reload_config",
    "rolling_kurt",
    "rolling_mad",
    "rolling_max",
    "rolling_mean",
    "rolling_median",
    "rolling_min",
    "rolling_skew",
    "rolling_slope",
    "rolling_std",
    "set_backend",
    "silhouette_samples",
    "silhouette_score",
    "sparse_correlation",
    "sparse_matmul",
    "sparse_matvec",
    "spe_t2",
    "spearman",
    "trace",
    "truncated_svd",
    "tune",
    "unregister_backend",
    "use",
    "zscore",
]


if TYPE_CHECKING:
    from .describe import info
    from .tuning.freezing import freeze
    from .tuning.tune import tune


def __getattr__(name: str) -> Any:
    """What most programs never ask for, when it is first asked for."""
    if name == "tune":
        from .tuning.tune import tune

        return tune
    if name == "info":
        from .describe import info

        return info
    if name == "freeze":
        from .tuning.freezing import freeze

        return freeze
    raise AttributeError(f"module 'acm_dispatch' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What completion offers: the public names. Modules of the package are imported by their own."""
    return sorted([*__all__, "__version__"])
