"""What an operation is: shapes, work, NaN rule, samples, options, and the NumPy body that is its meaning."""

from __future__ import annotations

import builtins
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from .arrays import canonicalise, require_memory
from .errors import DeclarationError
from .options import Check
from .samples import Samples
from .scaling import Scaling, parse_scalings
from .shapes import Shapes, measure, parse

#: Flags of a code object with *args or **kwargs.
_TAKES_ANYTHING = 0x04 | 0x08

_NAME = re.compile(r"[A-Za-z_]\w*")

#: What `work` may use besides dimensions and options.
_PYTHON = {*dir(builtins), "if", "else", "and", "or", "not", "is"}

NanRule = Literal["propagate", "skip", "replace", "forbid"]
#: Takes results, those of the reference, a relative and an absolute tolerance (and the arguments), and asserts.
Agreement = Callable[..., None]

#: dtype name -> (relative, absolute) tolerance against the reference.
TOLERANCE: Mapping[str, tuple[float, float]] = {"float64": (1e-10, 1e-12), "float32": (1e-5, 1e-6)}


class Contract(NamedTuple):
    """What every kernel of an operation promises."""

    shapes: str
    work: str
    tolerance: Mapping[str, tuple[float, float]]
    nan: NanRule


class Composition(NamedTuple):
    """A function over operations; it passes ``backend=`` on to them, so every backend can be asked for it."""

    name: str
    function: Callable[..., Any]
    samples: Samples
    operations: tuple[str, ...]
    homogeneous: tuple[Scaling, ...] = ()


class Declaration:
    """An operation as its author wrote it down; nothing here knows of backends."""

    def __init__(
        self,
        body: Callable[..., Any],
        shapes: str,
        *,
        work: str,
        nan: NanRule,
        samples: Samples,
        options: Mapping[str, Check],
        tolerance: Mapping[str, tuple[float, float]],
        prepare: Callable[..., tuple[Any, ...]] | None,
        returns: Callable[..., Any] | None,
        agrees: Agreement | None,
        widens: bool,
        homogeneous: str = "",
    ) -> None:
        self.body = body
        self.name = body.__name__
        self.family = body.__module__.rpartition(".")[2]
        self.shapes: Shapes = parse(shapes)
        self.work = work
        self.nan: NanRule = nan
        self.samples = samples
        self.options = dict(options)
        self.tolerance = tolerance
        self.prepare = prepare
        self.returns = returns
        self.agrees = agrees
        self.agrees_by_arguments = agrees is not None and agrees.__code__.co_argcount > 4
        self.widens = widens
        self._read_signature()
        real = {name for name, spec in zip(self.array_names, self.shapes.inputs, strict=False) if not spec.integer}
        self.homogeneous = parse_scalings(self.name, homogeneous, real.__contains__, len(self.shapes.outputs))
        self._work = compile(work, f"<work of {self.name}>", "eval")

    def __repr__(self) -> str:
        return f"<operation {self.name}: {self.shapes.text}>"

    def _read_signature(self) -> None:
        code = self.body.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if names[-1:] != ("backend",) or code.co_kwonlyargcount == 0 or code.co_flags & _TAKES_ANYTHING:
            raise DeclarationError(f"{self.name}: its last parameter must be `*, backend=None`")
        self.parameters = names[:-1]
        self.positional = code.co_argcount
        positional_defaults = self.body.__defaults__ or ()
        self.defaults: dict[str, Any] = dict(
            zip(names[self.positional - len(positional_defaults) : self.positional], positional_defaults, strict=True)
        )
        self.defaults.update({k: v for k, v in (self.body.__kwdefaults__ or {}).items() if k != "backend"})
        self.array_names = self.parameters[: len(self.shapes.inputs)]
        self.option_names = self.parameters[len(self.shapes.inputs) :]
        if set(self.option_names) != set(self.options):
            raise DeclarationError(f"{self.name}: options= must name exactly {self.option_names}")
        if self.nan not in get_args(NanRule):
            raise DeclarationError(f"{self.name}: nan={self.nan!r}; expected one of {get_args(NanRule)}")
        known = {dim for spec in self.shapes.inputs for dim in spec.dims} | set(self.option_names)
        if strange := set(_NAME.findall(self.work)) - known - _PYTHON:
            names = ", ".join(sorted(strange))
            raise DeclarationError(f"{self.name}: work= names {names}, which is no dimension or option")

    def bind(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], str | None]:
        """Arguments in declared order and the backend keyword, as the wrapper's own signature understands them."""
        backend = kwargs.pop("backend", None)
        twice = kwargs.keys() & set(self.parameters[: len(args)])
        if len(args) > self.positional or twice or kwargs.keys() - set(self.parameters):
            raise TypeError(f"{self.name}() takes {', '.join(self.parameters)} and backend")
        bound = {**self.defaults, **dict(zip(self.parameters, args, strict=False)), **kwargs}
        if missing := [name for name in self.parameters if name not in bound]:
            raise TypeError(f"{self.name}() misses {', '.join(missing)}")
        return tuple(bound[name] for name in self.parameters), backend

    def canonical(self, arguments: tuple[Any, ...]) -> tuple[list[Any], dict[str, int]]:
        """Canonical arrays followed by checked options, and the size of every dimension."""
        count = len(self.array_names)
        arrays = canonicalise(self.name, self.array_names, self.shapes.inputs, arguments[:count])
        dims = measure(self.name, self.shapes, self.array_names, arrays)
        options: list[Any] = []
        for name, value in zip(self.option_names, arguments[count:], strict=True):
            checked = self.options[name](self.name, name, value)
            # A default stays the very object, which is what the generated code looks for; its check may have copied it.
            same = value is self.defaults.get(name) and checked.__class__ is value.__class__ and checked == value
            options.append(value if same else checked)
        return [*arrays, *options], dims

    def amount(self, dims: Mapping[str, int], values: list[Any]) -> int:
        """Units of work of a call."""
        return eval(self._work, {}, {**dict(zip(self.parameters, values, strict=True)), **dims})

    def result_shapes(self, dims: Mapping[str, int], values: list[Any]) -> list[list[int | None]]:
        """The shape of each result; None where the data decide."""
        known = {**dict(zip(self.parameters, values, strict=True)), **dims}
        return [[None if dim == "?" else eval(dim, {}, known) for dim in spec.dims] for spec in self.shapes.outputs]

    def result_size(self, dims: Mapping[str, int], values: list[Any]) -> int:
        """Numbers in all results."""
        shapes = self.result_shapes(dims, values)
        return sum(math.prod(size for size in shape if size is not None) for shape in shapes)

    def require_memory(self, dims: Mapping[str, int], values: list[Any]) -> None:
        """Raise `MemoryError` for a result that no machine can hold, or whose sizes are beyond an array's."""
        for shape in self.result_shapes(dims, values):
            require_memory(self.name, *[size for size in shape if size is not None])

    def run_reference(self, *arguments: Any) -> Any:
        """The body on canonical arguments: computed in float64, given back in the input's dtype unless that widens."""
        wide = np.dtype(np.float64)
        dtype = wide if self.widens else next((value.dtype for value in arguments if _is_real(value)), wide)
        with np.errstate(all="ignore"):
            result = self._call_body(tuple(_widened(value) for value in arguments))
            if isinstance(result, tuple):
                return tuple(_arranged(value, dtype) for value in cast("tuple[Any, ...]", result))
            return _arranged(result, dtype)

    def _call_body(self, arguments: tuple[Any, ...]) -> Any:
        keywords = zip(self.parameters[self.positional :], arguments[self.positional :], strict=True)
        return self.body(*arguments[: self.positional], **dict(keywords))


def _is_real(value: Any) -> bool:
    return getattr(value, "dtype", np.dtype(bool)).kind == "f" and value.ndim > 0


def _widened(value: Any) -> Any:
    return value.astype(np.float64, copy=False) if _is_real(value) else value


def _arranged(value: Any, dtype: np.dtype[Any]) -> Any:
    """A result in C order, and in `dtype` if it is real."""
    if not hasattr(value, "dtype"):
        return value
    return value.astype(dtype if value.dtype == np.float64 else value.dtype, order="C", copy=False)
