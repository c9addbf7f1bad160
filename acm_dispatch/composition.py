"""Public functions made of operations: no kernels of their own, yet sampled and tested like operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from . import registry
from .samples import Samples

F = TypeVar("F", bound=Callable[..., Any])


class Composition(NamedTuple):
    """A function over operations; it passes ``backend=`` on to them, so every backend can be asked for it."""

    name: str
    function: Callable[..., Any]
    samples: Samples
    operations: tuple[str, ...]


def composition(*operations: Any, samples: Samples) -> Callable[[F], F]:
    """Register a function that calls `operations`; what it gives on NumPy is what every backend has to give."""

    def register(function: F) -> F:
        used = tuple(operation.__name__ for operation in operations)
        registry.compositions[function.__name__] = Composition(function.__name__, function, samples, used)
        return function

    return register
