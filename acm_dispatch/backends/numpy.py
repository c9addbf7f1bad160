"""The backend that is always there: each operation's reference, or a faster NumPy form of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import numpy as np

from ..contract.declaration import Declaration
from . import forksafe
from .backend import Backend, Kernel
from .registry import register_backend
from .threads import usable_cores

# The number of BLAS threads belongs to the process, and only the thread that changed it may change it back: so one
# call at a time limits it, and concurrent calls run under whatever holds while they do.
_limits: list[Any] = []


def _take_off() -> None:
    """In a child whose parent limited a call of another thread: the limit would stay for ever."""
    while _limits:
        with _limits.pop():  # leaving it brings back the numbers from before
            pass


_limiting = forksafe.Lock(_take_off)
# While a limit is put on or taken off, so that a forked child knows which it is.
_switching = forksafe.Lock(awaited=True)


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel in which NumPy follows IEEE 754 without warnings: the contract says what NaN and infinity do."""
    return np.errstate(all="ignore")(function)


def _bind(function: Callable[..., Any], threads: int) -> Callable[..., Any]:
    """BLAS already uses every core; a smaller budget has to be imposed on it for the call."""
    if not hasattr(function, "__self__"):  # a reference is quiet by itself
        function = quiet(function)
    if threads >= usable_cores():
        return function
    try:
        import threadpoolctl  # type: ignore[import-untyped] - it ships no types
    except ImportError:  # it is an extra: without it NumPy's own threads are left alone
        return function
    controller: Any = cast("Any", threadpoolctl).ThreadpoolController()

    @wraps(function)
    def limited(*arguments: Any) -> Any:
        if not _limiting.acquire(blocking=False):
            return function(*arguments)
        try:
            with _switching:
                _limits.append(controller.limit(limits=threads).__enter__())
            try:
                return function(*arguments)
            finally:
                with _switching:
                    _limits.pop().__exit__(None, None, None)
        finally:
            _limiting.release()

    return limited


#: The modules of `numpy_kernels` that register kernels, one a family.
_FAMILIES = (
    "correlation",
    "cross_sums",
    "distances",
    "imputation",
    "isolation_forest",
    "kmeans",
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

numpy_backend = Backend(
    "numpy",
    modules=[f"acm_dispatch.numpy_kernels.{family}" for family in _FAMILIES],
    bind=_bind,
    thread_invariant=False,
    tiles=(100, 256),
    version=np.__version__,
)
register_backend(numpy_backend)


def reference_kernel(contract: Declaration) -> Kernel:
    """The body of an operation as NumPy's last kernel: it takes every call."""
    return Kernel(contract.name, contract.run_reference, "reference", accuracy="bitwise", is_reference=True)
