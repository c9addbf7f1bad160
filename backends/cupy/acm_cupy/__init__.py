"""GPU kernels for `acm_dispatch` by way of CuPy.

A kernel is a function of an array namespace ``xp`` and its operands (``zscore(xp, x, center, ...)``). With CuPy as
``xp`` the kernels form the backend `backend`; `build` makes the same kernels a backend on any other namespace, so that
a machine without a GPU can put them through the conformance kit:

    import numpy
    from acm_cupy import build
    from acm_cupy.testing import strict_backend
    from acm_dispatch import register_backend

    register_backend(build("cupy_on_numpy", numpy))  # the arithmetic
    register_backend(strict_backend("cupy_on_strict"))  # refuses what CuPy refuses, copies to a pretended device

Importing this package does not load CuPy; whether it can run is found out by the first call that may use it.
"""

from collections.abc import Callable
from typing import Any

from acm_dispatch import Backend

from .device import to_device, to_host, unavailable

#: Products are left to a library, and windows are summed up in strips.
_BY_PLACE = (
    *("mahalanobis", "matmul", "pca_reconstruct", "spe_t2"),
    *("rolling_kurt", "rolling_mean", "rolling_skew", "rolling_slope", "rolling_std"),
)

backend = Backend(
    "cupy",
    modules=("acm_cupy.kernels",),
    available=unavailable,
    arrays="cupy",
    to_device=to_device,
    to_host=to_host,
    by_place=_BY_PLACE,
    tiles=(32, 128, 256, 1024),  # threads of a block, and sums in one piece
    version="0.1.0",
)


def build(
    name: str,
    xp: Any,
    *,
    arrays: str = "numpy",
    to_device: Callable[[Any], Any] | None = None,
    to_host: Callable[[Any], Any] | None = None,
) -> Backend:
    """All kernels of this package as a backend that computes with the array functions of `xp`.

    Parameters
    ----------
    name : str
    xp : namespace
        NumPy, or what offers the same functions.
    arrays, to_device, to_host
        As in `acm_dispatch.Backend`; by default the arrays are NumPy's.
    """
    from .kernels import register

    built = Backend(
        name,
        arrays=arrays,
        to_device=to_device,
        to_host=to_host,
        by_place=backend.by_place,
        tiles=backend.tiles,
        version=backend.version,
    )
    register(built, xp)
    return built
