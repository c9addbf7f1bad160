"""What is tried: every sample of an operation, in every dtype and memory layout."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from ..execution.composition import Composition
from ..execution.dispatch import Operation

Arguments = dict[str, Any]

#: Rows of the typical sample: little enough for the plain references.
_ROWS = 211

#: Elements of the largest array that a failure shows whole.
_PASTED = 64

#: Rows of the large one: many tiles and threads' worth of work, compared with NumPy's fast form.
_MANY_ROWS = 2001


def _copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.copy()


def _strided(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    roomy = np.empty([2 * size for size in array.shape], array.dtype)
    view = roomy[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def _reversed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    backwards = tuple(slice(None, None, -1) for _ in array.shape)
    return array[backwards].copy()[backwards]


def _misaligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    raw = np.empty(array.nbytes + 1, np.uint8)
    view = raw[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def _byte_swapped(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return array.astype(array.dtype.newbyteorder())


def _read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


LAYOUTS: Mapping[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "contiguous": _copy,
    "fortran": np.asfortranarray,
    "strided": _strided,
    "reversed": _reversed,
    "misaligned": _misaligned,
    "byte_swapped": _byte_swapped,
    "read_only": _read_only,
}

REAL_DTYPES = ("float64", "float32")
DTYPES = (*REAL_DTYPES, "int64", "bool")


def sample_names(subject: Operation | Composition) -> Iterator[str]:
    """The typical draw, every named trap, and for an operation each dimension cut to nothing and to one."""
    yield "typical"
    yield from subject.samples.cases
    if isinstance(subject, Operation):
        for dim in _dims(subject):
            yield f"no_{dim}"
            yield f"one_{dim}"


def _dims(operation: Operation) -> list[str]:
    required = (spec for spec in operation.shapes.inputs if not spec.optional)
    return list(dict.fromkeys(dim for spec in required for dim in spec.dims))


def dims_of(operation: Operation) -> tuple[str, ...]:
    """All dimensions of the arrays, those that may be left out included."""
    return tuple(dict.fromkeys(dim for spec in operation.shapes.inputs for dim in spec.dims))


def sound_samples(subject: Operation | Composition) -> list[str]:
    """The names of the samples that can be drawn and are arguments of the subject; each other one fails one test."""
    return [name for name in sample_names(subject) if fault(subject, name) is None]


@cache
def fault(subject: Operation | Composition, name: str) -> str | None:
    """Why a sample shows nothing: it cannot be drawn, or is no arguments of the subject; None where it can be used."""
    try:
        arguments = sample(subject, name)
        return _misfit(subject, arguments) if isinstance(subject, Operation) else None
    except Exception as error:  # a sample may fail in any way
        return f"{type(error).__name__}: {error}"


def _misfit(operation: Operation, arguments: Arguments) -> str | None:
    values = operation.bind(**arguments)[0]
    for name, spec, value in zip(operation.array_names, operation.shapes.inputs, values, strict=False):
        if value is not None and np.ndim(value) != len(spec.dims):
            return f"`{name}` has {np.ndim(value)} dimensions; the shapes {operation.shapes.text!r} say {spec}"
    return None


@cache
def sample(subject: Operation | Composition, name: str) -> Arguments:
    """The arguments of that name, always the same ones."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name in subject.samples.cases:
        return dict(subject.samples.cases[name](rng))
    arguments = dict(subject.samples.typical(rng, _ROWS))
    if name == "typical" or not isinstance(subject, Operation):
        return arguments
    count, dim = name.split("_")
    return _cut(subject, arguments, dim, {"no": 0, "one": 1}[count])


@cache
def large_sample(subject: Operation | Composition) -> Arguments:
    """Typical arguments that no kernel gets through in one tile."""
    return dict(subject.samples.typical(np.random.default_rng(0), _MANY_ROWS))


def _cut(operation: Operation, arguments: Arguments, dim: str, size: int) -> Arguments:
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        if arguments.get(name) is not None:
            arguments[name] = arguments[name][tuple(slice(size) if d == dim else slice(None) for d in spec.dims)]
    return arguments


def has_dtype(arguments: Arguments, dtype: str) -> bool:
    """Whether the sample still says something in that dtype: integers and bools hold no NaN and nothing huge."""
    if dtype.startswith("float"):
        return True
    return all(np.abs(array).max(initial=0) < 2**53 for array in _real_arrays(arguments))


def _real_arrays(arguments: Arguments) -> list[np.ndarray[Any, Any]]:
    return [value for value in arguments.values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]


def in_dtype(arguments: Arguments, dtype: str) -> Arguments:
    """The sample with its real arrays in `dtype`."""
    return {
        name: _cast(value, dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
        for name, value in arguments.items()
    }


def _cast(array: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    with np.errstate(over="ignore"):
        return array > np.median(array) if dtype == "bool" and array.size else array.astype(dtype)


def laid_out(arguments: Arguments, layout: str) -> Arguments:
    """The sample with its arrays in that memory layout."""
    arrange = LAYOUTS[layout]
    return {
        name: arrange(value) if isinstance(value, np.ndarray) and value.ndim else value
        for name, value in arguments.items()
    }


def written(arguments: Arguments) -> str:
    """Arguments as a reader of a failure needs them: small ones to paste, of larger ones the corners and the shape."""
    return "\n".join(f"{name} = {_written(value)}" for name, value in arguments.items())


def _written(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return repr(value)
    array: np.ndarray[Any, Any] = value
    with np.printoptions(precision=17, threshold=_PASTED, edgeitems=2):
        return f"{array!r}  # {'x'.join(map(str, array.shape))} {array.dtype}"
