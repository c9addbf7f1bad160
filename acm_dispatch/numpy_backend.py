"""The backend that is always there: each operation's reference, or a faster NumPy form of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, cast

import numpy as np

from .backend import Backend, Kernel
from .declaration import TOLERANCE, Declaration
from .registry import register_backend
from .threads import usable_cores

# The number of BLAS threads belongs to the process, and only the thread that changed it may change it back: so one
# call at a time limits it, and calls beside that one run under whatever holds while they do.
_limiting = threading.Lock()


def _bind(function: Callable[..., Any], threads: int) -> Callable[..., Any]:
    """BLAS already uses every core; a smaller budget has to be imposed on it for the call."""
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
            with controller.limit(limits=threads):
                return function(*arguments)
        finally:
            _limiting.release()

    return limited


numpy_backend = Backend("numpy", bind=_bind, thread_invariant=False, tiles=(100, 256), version=np.__version__)
register_backend(numpy_backend)


@cache
def reference_kernel(contract: Declaration) -> Kernel:
    """The body of an operation as NumPy's kernel: it takes every call."""
    return Kernel(contract.name, contract.run_reference, tuple(TOLERANCE), "bitwise", False, 0, None)
