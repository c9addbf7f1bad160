"""The backend that is always there: each operation's reference, or a faster NumPy form of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from importlib.util import find_spec
from typing import Any, cast

import numpy as np

from .backend import Backend
from .registry import register_backend
from .threads import usable_cores


class _BlasBudget:
    """The least budget of all calls that are running: the number of BLAS threads belongs to the process.

    Each call that lowered and raised it by itself would bring back what it found, which may be another call's limit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._controller: Any = None
        self._running: list[int] = []
        self._original: Any = None

    def enter(self, threads: int) -> None:
        with self._lock:
            if self._controller is None:
                self._controller = _controller()
            limits = self._controller.limit(limits=min([threads, *self._running]))
            if not self._running:
                self._original = limits
            self._running.append(threads)

    def leave(self, threads: int) -> None:
        with self._lock:
            self._running.remove(threads)
            if not self._running:
                self._original.restore_original_limits()
            else:
                self._controller.limit(limits=min(self._running))


_budget = _BlasBudget()


def _controller() -> Any:
    import threadpoolctl  # type: ignore[import-untyped] - it ships no types

    return cast("Any", threadpoolctl).ThreadpoolController()


def _bind(function: Callable[..., Any], threads: int) -> Callable[..., Any]:
    """BLAS already uses every core; a smaller budget has to be imposed on it for the call."""
    if threads >= usable_cores() or find_spec("threadpoolctl") is None:
        return function  # threadpoolctl is an extra: without it NumPy's own threads are left alone

    @wraps(function)
    def limited(*arguments: Any) -> Any:
        _budget.enter(threads)
        try:
            return function(*arguments)
        finally:
            _budget.leave(threads)

    return limited


numpy_backend = Backend("numpy", bind=_bind, version=np.__version__)
register_backend(numpy_backend)
