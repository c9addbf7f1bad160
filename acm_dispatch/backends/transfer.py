"""Copies of arrays between the host and the device that they live on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from ..contract.arrays import kind_of
from ..errors import BackendError
from . import registry
from .backend import Backend


def device_of(kind: str) -> Backend:
    """The backend that copies between NumPy's arrays and those of `kind`."""
    for backend in registry.backends().values():
        if backend.arrays == kind:
            return backend
    raise BackendError("array", {kind: f"no installed backend takes {kind} arrays"})


def to_host(value: Any) -> Any:
    """A device array's NumPy copy; anything else as it is."""
    kind = kind_of(value)
    return value if kind == "numpy" else device_of(kind).to_host(value)


def to_device_of(array: Any, value: Any) -> Any:
    """`value`, copied to the device where `array` is on one and it is not."""
    kind = kind_of(array)
    return value if kind in ("numpy", kind_of(value)) else device_of(kind).to_device(np.asarray(value))


def with_transfers(
    call: Callable[..., Any], inward: Callable[..., Any], outward: Callable[..., Any]
) -> Callable[..., Any]:
    """`call` between copies of its arrays `inward` and of its results `outward`."""

    def copied(*arguments: Any) -> Any:
        result = call(*(inward(value) if hasattr(value, "dtype") else value for value in arguments))
        return tuple(map(outward, cast("tuple[Any, ...]", result))) if isinstance(result, tuple) else outward(result)

    return copied
