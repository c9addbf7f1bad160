"""A stand-in for CuPy that refuses what CuPy refuses, for machines without a GPU.

`StrictNumpy` computes with NumPy on arrays that pretend to be on a device (`StrictArray`): they do not mix with NumPy
arrays and lists, do not convert silently, and offer only what CuPy offers. Where CuPy gives something undefined, this
gives NaN (`empty`) or raises (indices out of bounds). `StrictNumpy.synchronisations` counts what would make the host
wait for the device.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from acm_dispatch import Backend
from acm_dispatch.contract.arrays import kind_of

from . import build


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Functions of NumPy that CuPy 14 does not have. Of submodules only what kernels need is offered.
_MISSING = _names(
    """
    asmatrix block bmat einsum_path errstate fromregex frompyfunc geomspace histogram_bin_edges insert isnat matvec
    nanpercentile nanquantile ndenumerate nditer nested_iters polydiv polyint polyder seterr spacing unstack vecdot
    vecmat fft random ma char rec strings lib testing polynomial ctypeslib emath
    """
)

#: Methods of ufuncs that CuPy has, and for which functions. `add.reduceat` is not here: CuPy's is the difference of two
#: running sums, which is not exact where one of the summed ranges is much smaller than what comes before it.
_UFUNC_METHODS = {
    "reduce": {"add", "multiply"},
    "accumulate": {"add", "multiply"},
    "at": {"add", "subtract", "maximum", "minimum"},
    "outer": {"add", "subtract", "multiply", "maximum", "minimum", "power", "hypot"},
}

_METHODS = _names(
    """
    all any argmax argmin argpartition argsort astype clip copy cumprod cumsum diagonal dot fill max mean min
    nonzero partition prod ravel repeat reshape round sort squeeze std sum swapaxes take trace transpose var view
    """
)
_PROPERTIES = _names("dtype flags itemsize nbytes ndim shape size strides")
_COMPLEX_PARTS = _names("real imag")
_SYNCHRONISING = _names("nonzero argwhere flatnonzero unique nanmin nanmax bincount repeat")
_REDUCTIONS = _names("sum prod min max mean std var any all amin amax nansum nanmin nanmax nanmean")


class StrictArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array on a pretended device."""

    __slots__ = ("_values",)

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    @property
    def __cuda_array_interface__(self) -> Any:
        return {"typestr": self._values.dtype.str, "shape": self._values.shape}  # without the address it has not got

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed; use `asnumpy`")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        function = StrictFunction(ufunc)
        return (function if method == "__call__" else getattr(function, method))(*inputs, **options)

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        return getattr(StrictNumpy(), function.__name__)(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        if name in _PROPERTIES:
            return getattr(self._values, name)
        if name in _COMPLEX_PARTS:
            return StrictArray(getattr(self._values, name))
        if name not in _METHODS:
            raise AttributeError(f"a CuPy array has no attribute {name!r}, or no kernel has needed it yet")
        return StrictFunction(getattr(self._values, name))

    @property
    def T(self) -> StrictArray:  # noqa: N802 - NumPy's name
        return StrictArray(self._values.T)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> StrictArray:
        return StrictArray(self._values[_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values[_index(index)] = _unwrapped(value)

    def item(self) -> Any:
        StrictNumpy.synchronisations += 1
        return self._values.item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return self.item().__index__()

    def __bool__(self) -> bool:
        return bool(self.item())


class StrictFunction:
    """A function of NumPy that takes and gives arrays on the pretended device only."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        name = getattr(self._function, "__name__", "")
        if refused := {"where", "initial"} & options.keys() and (name in _REDUCTIONS or self._is_ufunc()):
            raise TypeError(f"CuPy's {name} has no {refused}")
        if options.get("kind") not in (None, "stable") or ({"stable", "order"} & options.keys() and "sort" in name):
            raise TypeError(f"CuPy's {name} sorts in one way only")
        StrictNumpy.synchronisations += name in _SYNCHRONISING
        result = self._function(
            *map(_unwrapped, arguments), **{key: _unwrapped(value) for key, value in options.items()}
        )
        return _wrapped(result)

    def _is_ufunc(self) -> bool:
        return isinstance(self._function, np.ufunc)

    def __getattr__(self, method: str) -> Any:
        if not self._is_ufunc() or self._function.__name__ not in _UFUNC_METHODS.get(method, ()):
            raise AttributeError(f"CuPy has no reliable {self._function.__name__}.{method}")
        return StrictFunction(getattr(self._function, method))


class StrictNumpy:
    """The namespace: what NumPy and CuPy both offer."""

    synchronisations = 0

    def __getattr__(self, name: str) -> Any:
        found = None if name in _MISSING else getattr(np, name, None)
        if found is None:
            raise AttributeError(f"CuPy has no {name!r}" + ("" if name in _MISSING else ", nor has NumPy"))
        return found if isinstance(found, type | float) or not callable(found) else StrictFunction(found)

    newaxis = None
    fft = SimpleNamespace(rfft=StrictFunction(np.fft.rfft))
    linalg = SimpleNamespace(qr=StrictFunction(np.linalg.qr), svd=StrictFunction(np.linalg.svd))

    @staticmethod
    def asarray(value: Any) -> StrictArray:
        """Copies to the device."""
        return value if isinstance(value, StrictArray) else StrictArray(np.array(value))

    @staticmethod
    def asnumpy(array: StrictArray) -> np.ndarray[Any, Any]:
        """Copies to the host."""
        StrictNumpy.synchronisations += 1
        return np.array(array._values, order="C")

    @staticmethod
    def empty(shape: Any, dtype: Any = float) -> StrictArray:
        """What a kernel forgets to fill stands out."""
        kind = np.dtype(dtype).kind
        return StrictArray(np.full(shape, np.nan if kind == "f" else np.iinfo(dtype).min if kind == "i" else 0, dtype))


def _unwrapped(value: Any) -> Any:
    """NumPy's form of an argument; refuses arrays that are not on the device, and lists of numbers in their place."""
    if isinstance(value, StrictArray):
        return value._values
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: a NumPy array where one on the device is expected")
    if isinstance(value, list | tuple):
        if any(isinstance(item, float) for item in value):
            raise TypeError(f"Unsupported type {type(value)}: numbers where an array on the device is expected")
        return type(value)(map(_unwrapped, value))
    return value


def _wrapped(result: Any) -> Any:
    """Results stay on the device, single numbers included."""
    if isinstance(result, tuple):
        return type(result)(*map(_wrapped, result)) if hasattr(result, "_fields") else tuple(map(_wrapped, result))
    return StrictArray(result) if isinstance(result, np.ndarray | np.generic) else result


def _index(index: Any) -> Any:
    """NumPy's form of an index; one that is a NumPy array is no mistake: CuPy copies it to the device."""
    parts = index if isinstance(index, tuple) else (index,)
    StrictNumpy.synchronisations += any(getattr(part, "dtype", None) == np.bool_ for part in parts)
    parts = tuple(part if isinstance(part, np.ndarray) else _unwrapped(part) for part in parts)
    return parts if isinstance(index, tuple) else parts[0]


def strict_backend(name: str) -> Backend:
    """The kernels of this package on the pretended device; NumPy arrays are copied there and back."""
    xp = StrictNumpy()
    kind = kind_of(StrictArray(0))
    return build(name, xp, arrays=kind, to_device=xp.asarray, to_host=xp.asnumpy)
