"""The code generated from a declaration: the function users call, with its true signature, and what measures a call.

The hot path only unpacks shapes, looks the plan up under the current policy and calls it. Whatever is unusual (a list,
a frame, a wrong shape, a strided or misaligned array, an option not seen before) misses the lookup and goes to
`Operation.dispatch`, which canonicalises, validates, measures and selects. Both functions are put together from the
same lines, so that a plan is found under the key that it was remembered under.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..contract.arrays import CANONICAL_FLAGS, INTEGER, REAL_DTYPES
from ..contract.declaration import Declaration
from ..contract.shapes import ArraySpec
from ..contract.widths import magnitudes
from ..policy.layers import running_policy

#: Placeholders made at import; the first call of either compiles `_TEMPLATE` and gives both their code.
_STUBS = """\
def {name}({signature}):
    _compile()
    return _dispatch(({arguments},), backend)

def _measure({arguments}, backend):
    _compile()
    return _measure({arguments}, backend)
"""

_TEMPLATE = """\
def {name}({signature}):
    try:
{unpack}
        _bits = {bits} if {canonical} else -1
        _plan = _policy().plans["{name}"][{key}]
        _call = _plan.call
    except Exception:  # whatever the methods of an argument raise
        pass
    else:
        try:
            return _call({arguments})
        except BaseException as _error:
            return _recover(_error, _plan, ({arguments},), backend)
    return _dispatch(({arguments},), backend)

def _measure({arguments}, backend):
    try:
{unpack}
    except ValueError:
        return None
    if not ({fitting}):
        return None
    _work = {work}
    _bits = {bits}
    return _work, {key}, {dims}, {results}
"""


class Generated(NamedTuple):
    """The two functions of an operation.

    `function` is what users call. ``measure(*canonical arguments, backend)`` gives the units of work, the key of the
    plan, the dimensions, and about how many numbers the results hold; None where a shape does not fit.
    """

    function: Callable[..., Any]
    measure: Callable[..., tuple[int, Any, dict[str, int], int] | None]


def generate(operation: Declaration, dispatch: Callable[..., Any], recover: Callable[..., Any]) -> Generated:
    """The functions of `operation`; the first carries its body's name, documentation, defaults and annotations.

    Parameters
    ----------
    operation : Declaration
    dispatch : callable ``(arguments, backend) -> result``
        What calls that find no plan become.
    recover : callable ``(error, plan, arguments, backend) -> result``
        What becomes of an exception of a plan.
    """
    namespace: dict[str, Any] = {
        "_ndarray": np.ndarray,
        "_float64": REAL_DTYPES[0],
        "_integer": INTEGER,
        "_policy": running_policy,
        "_dispatch": dispatch,
        "_recover": recover,
        **{f"_default_{name}": value for name, value in operation.defaults.items()},
    }
    parts = {"name": operation.name, "signature": _signature(operation), "arguments": ", ".join(operation.parameters)}
    generated = _define(operation, _STUBS.format(**parts), namespace)
    namespace |= {"_measure": generated.measure, "_compile": partial(_compile, operation, generated, namespace)}
    function: Any = generated.function
    body = operation.body
    function.__module__ = body.__module__
    function.__qualname__ = body.__qualname__
    function.__doc__ = body.__doc__
    function.__annotations__ = body.__annotations__
    function.__wrapped__ = body  # `typing.get_type_hints` and `inspect.getsource` look there
    return generated


def _define(operation: Declaration, source: str, namespace: dict[str, Any]) -> Generated:
    """The functions that `source` defines; the source is built from a declaration, never from input."""
    filename = f"<acm_dispatch wrapper of {operation.name}>"
    defined: dict[str, Any] = {}  # not the namespace, which the first calls of two threads share
    exec(compile(source, filename, "exec"), namespace, defined)
    linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
    return Generated(defined[operation.name], defined["_measure"])


def _compile(operation: Declaration, stubs: Any, namespace: dict[str, Any]) -> None:
    compiled: Any = _define(operation, _source(operation), namespace)
    stubs.measure.__code__ = compiled.measure.__code__
    stubs.function.__code__ = compiled.function.__code__


def _source(operation: Declaration) -> str:
    reading = _Reading(operation)
    arguments = ", ".join(operation.parameters)
    work = _prefixed(operation.work, reading.dims)
    return _TEMPLATE.format(
        name=operation.name,
        signature=_signature(operation),
        unpack="\n".join(f"        {line}" for line in reading.lines),
        canonical=" and ".join([*reading.canonical, *reading.fitting]),
        fitting=" and ".join(reading.fitting) or True,
        key=_key(operation),
        work=work,
        bits=_bits(operation, work, reading.dims),
        dims=reading.sizes(),
        results=_results(operation, reading.dims),
        arguments=arguments,
    )


def _results(operation: Declaration, dims: Collection[str]) -> str:
    """An expression for the numbers in all results, where an empty dimension counts as one."""
    results = [[_prefixed(size, dims) for size in spec.dims if size != "?"] for spec in operation.shapes.outputs]
    return " + ".join(" * ".join(f"({size} or 1)" for size in sizes) or "1" for sizes in results)


def _bits(operation: Declaration, work: str, dims: Collection[str]) -> str:
    """An expression for the magnitudes of work and width, which predict what a call costs."""
    has_width = operation.width in dims
    return magnitudes(f"({work})", _prefixed(operation.width, dims)) if has_width else f"({work}).bit_length()"


def _key(operation: Declaration) -> str:
    """An expression for the key of a call's plan.

    Of a plain call (float64 arrays, no optional one, every option the very object that is its default) it is the bits
    alone, which is found sooner than a tuple.
    """
    arrays = list(zip(operation.array_names, operation.shapes.inputs, strict=True))
    absent = [f"{name} is None" for name, spec in arrays if spec.optional]
    widths = [f"{name}.dtype" for name, spec in arrays if spec.any_width]
    options = [f"{name}, {name}.__class__" for name in operation.option_names]
    key = f"({', '.join(['_real', *absent, *widths, *options])}, backend, _bits)"
    if widths or operation.defaults.keys() < set(operation.option_names):
        return key
    defaults = [f"{name} is _default_{name}" for name in operation.option_names]
    return f"_bits if {' and '.join(['_real is _float64', 'backend is None', *absent, *defaults])} else {key}"


class _Reading:
    """How the arrays of a call are read: lines of code, and conditions on what they have read."""

    def __init__(self, operation: Declaration) -> None:
        self.lines = ["_real = None"]
        #: What must hold for kernels to take the arrays as they are.
        self.canonical: list[str] = []
        #: What must hold for the shapes to agree.
        self.fitting: list[str] = []
        #: Each dimension, and whether it may be unknown: that of an optional array alone.
        self.dims: dict[str, bool] = {}
        self._real = ""
        for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
            lines, fitting = self._shape(name, spec)
            canonical = self._form(name, spec, lines)
            if spec.optional:
                lines = self._unless_absent(name, spec, lines)
                canonical, fitting = ([_or_absent(name, each)] if each else [] for each in (canonical, fitting))
            self.lines += lines
            self.canonical += canonical
            self.fitting += fitting

    def sizes(self) -> str:
        """An expression for the sizes of the dimensions that are known."""
        sizes = f"{{{', '.join(f'{dim!r}: _dim_{dim}' for dim in self.dims)}}}"
        return f"{{d: n for d, n in {sizes}.items() if n is not None}}" if any(self.dims.values()) else sizes

    def _shape(self, name: str, spec: ArraySpec) -> tuple[list[str], list[str]]:
        """Lines that read one array's shape, and what must hold of it."""
        targets: list[str] = []
        later: list[str] = []
        fitting: list[str] = []
        defaults = dict(spec.defaults)
        for dim in spec.dims:
            if dim not in self.dims:
                targets.append(f"_dim_{dim}")
                self.dims[dim] = spec.optional and dim not in defaults
                continue
            targets.append(f"_dim_{dim}_of_{name}")
            fitting.append(f"{targets[-1]} == _dim_{dim}")
            if self.dims[dim]:
                later.append(f"_dim_{dim} = {targets[-1]} if _dim_{dim} is None else _dim_{dim}")
                self.dims[dim] = spec.optional
        return [f"{', '.join(targets)}, = {name}.shape", *later], fitting

    def _form(self, name: str, spec: ArraySpec, lines: list[str]) -> list[str]:
        """What must hold of one array's layout and dtype; the first real one's dtype is read in `lines`."""
        # `carray` is the cheapest look at the layout, but wants the array writeable; read-only ones take a second look.
        flags = f"({name}.flags.carray or {name}.flags.num & {CANONICAL_FLAGS} == {CANONICAL_FLAGS})"
        canonical = [f"{name}.__class__ is _ndarray", flags]
        if spec.any_width:
            return canonical  # its dtype is part of the key
        if spec.integer:
            return [*canonical, f"{name}.dtype is _integer"]
        if self._real == "read":
            return [*canonical, f"{name}.dtype is _real"]
        lines.append(f"_real = {name}.dtype if _real is None else _real" if self._real else f"_real = {name}.dtype")
        if self._real:
            canonical.append(f"{name}.dtype is _real")
        self._real = "maybe read" if spec.optional else "read"
        return canonical

    def _unless_absent(self, name: str, spec: ArraySpec, lines: list[str]) -> list[str]:
        own = [target.strip() for target in lines[0].partition(" = ")[0].split(",")]
        defaults = {f"_dim_{dim}": f"_dim_{default}" for dim, default in spec.defaults}
        new = {f"_dim_{dim}" for dim in spec.dims}
        left_out = [f"{target} = {defaults.get(target)}" for target in own if target in new] or ["pass"]
        present = [f"    {line}" for line in lines]
        return [f"if {name} is None:", *(f"    {line}" for line in left_out), "else:", *present]


def _or_absent(name: str, conditions: list[str]) -> str:
    return f"({name} is None or {' and '.join(conditions)})"


def _signature(operation: Declaration) -> str:
    positional = operation.positional
    parts = [_parameter(operation, name) for name in operation.parameters[:positional]]
    keywords = [_parameter(operation, name) for name in operation.parameters[positional:]]
    return ", ".join([*parts, "*", *keywords, "backend=None"])


def _parameter(operation: Declaration, name: str) -> str:
    return f"{name}=_default_{name}" if name in operation.defaults else name


def _prefixed(expression: str, dims: Collection[str]) -> str:
    """`expression` with dimension names turned into the generated code's local names."""
    return re.sub(r"[A-Za-z_]\w*", lambda match: f"_dim_{match[0]}" if match[0] in dims else match[0], expression)
