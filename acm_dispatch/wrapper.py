"""The function users call, generated from a declaration with its true signature.

The hot path only unpacks shapes, looks the plan up under the current policy and calls it. Whatever is unusual (a list,
a frame, a wrong shape, a strided or misaligned array, an option not seen before) misses the lookup and goes to
`Operation.dispatch`, which canonicalises, validates and selects.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .arrays import CANONICAL_FLAGS, INTEGER, REAL_DTYPES, kind_of
from .declaration import Declaration
from .policy import running_policy
from .shapes import ArraySpec

#: What importing makes; the first call, which takes the slow way in any case, puts `_TEMPLATE`, compiled, in its place.
_STUB = """\
def {name}({signature}):
    return _first_call(({arguments},), backend)
"""

_TEMPLATE = """\
def {name}({signature}):
    try:
{unpack}
        _bits = ({work}).bit_length() if {fits} else -1
        _call = _policy().plans["{name}"][{key}]
    except (KeyError, AttributeError, TypeError, ValueError, ArithmeticError):
        _call = None
    if _call is None:
        return _dispatch(({arguments},), backend)
    try:
        return {run}
    except Exception as _error:
        return _recover(_error, ({arguments},), backend)
"""


def generate(operation: Declaration, dispatch: Callable[..., Any], recover: Callable[..., Any]) -> Callable[..., Any]:
    """The wrapper of `operation`, carrying its body's name, documentation, defaults and annotations.

    Parameters
    ----------
    operation : Declaration
    dispatch : callable ``(arguments, backend) -> result``
        What calls that find no plan become.
    recover : callable ``(error, arguments, backend) -> result``
        What becomes of an exception of a kernel.
    """
    namespace: dict[str, Any] = {
        "_ndarray": np.ndarray,
        "_float64": REAL_DTYPES[0],
        "_integer": INTEGER,
        "_policy": running_policy,
        "_dispatch": dispatch,
        "_recover": recover,
        "_prepare": operation.prepare,
        "_returns": operation.returns,
        **{f"_default_{name}": value for name, value in operation.defaults.items()},
    }
    parts = {"name": operation.name, "signature": _signature(operation), "arguments": ", ".join(operation.parameters)}
    function = _define(operation, _STUB.format(**parts), namespace)
    namespace["_first_call"] = partial(_first_call, operation, function)
    body = operation.body
    function.__module__ = body.__module__
    function.__qualname__ = body.__qualname__
    function.__doc__ = body.__doc__
    function.__annotations__ = body.__annotations__
    function.__wrapped__ = body  # `typing.get_type_hints` and `inspect.getsource` look there
    return function


def _define(operation: Declaration, source: str, namespace: dict[str, Any]) -> Any:
    """The function that `source` defines; the source is built from a declaration, never from input."""
    filename = f"<acm_dispatch wrapper of {operation.name}>"
    defined: dict[str, Any] = {}  # not the namespace, which the first calls of two threads share
    exec(compile(source, filename, "exec"), namespace, defined)
    linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
    return defined[operation.name]


def _first_call(operation: Declaration, function: Any, arguments: tuple[Any, ...], backend: str | None) -> Any:
    namespace = function.__globals__
    function.__code__ = _define(operation, _source(operation), namespace).__code__
    return namespace["_dispatch"](arguments, backend)


def plan_key(
    operation: Declaration, arguments: tuple[Any, ...], values: list[Any], backend: str | None, bits: int
) -> Any:
    """The key that the generated code builds of `arguments`, whose canonical form is `values`.

    Of a plain call it is the work alone, which is found sooner than a tuple. Device arrays have keys of their own.
    """
    if backend is None and _is_plain(operation, arguments, values):
        return bits
    arrays = list(zip(operation.array_names, values, operation.shapes.inputs, strict=False))
    real = next((array.dtype for _, array, spec in arrays if array is not None and not spec.integer), None)
    absent = [array is None for _, array, spec in arrays if spec.optional]
    widths = [array.dtype for _, array, spec in arrays if spec.any_width]
    options = [part for option in values[len(arrays) :] for part in (option, option.__class__)]
    kind = kind_of(values[0])
    return (real, *absent, *widths, *options, backend, bits, *(() if kind == "numpy" else (kind,)))


def _may_be_plain(operation: Declaration) -> bool:
    """Whether calls can do without saying more than their float64 arrays."""
    any_width = any(spec.any_width for spec in operation.shapes.inputs)
    return not any_width and operation.defaults.keys() >= set(operation.option_names)


def _is_plain(operation: Declaration, arguments: tuple[Any, ...], values: list[Any]) -> bool:
    """Whether a call says no more: NumPy's float64, no optional array, every option at its default.

    Of dtype and defaults it has the very objects, which is what the generated code looks for (an unpickled dtype is
    only equal), and their checks have left the defaults as they are.
    """
    if not _may_be_plain(operation) or kind_of(values[0]) != "numpy":
        return False
    arrays = list(zip(arguments, operation.shapes.inputs, strict=False))
    real = next((array for array, spec in arrays if not spec.integer), None)
    options = zip(operation.option_names, arguments[len(arrays) :], values[len(arrays) :], strict=True)
    return (
        getattr(real, "dtype", None) is REAL_DTYPES[0]
        and all(array is None for array, spec in arrays if spec.optional)
        and all(
            option is operation.defaults[name] and value.__class__ is option.__class__ and value == option
            for name, option, value in options
        )
    )


def _source(operation: Declaration) -> str:
    arrays, options = operation.array_names, operation.option_names
    lines: list[str] = ["_real = None"]
    conditions: list[str] = []
    seen: set[str] = set()
    for name, spec in zip(arrays, operation.shapes.inputs, strict=True):
        lines += _unpack(name, spec, seen, conditions)
    arguments = ", ".join([*arrays, *options])
    run = f"_call(*_prepare({arguments}))" if operation.prepare else f"_call({arguments})"
    return _TEMPLATE.format(
        name=operation.name,
        signature=_signature(operation),
        unpack="\n".join(f"        {line}" for line in lines),
        key=_key(operation),
        work=_prefixed(operation.work, seen),
        fits=" and ".join(conditions),
        arguments=arguments,
        run=f"_returns(*{run})" if operation.returns else run,
    )


def _key(operation: Declaration) -> str:
    """An expression for `plan_key`."""
    arrays = list(zip(operation.array_names, operation.shapes.inputs, strict=True))
    absent = [f"{name} is None" for name, spec in arrays if spec.optional]
    widths = [f"{name}.dtype" for name, spec in arrays if spec.any_width]
    options = [f"{name}, {name}.__class__" for name in operation.option_names]
    key = f"({', '.join(['_real', *absent, *widths, *options])}, backend, _bits)"
    if not _may_be_plain(operation):
        return key
    defaults = [f"{name} is _default_{name}" for name in operation.option_names]
    return f"_bits if {' and '.join(['_real is _float64', 'backend is None', *absent, *defaults])} else {key}"


def _unpack(name: str, spec: ArraySpec, seen: set[str], conditions: list[str]) -> list[str]:
    """Lines that read one array's shape and dtype; what must hold for it is added to `conditions`."""
    targets = [f"_dim_{dim}_of_{name}" if dim in seen else f"_dim_{dim}" for dim in spec.dims]
    lines = [f"{', '.join(targets)}, = {name}.shape"]
    # `carray` is the cheapest look at the layout, but wants the array writeable; read-only ones take a second look.
    fits = [
        f"{name}.__class__ is _ndarray",
        f"({name}.flags.carray or {name}.flags.num & {CANONICAL_FLAGS} == {CANONICAL_FLAGS})",
        *(f"{target} == _dim_{dim}" for target, dim in zip(targets, spec.dims, strict=True) if dim in seen),
    ]
    if spec.any_width:
        pass  # its dtype is part of the key
    elif spec.integer:
        fits.append(f"{name}.dtype is _integer")
    elif "_real" in seen:
        fits.append(f"{name}.dtype is _real")
    else:
        lines.append(f"_real = {name}.dtype")
        seen.add("_real")
    if not spec.optional:
        seen.update(spec.dims)
        conditions += fits
        return lines
    conditions.append(f"({name} is None or {' and '.join(fits)})")
    left_out = [f"_dim_{dim} = _dim_{default}" for dim, default in spec.defaults] or ["pass"]
    seen.update(dim for dim, _ in spec.defaults)
    return [f"if {name} is None:", *(f"    {line}" for line in left_out), "else:", *(f"    {line}" for line in lines)]


def _signature(operation: Declaration) -> str:
    positional = operation.positional
    parts = [_parameter(operation, name) for name in operation.parameters[:positional]]
    keywords = [_parameter(operation, name) for name in operation.parameters[positional:]]
    return ", ".join([*parts, "*", *keywords, "backend=None"])


def _parameter(operation: Declaration, name: str) -> str:
    return f"{name}=_default_{name}" if name in operation.defaults else name


def _prefixed(expression: str, dims: set[str]) -> str:
    """`expression` with dimension names turned into the wrapper's local names."""
    return re.sub(r"[A-Za-z_]\w*", lambda match: f"_dim_{match[0]}" if match[0] in dims else match[0], expression)
