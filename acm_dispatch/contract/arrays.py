"""Canonical arrays: C-contiguous, aligned, native float64 or float32 (int64 where integers are meant).

Kernels see nothing else, so that none of them needs to know of lists, frames, masks, byte orders or strides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

import numpy as np

from ..errors import InvalidInput
from . import sources
from .labels import Order, align
from .shapes import ArraySpec

REAL_DTYPES = (np.dtype(np.float64), np.dtype(np.float32))
INTEGER = np.dtype(np.int64)
NARROW = np.dtype(np.int32)

#: `ndarray.flags.num` of an array that is C-contiguous and aligned.
CANONICAL_FLAGS = 0x001 | 0x100


#: More numbers than the memory of any machine holds (2 PiB of float64); and than the sizes of an empty array may be.
MOST_NUMBERS, _MOST_OF_SIZES = 1 << 48, 1 << 60

#: What a public function takes: lists, frames, Arrow and DLPack producers, NumPy and device arrays. To a type checker
#: that is anything; inside a reference it is the NumPy array that `canonicalise` has made of it.
ArrayLike: TypeAlias = Any


def kind_of(array: Any) -> str:
    """Whose array this is: "numpy", or the package of a device array ("cupy")."""
    owner = cast("type[Any]", type(array))
    # Libraries that also have CPU arrays define the property for both, and answer it only for device arrays.
    if hasattr(owner, "__cuda_array_interface__") and getattr(array, "__cuda_array_interface__", None) is not None:
        return owner.__module__.partition(".")[0]
    return "numpy"


def canonicalise(
    operation: str,
    names: Sequence[str],
    specs: Sequence[ArraySpec],
    values: Sequence[Any],
    orders: dict[str, Order] | None = None,
) -> list[Any]:
    """The canonical form of each value, all real ones in one dtype; None where an optional array is left out.

    Labelled arrays are brought into the order of the first; `orders` keeps that of each dimension from call to call.

    Raises
    ------
    InvalidInput
        Naming the argument: not numeric, complex, ragged, lazy, missing, labelled otherwise than the first, or on
        different devices.
    """
    if not orders and _are_canonical(specs, values):
        return list(values)
    values = [sources.opened(operation, name, value) for name, value in zip(names, values, strict=True)]
    arrays = [_read(operation, name, spec, value) for name, spec, value in zip(names, specs, values, strict=True)]
    _require_one_kind(operation, names, arrays)
    arrays = align(operation, names, specs, values, arrays, orders)
    dtype = _common_dtype(operation, names, specs, values, arrays)
    return [
        None if array is None else _integers(operation, name, array, spec) if spec.integer else _arranged(array, dtype)
        for name, spec, array in zip(names, specs, arrays, strict=True)
    ]


def _are_canonical(specs: Sequence[ArraySpec], values: Sequence[Any]) -> bool:
    """Whether kernels take the arrays as they are, told without a look at what else they might be read from."""
    real = None
    for spec, value in zip(specs, values, strict=True):
        if value is None and spec.optional:
            continue
        if type(value) is not np.ndarray or value.flags.num & CANONICAL_FLAGS != CANONICAL_FLAGS:
            return False
        dtype = value.dtype
        if spec.integer:
            if dtype != INTEGER and not (spec.any_width and dtype == NARROW):
                return False
        elif dtype not in REAL_DTYPES or (real is not None and dtype != real):
            return False
        else:
            real = dtype
    return True


def require_memory(operation: str, *shape: int) -> None:
    """Raise `MemoryError` for an array that no machine can hold: libraries have many other words for it."""
    sizes = math.prod(size or 1 for size in shape)
    if sizes > (_MOST_OF_SIZES if 0 in shape else MOST_NUMBERS):
        raise MemoryError(f"{operation}: an array of shape {shape} fits no memory")


def as_array(operation: str, name: str, value: Any) -> Any:
    """`value` as a NumPy array (a device array as it is), not yet of canonical dtype or layout."""
    return value if kind_of(value) != "numpy" else sources.read(operation, name, value)


def _read(operation: str, name: str, spec: ArraySpec, value: Any) -> Any:
    if value is None and spec.optional:
        return None
    if value is None:
        raise InvalidInput(operation, name, f"is None; expected an array of shape {spec}")
    return as_array(operation, name, list(value.values()) if _is_by_name(spec, value) else value)


def _is_by_name(spec: ArraySpec, value: Any) -> bool:
    """Whether a vector is given as a mapping from names to numbers."""
    return len(spec.dims) == 1 and isinstance(value, Mapping)


def _require_one_kind(operation: str, names: Sequence[str], arrays: Sequence[Any]) -> None:
    kinds = {kind_of(array): name for name, array in zip(names, arrays, strict=True) if array is not None}
    for array, name in zip(arrays, names, strict=True):
        if array is not None and not isinstance(array.dtype, np.dtype):
            problem = f"is a {kind_of(array)} device array, which no backend takes; `cupy.from_dlpack` may help"
            raise InvalidInput(operation, name, problem)
    if len(kinds) > 1:
        first, second = list(kinds)[:2]
        problem = f"is a {second} array and `{kinds[first]}` a {first} one; move one of them first"
        raise InvalidInput(operation, kinds[second], problem)


def _common_dtype(
    operation: str, names: Sequence[str], specs: Sequence[ArraySpec], values: Sequence[Any], arrays: Sequence[Any]
) -> np.dtype[Any]:
    """float32 if every real array is; plain lists and numbers follow the other arrays, as in NumPy."""
    dtypes: dict[bool, list[np.dtype[Any]]] = {True: [], False: []}
    for name, spec, value, array in zip(names, specs, values, arrays, strict=True):
        if array is not None and not spec.integer:
            dtypes[not isinstance(value, list | tuple | int | float | Mapping)].append(
                _real_dtype(operation, name, array.dtype)
            )
    deciding = dtypes[True] or dtypes[False]
    return REAL_DTYPES[0] if REAL_DTYPES[0] in deciding or not deciding else REAL_DTYPES[1]


def _real_dtype(operation: str, name: str, dtype: np.dtype[Any]) -> np.dtype[Any]:
    if dtype.kind in "biu":
        return REAL_DTYPES[0]
    if dtype.kind == "f" and dtype.itemsize <= 8:
        return REAL_DTYPES[0] if dtype.itemsize == 8 else REAL_DTYPES[1]
    raise InvalidInput(operation, name, f"has dtype {dtype}; expected real numbers of at most 64 bits")


def _integers(operation: str, name: str, array: Any, spec: ArraySpec) -> Any:
    if array.dtype.kind not in "biu":
        gaps = array.dtype.kind == "f" and bool((array != array).any())
        found = "holds missing values" if gaps else f"has dtype {array.dtype}"
        raise InvalidInput(operation, name, f"{found}; expected integers")
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.size and array.max() > np.iinfo(INTEGER).max:
        raise InvalidInput(operation, name, "holds an integer beyond 2**63 - 1; expected int64 values")
    return _arranged(array, NARROW if spec.any_width and array.dtype == NARROW else INTEGER)


def _arranged(array: Any, dtype: np.dtype[Any]) -> Any:
    # As it is, and not as a view with another dtype object that is equal: the keys of plans look at the object.
    if array.__class__ is np.ndarray and array.dtype == dtype and array.flags.num & CANONICAL_FLAGS == CANONICAL_FLAGS:
        return array
    if kind_of(array) == "numpy":
        return np.require(array, dtype, ["C", "A"])
    return array.astype(dtype, order="C", copy=False)


def is_finite(array: Any) -> bool:
    """Whether no element is NaN or infinite: by one sum without temporaries; a closer look only if that overflows."""
    with np.errstate(all="ignore"):
        return abs(float(array.sum())) < float("inf") or bool((abs(array) < float("inf")).all())


def not_finite(operation: str, argument: str) -> InvalidInput:
    """The error that every kernel raises for NaN or infinity where the contract forbids them."""
    return InvalidInput(operation, argument, "holds NaN or infinity")
