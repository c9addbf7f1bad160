"""The backend that is always there: each operation's reference, or a faster NumPy form of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from .backend import Backend
from .registry import register_backend
from .threads import usable_cores


def _bind(function: Callable[..., Any], threads: int) -> Callable[..., Any]:
    """BLAS already uses every core; a smaller budget has to be imposed on it for the call."""
    if threads >= usable_cores():
        return function
    try:
        import threadpoolctl  # type: ignore[import-untyped] - it ships no types
    except ImportError:  # an extra: without it NumPy's own threads are left alone
        return function
    controller: Any = threadpoolctl.ThreadpoolController()

    @wraps(function)
    def limited(*arguments: Any) -> Any:
        with controller.limit(limits=threads):
            return function(*arguments)

    return limited


numpy_backend = Backend("numpy", bind=_bind, version=np.__version__)
register_backend(numpy_backend)
