"""The decorator that makes a function a kernel of this package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Declared(NamedTuple):
    """A function of an array namespace and an operation's parameters, and that operation's name."""

    operation: str
    function: Callable[..., Any]


KERNELS: list[Declared] = []


def kernel(operation: str) -> Callable[[F], F]:
    """Declare the function ``(xp, *parameters)`` a kernel of `operation`, on every array namespace `xp`."""

    def declare(function: F) -> F:
        KERNELS.append(Declared(operation, function))
        return function

    return declare
