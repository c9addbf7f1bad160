"""The decorator that makes a function a fused kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..declared import Declared

F = TypeVar("F", bound=Callable[..., Any])

FUSED: list[Declared] = []


def fused(operation: str) -> Callable[[F], F]:
    """Declare the function ``(xp, *parameters)`` a kernel of `operation` where `xp` is CuPy itself."""

    def declare(function: F) -> F:
        FUSED.append(Declared(operation, function))
        return function

    return declare
