"""Every kernel of the package; importing this registers them with CuPy, if CuPy is there."""

from __future__ import annotations

from functools import partial, update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend, device
from .cuda.declared import FUSED
from .cuda.program import HEADERS
from .declared import KERNELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from acm_dispatch import Backend

#: The modules with kernels.
FAMILIES = (
    "ar1",
    "correlation",
    "cross_sums",
    "distances",
    "imputation",
    "isolation_forest",
    "kmeans",
    "lags",
    "mahalanobis",
    "matmul",
    "moments",
    "normalization",
    "pca",
    "quantiles",
    "robust_stats",
    "rolling",
    "silhouette",
    "sparse",
    "spectral",
    "svd",
)
for _family in FAMILIES:
    import_module(f"{__package__}.{_family}")


def register(target: Backend, xp: Any, guard: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None) -> None:
    """Make all `KERNELS`, computing with `xp`, kernels of `target`; `guard` goes around each call."""
    for operation, function in KERNELS:
        target.kernel(operation)((guard or _quiet)(update_wrapper(partial(function, xp), function)))


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy warns of 0 / 0 and the like; CuPy never does, and kernels are written for CuPy."""
    return np.errstate(all="ignore")(function)


def register_fused(target: Backend, xp: Any) -> None:
    """Make the CUDA C++ kernels, launched through `xp`, kernels of `target`. Call it before `register`."""
    for family in HEADERS:
        import_module(f"{__package__}.cuda.{family}")
    for operation, function in FUSED:
        target.kernel(operation)(device.retrying(update_wrapper(partial(function, xp), function)))


if device.unavailable() is None:
    import cupy

    register_fused(backend, cupy)
    register(backend, cupy, device.retrying)
