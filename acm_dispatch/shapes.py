"""The shape language: what an operation takes and gives, in one readable string.

``"n d, [m=n d], int n -> n m"`` reads: a matrix; a matrix of as many columns, which may be left out and then counts
as having ``m = n`` rows; a vector of integers; the result is n x m. ``index`` marks integers that stay int32 where they
are (``int`` makes them int64). Output dimensions may be expressions over dimensions and options, written without spaces
(``"n d -> n d*(max_lag+1)"``), or ``?`` where the data decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from .errors import DeclarationError, InvalidInput

_DIMENSION = re.compile(r"[A-Za-z]\w*")


class Array(Protocol):
    """What NumPy and device arrays have in common here."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    @property
    def dtype(self) -> Any: ...
    def astype(self, dtype: Any, *, order: Any = ..., copy: bool = ...) -> Any: ...


class ArraySpec(NamedTuple):
    """One array of a signature: its dimension names, element kind, and what it means to leave it out."""

    dims: tuple[str, ...]
    integer: bool = False
    any_width: bool = False
    optional: bool = False
    defaults: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"({', '.join(self.dims)}{',' if len(self.dims) == 1 else ''})"


class Shapes(NamedTuple):
    """A parsed shape string."""

    text: str
    inputs: tuple[ArraySpec, ...]
    outputs: tuple[ArraySpec, ...]


def parse(text: str) -> Shapes:
    """The `Shapes` that `text` describes; `DeclarationError` where it is not of the language."""
    sides = text.split("->")
    if len(sides) != 2:
        raise DeclarationError(f"shapes {text!r}: expected 'inputs -> outputs'")
    inputs = tuple(_parse_array(part, text) for part in sides[0].split(","))
    outputs = tuple(_parse_array(part, text, output=True) for part in sides[1].split(","))
    return Shapes(text, inputs, outputs)


def _parse_array(part: str, text: str, output: bool = False) -> ArraySpec:
    part = part.strip()
    optional = part.startswith("[") and part.endswith("]")
    words = part.strip("[]").split()
    any_width = words[:1] == ["index"]
    integer = any_width or words[:1] == ["int"]
    dims: list[str] = []
    defaults: list[tuple[str, str]] = []
    for word in words[integer:]:
        name, _, default = (word, "", "") if output else word.partition("=")
        if not output and not all(_DIMENSION.fullmatch(n) for n in (name, default or name)):
            raise DeclarationError(f"shapes {text!r}: {word!r} is not a dimension name")
        dims.append(name)
        if default:
            defaults.append((name, default))
    return ArraySpec(tuple(dims), integer, any_width, optional, tuple(defaults))


def measure(operation: str, shapes: Shapes, names: Sequence[str], arrays: Sequence[Array | None]) -> dict[str, int]:
    """The value of every dimension; `InvalidInput` naming the first array that does not fit.

    Parameters
    ----------
    operation : str
        Named in the error.
    shapes : Shapes
    names : sequence of str
        The arrays' argument names.
    arrays : sequence
        Canonical arrays, None for each one left out.
    """
    sizes: dict[str, int] = {}
    origin: dict[str, str] = {}
    for name, spec, array in zip(names, shapes.inputs, arrays, strict=True):
        if array is None:
            continue
        if array.ndim != len(spec.dims):
            advice = "; a single column is `values.reshape(-1, 1)`" if len(spec.dims) == 2 and array.ndim == 1 else ""
            raise InvalidInput(operation, name, f"has shape {array.shape}; expected {len(spec.dims)}-D {spec}{advice}")
        for dim, size in zip(spec.dims, array.shape, strict=True):
            if sizes.setdefault(dim, size) != size:
                known = f"{dim} = {sizes[dim]} as in `{origin[dim]}`"
                raise InvalidInput(operation, name, f"has shape {array.shape}; expected {spec} with {known}")
            origin.setdefault(dim, name)
    for spec, array in zip(shapes.inputs, arrays, strict=True):
        if array is None:
            sizes.update((dim, sizes[default]) for dim, default in spec.defaults)
    return sizes
