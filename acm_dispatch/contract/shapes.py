"""The shape language: what an operation takes and gives, in one readable string.

``"n d, [m=n d], int n -> n m"`` reads: a matrix; a matrix of as many columns, which may be left out and then counts
as having ``m = n`` rows; a vector of integers; the result is n x m. ``index`` marks integers that stay int32 where they
are (``int`` makes them int64). Every array has a dimension. Output dimensions may be expressions over dimensions and
options, written without spaces (``"n d -> n d*(max_lag+1)"``), or ``?`` where the data decides.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, cast

from ..errors import DeclarationError, InvalidInput, shown
from .expressions import FUNCTIONS

#: What a dimension cannot be called: words of the language, and functions of its expressions.
_WORDS = ("int", "index", *FUNCTIONS)


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


def parse(text: str, operation: str = "") -> Shapes:
    """The `Shapes` that `text` describes.

    Raises
    ------
    DeclarationError
        Where it is not of the language, naming the operation where it is given.
    """
    where = f"{operation}: shapes {shown(text)}" if operation else f"shapes {shown(text)}"
    sides = text.split("->") if isinstance(cast("Any", text), str) else []
    if len(sides) != 2:
        raise DeclarationError(f"{where}: expected 'inputs -> outputs'")
    inputs = tuple(_parse_input(part.strip(), where) for part in sides[0].split(","))
    outputs = tuple(_parse_output(part.strip(), where) for part in sides[1].split(","))
    _require_known(inputs, where)
    return Shapes(text, inputs, outputs)


def _parse_input(part: str, where: str) -> ArraySpec:
    optional = part.startswith("[") and part.endswith("]")
    kind, words = _kind(part[1:-1] if optional else part, where)
    names: list[str] = []
    defaults: list[tuple[str, str]] = []
    for word in words:
        name, equals, default = word.partition("=")
        if not all(_is_dimension(n) for n in ((name, default) if equals else (name,))):
            raise DeclarationError(f"{where}: {word!r} is not a dimension name")
        if equals and not optional:
            raise DeclarationError(f"{where}: {word!r} stands for an array that is left out, yet it is not in brackets")
        names.append(name)
        if equals:
            defaults.append((name, default))
    return ArraySpec(tuple(names), bool(kind), kind == "index", optional, tuple(defaults))


def _parse_output(part: str, where: str) -> ArraySpec:
    """Its dimensions are expressions, which the declaration looks at when it knows the options."""
    kind, words = _kind(part, where)
    if kind == "index":
        raise DeclarationError(f"{where}: a result is `int`, which is int64, or real")
    return ArraySpec(tuple(words), bool(kind))


def _kind(part: str, where: str) -> tuple[str, list[str]]:
    """What an array's elements are ("int", "index" or nothing), and the words for its dimensions."""
    words = part.split()
    kind = words.pop(0) if words[:1] in (["int"], ["index"]) else ""
    if not words:
        raise DeclarationError(f"{where}: an array has no dimensions")
    return kind, words


def _is_dimension(word: str) -> bool:
    return word.isidentifier() and word[0] != "_" and not keyword.iskeyword(word) and word not in _WORDS


def _require_known(inputs: Sequence[ArraySpec], where: str) -> None:
    """The first array and the defaults are there whatever is left out."""
    if inputs[0].optional:
        raise DeclarationError(f"{where}: the first array cannot be left out")
    required = {dim for spec in inputs if not spec.optional for dim in spec.dims}
    for spec in inputs:
        if strange := [default for _, default in spec.defaults if default not in required]:
            raise DeclarationError(f"{where}: {strange[0]!r} is no dimension of an array that is always there")


def always_known(inputs: Sequence[ArraySpec]) -> set[str]:
    """The dimensions that have a size whatever is left out."""
    required = {dim for spec in inputs if not spec.optional for dim in spec.dims}
    return required | {dim for spec in inputs for dim, _ in spec.defaults}


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


def misfit(operation: str, shapes: Shapes, names: Sequence[str], arrays: Sequence[Array | None]) -> InvalidInput:
    """The error of `measure` for arrays that do not fit."""
    try:
        measure(operation, shapes, names, arrays)
    except InvalidInput as error:
        return error
    raise AssertionError(f"{operation}: arrays that fit do not")
