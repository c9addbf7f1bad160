"""``acm-dispatch explain``: a call's explanation from shapes alone, on zeros that are never touched."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..backends import registry
from ..contract.declaration import Composition
from ..contract.shapes import ArraySpec
from ..errors import ConfigurationError
from ..execution.dispatch import find
from .options import named_operation, shape

#: Makes an argument that is no array of a shape.
_Example = Callable[[tuple[int, ...]], Any]


class _Subject(NamedTuple):
    """What is explained: the arguments that a shape stands for (each a spec, or what makes one of a shape), options."""

    name: str
    arrays: dict[str, ArraySpec | _Example]
    options: tuple[str, ...]
    optional: frozenset[str]
    explain: Callable[..., Any]


def explanation(operation: str, shapes: Sequence[str], dtype: str, options: Sequence[str], backend: str | None) -> str:
    """The explanation of the call, as text.

    Raises
    ------
    ConfigurationError
        If the operation, a shape, the dtype or an option is not understood.
    """
    composed = registry.find_composition(operation)
    subject = _of_operation(operation) if composed is None else _of_composition(composed)
    arrays = _arrays(subject, [shape(text) for text in shapes], _dtype(dtype))
    named = dict(option_of(subject.name, subject.options, text) for text in options)
    if missing := [name for name in subject.options if name not in {*named, *subject.optional}]:
        raise ConfigurationError(f"{operation} also needs {', '.join(f'--option {name}=...' for name in missing)}")
    return str(subject.explain(**arrays, **named, backend=backend))


def _of_operation(name: str) -> _Subject:
    found = named_operation(name)
    specs = dict(zip(found.array_names, found.shapes.inputs, strict=True))
    return _Subject(found.name, {**specs}, found.option_names, frozenset(found.defaults), found.explain)


def _of_composition(composed: Composition) -> _Subject:
    """Arrays are the parameters that an operation below has under the same name, or that have an example."""
    specs: dict[str, Any] = {}
    for used in map(find, composed.operations):
        specs = {**dict(zip(used.array_names, used.shapes.inputs, strict=True)), **specs}
    specs.update(composed.examples)
    parameters = inspect.signature(composed.function).parameters.values()
    names = [parameter.name for parameter in parameters if parameter.name != "backend"]
    optional = {parameter.name for parameter in parameters if parameter.default is not parameter.empty}
    arrays = {name: specs[name] for name in names if name in specs}
    options = tuple(name for name in names if name not in arrays)
    explain: Any = composed.function
    return _Subject(composed.name, arrays, options, frozenset(optional), explain.explain)


def _dtype(name: str) -> np.dtype[Any]:
    try:
        return np.dtype(name)
    except TypeError:
        raise ConfigurationError(f"--dtype is {name!r}; expected a NumPy type such as float64 or float32") from None


def _arrays(subject: _Subject, shapes: list[tuple[int, ...]], dtype: np.dtype[Any]) -> dict[str, Any]:
    """Zeros for each shape, and for required arrays beyond them whose dimensions are known by then."""
    takes = _signature(subject)
    if len(shapes) > len(subject.arrays):
        raise ConfigurationError(f"{subject.name} takes {takes}; {len(shapes)} shapes were given")
    arrays: dict[str, Any] = {}
    known: dict[str, int] = {}
    for i, (name, spec) in enumerate(subject.arrays.items()):
        if i < len(shapes) and isinstance(spec, ArraySpec):
            known.update(zip(spec.dims, shapes[i], strict=False))
            arrays[name] = _zeros(shapes[i], spec, dtype)
        elif i < len(shapes):
            arrays[name] = _example(name, cast("_Example", spec), shapes[i])
        elif name in subject.optional:
            continue
        elif isinstance(spec, ArraySpec) and all(dim in known for dim in spec.dims):
            arrays[name] = _zeros(tuple(known[dim] for dim in spec.dims), spec, dtype)
        else:
            raise ConfigurationError(f"{subject.name} takes {takes}; give a --shape for {name}")
    return arrays


def _zeros(size: tuple[int, ...], spec: ArraySpec, dtype: np.dtype[Any]) -> Any:
    """Memory that the system maps only where it is written, which nothing does here."""
    try:
        return np.zeros(size, np.dtype(np.int64) if spec.integer else dtype)
    except (MemoryError, ValueError):
        raise ConfigurationError(f"an array of {'x'.join(map(str, size))} {dtype} does not fit this machine") from None


def _example(name: str, make: _Example, size: tuple[int, ...]) -> Any:
    try:
        return make(size)
    except (MemoryError, ValueError):
        text = "x".join(map(str, size))
        raise ConfigurationError(f"no {name} can be made of the shape {text}; expected two sizes that fit") from None


def _signature(subject: _Subject) -> str:
    return ", ".join(_told(name, spec, name in subject.optional) for name, spec in subject.arrays.items())


def _told(name: str, spec: Any, optional: bool) -> str:
    shaped = f" {spec}" if isinstance(spec, ArraySpec) else " (two sizes)"
    return f"{name}{shaped}{' (optional)' if optional else ''}"


def option_of(subject: str, options: Sequence[str], text: str) -> tuple[str, Any]:
    """The option's name and value that ``name=value`` says."""
    name, equals, value = text.partition("=")
    if not equals or name not in options:
        choices = ", ".join(options) or "no options"
        raise ConfigurationError(f"--option is {text!r}; {subject} takes {choices}, as name=value")
    try:
        return name, ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return name, value
