"""``acm-dispatch explain``: a call's explanation from shapes alone, on zeros that are never touched."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import registry
from ..dispatch import Operation, find
from ..errors import ConfigurationError
from ..shapes import ArraySpec
from .options import shape


def explanation(operation: str, shapes: Sequence[str], dtype: str, options: Sequence[str], backend: str | None) -> str:
    """The explanation of the call, as text.

    Raises
    ------
    ConfigurationError
        If the operation, a shape, the dtype or an option is not understood.
    """
    found = _operation(operation)
    arrays = _arrays(found, [shape(text) for text in shapes], _dtype(dtype))
    named = dict(_option(found, text) for text in options)
    if missing := [name for name in found.option_names if name not in {*named, *found.defaults}]:
        raise ConfigurationError(f"{operation} also needs {', '.join(f'--option {name}=...' for name in missing)}")
    return str(found.explain(**arrays, **named, backend=backend))


def _operation(name: str) -> Operation:
    if name in registry.compositions:
        parts = " and ".join(registry.compositions[name].operations)
        raise ConfigurationError(f"{name} has no kernels of its own, it is made of {parts}; explain that")
    try:
        return find(name)
    except LookupError as error:
        advice = "" if "did you mean" in str(error) else "; `acm-dispatch info` lists them"
        raise ConfigurationError(f"{error}{advice}") from None


def _dtype(name: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError:
        raise ConfigurationError(f"--dtype is {name!r}; expected a NumPy type such as float64 or float32") from None


def _arrays(operation: Operation, shapes: list[tuple[int, ...]], dtype: np.dtype[Any]) -> dict[str, Any]:
    """Zeros for each shape, and for required arrays beyond them whose dimensions are known by then."""
    specs = list(zip(operation.array_names, operation.shapes.inputs, strict=True))
    if len(shapes) > len(specs):
        raise ConfigurationError(f"{operation.name} takes {_signature(operation)}; {len(shapes)} shapes were given")
    arrays: dict[str, Any] = {}
    known: dict[str, int] = {}
    for i, (name, spec) in enumerate(specs):
        if i < len(shapes):
            size = shapes[i]
            known.update(zip(spec.dims, size, strict=False))
        elif spec.optional:
            continue
        elif all(dim in known for dim in spec.dims):
            size = tuple(known[dim] for dim in spec.dims)
        else:
            raise ConfigurationError(f"{operation.name} takes {_signature(operation)}; give a --shape for {name}")
        arrays[name] = _zeros(size, np.dtype(np.int64) if spec.integer else dtype)
    return arrays


def _zeros(size: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Memory that the system maps only where it is written, which nothing does here."""
    try:
        return np.zeros(size, dtype)
    except (MemoryError, ValueError):
        raise ConfigurationError(f"an array of {'x'.join(map(str, size))} {dtype} does not fit this machine") from None


def _signature(operation: Operation) -> str:
    return ", ".join(map(_told, operation.array_names, operation.shapes.inputs))


def _told(name: str, spec: ArraySpec) -> str:
    return f"{name} {spec}{' (optional)' if spec.optional else ''}"


def _option(operation: Operation, text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or name not in operation.option_names:
        choices = ", ".join(operation.option_names) or "no options"
        raise ConfigurationError(f"--option is {text!r}; {operation.name} takes {choices}, as name=value")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value
