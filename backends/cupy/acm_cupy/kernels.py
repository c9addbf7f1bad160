"""Every kernel by the name of its operation; importing this registers them with CuPy, if CuPy is there."""

from __future__ import annotations

from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

import numpy as np

from acm_dispatch import registry

from . import (
    ar1,
    backend,
    clustering,
    correlation,
    detectors,
    device,
    distances,
    imputation,
    kmeans,
    lags,
    linalg,
    moments,
    normalization,
    pca,
    quantiles,
    robust_stats,
    rolling,
    rolling_order,
    sparse,
    spectral,
    streaming,
    svd,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from acm_dispatch import Backend

_FAMILIES = (
    ar1,
    clustering,
    correlation,
    detectors,
    distances,
    imputation,
    kmeans,
    lags,
    linalg,
    moments,
    normalization,
    pca,
    quantiles,
    robust_stats,
    rolling,
    rolling_order,
    sparse,
    spectral,
    streaming,
    svd,
)

#: The functions of the families that are named for an operation.
KERNELS = tuple(vars(family)[name] for family in _FAMILIES for name in vars(family).keys() & registry.operations.keys())


def register(target: Backend, xp: Any, guard: Callable[[Callable[..., Any]], Callable[..., Any]] | None = None) -> None:
    """Make all `KERNELS`, computing with `xp`, kernels of `target`; `guard` goes around each call."""
    for function in KERNELS:
        target.kernel(function.__name__)((guard or _quiet)(update_wrapper(partial(function, xp), function)))


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy warns of 0 / 0 and the like; CuPy never does, and kernels are written for CuPy."""
    return np.errstate(all="ignore")(function)


if device.unavailable() is None:
    import cupy

    register(backend, cupy, device.retrying)
