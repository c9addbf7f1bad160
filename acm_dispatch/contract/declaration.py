"""What an operation is: shapes, work, NaN rule, samples, options, and the NumPy body that is its meaning."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import CodeType, MappingProxyType
from typing import Any, Literal, NamedTuple, cast, get_args

import numpy as np

from ..errors import DeclarationError, shown
from . import authoring
from .arrays import canonicalise, require_memory
from .expressions import compiled, evaluate, tried
from .options import Check
from .parts import DeclaredParts
from .samples import Samples
from .scaling import Scaling, parse_scalings
from .shapes import Shapes, always_known, measure, parse

NanRule = Literal["propagate", "skip", "replace", "forbid"]
#: Takes results, those of the reference, a relative and an absolute tolerance (and the arguments), and asserts.
Agreement = Callable[..., None]

#: dtype name -> (relative, absolute) tolerance against the reference.
TOLERANCE: Mapping[str, tuple[float, float]] = {"float64": (1e-10, 1e-12), "float32": (1e-5, 1e-6)}

#: The same of kernels that say they are relaxed: half of the digits.
RELAXED: Mapping[str, tuple[float, float]] = {"float64": (1e-7, 1e-9), "float32": (1e-3, 1e-4)}


class Contract(NamedTuple):
    """What every kernel of an operation promises."""

    shapes: str
    work: str
    tolerance: Mapping[str, tuple[float, float]]
    nan: NanRule
    relaxed: Mapping[str, tuple[float, float]] = RELAXED


class Composition(NamedTuple):
    """A function over operations; it passes ``backend=`` on to them, so every backend can be asked for it."""

    name: str
    function: Callable[..., Any]
    samples: Samples
    operations: tuple[str, ...]
    homogeneous: tuple[Scaling, ...] = ()
    calls: Callable[..., Mapping[str, Mapping[str, Any]]] | None = None
    examples: Mapping[str, Callable[[tuple[int, ...]], Any]] = MappingProxyType({})
    parts: DeclaredParts = None
    #: The arguments that have rows.
    row_names: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)  # of which there is one; mappings have no hash


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
        relaxed: Mapping[str, tuple[float, float]] = RELAXED,
        remembers: Callable[..., Any] | None = None,
        parts: DeclaredParts = None,
    ) -> None:
        self.parameters = authoring.a_body("an operation", body)
        self.body = body
        self.name = body.__name__
        self.family = body.__module__.rpartition(".")[2]
        self.shapes: Shapes = parse(shapes, self.name)
        if nan not in get_args(NanRule):
            raise DeclarationError(f"{self.name}: nan={shown(nan)}; expected one of {get_args(NanRule)}")
        self.nan: NanRule = nan
        #: The dimension of columns, which with the amount of work tells what a call costs; empty where none has any.
        self.width = next(
            (spec.dims[-1] for spec in self.shapes.inputs if len(spec.dims) > 1 and not spec.optional), ""
        )
        authoring.a_type(f"{self.name}: samples", samples, Samples, "Samples")
        self.samples = samples
        authoring.a_type(f"{self.name}: options", options, Mapping, "a mapping of names to checks")
        self.options = dict(options)
        self.tolerance = authoring.tolerance(f"{self.name}: tolerance", tolerance)
        self.relaxed = authoring.tolerance(f"{self.name}: relaxed", relaxed)
        self.prepare, self.returns, self.agrees = prepare, returns, agrees
        for what in ("prepare", "returns", "agrees"):
            authoring.a_function(f"{self.name}: {what}", getattr(self, what), optional=True)
        authoring.a_type(f"{self.name}: widens", widens, bool, "True or False")
        self.agrees_by_arguments = agrees is not None and agrees.__code__.co_argcount > 4
        self.widens = widens
        self.remembers = remembers
        self.parts: DeclaredParts = parts
        self._read_signature()
        authoring.fitting_samples(self.name, self.samples.mistakes, self.parameters)
        authoring.a_type(f"{self.name}: homogeneous", homogeneous, str, "a text such as 'x, y -> 1'")
        real = {name for name, spec in zip(self.array_names, self.shapes.inputs, strict=True) if not spec.integer}
        self.homogeneous = parse_scalings(self.name, homogeneous, real.__contains__, len(self.shapes.outputs))
        self._read_expressions(work)
        rows = self.shapes.inputs[0].dims[0]
        #: The arrays whose first dimension is the rows: that of the first array.
        self.row_names = tuple(
            name for name, spec in zip(self.array_names, self.shapes.inputs, strict=True) if spec.dims[0] == rows
        )
        #: Which results have a row for each of these.
        self.row_results = tuple(spec.dims[0] == rows for spec in self.shapes.outputs)

    def __repr__(self) -> str:
        return f"<operation {self.name}: {self.shapes.text}>"

    def _read_signature(self) -> None:
        """Parameters and defaults: the arrays come first, those that may be left out are None by default."""
        self.positional = self.body.__code__.co_argcount
        positional_defaults = self.body.__defaults__ or ()
        first = self.positional - len(positional_defaults)
        self.defaults: dict[str, Any] = dict(
            zip(self.parameters[first : self.positional], positional_defaults, strict=True)
        )
        self.defaults.update({k: v for k, v in (self.body.__kwdefaults__ or {}).items() if k != "backend"})
        count = len(self.shapes.inputs)
        if count > len(self.parameters):
            raise DeclarationError(f"{self.name}: shapes have {count} arrays; its parameters are {self.parameters}")
        self.array_names, self.option_names = self.parameters[:count], self.parameters[count:]
        for name, spec in zip(self.array_names, self.shapes.inputs, strict=True):
            if spec.optional and self.defaults.get(name, spec) is not None:
                raise DeclarationError(f"{self.name}: the array `{name}` is in brackets, so its default has to be None")
            if not spec.optional and name in self.defaults:
                raise DeclarationError(f"{self.name}: the array `{name}` has a default, so it has to be in brackets")
        if set(self.option_names) != set(self.options):
            raise DeclarationError(f"{self.name}: options= must name exactly {self.option_names}")
        usual = [(name, self._checked(name, check)) for name, check in self.options.items()]
        #: What options are where they are left out.
        self._usual = {name: value for name, value in usual if name in self.defaults}

    def _checked(self, name: str, check: Any) -> Any:
        """An option's default as its check gives it, which takes operation, argument and value; None without one."""
        where = f"{self.name}: options[{name!r}]"
        authoring.a_function(where, check, arguments=3)
        if name not in self.defaults:
            return None
        try:
            value = check(self.name, name, self.defaults[name])
            hash(value)
        except Exception as error:
            default = shown(self.defaults[name])
            raise DeclarationError(f"{where} does not accept the default {default} ({error})") from error
        return value

    def _read_expressions(self, work: str) -> None:
        """Work and the dimensions of results, over the dimensions of the arrays and the options."""
        dims = {dim for spec in self.shapes.inputs for dim in spec.dims}
        if clash := dims & set(self.option_names):
            raise DeclarationError(f"{self.name}: {sorted(clash)[0]!r} is a dimension and an option")
        dims = always_known(self.shapes.inputs)
        known = dims | set(self.option_names)
        where = f"{self.name}: work="
        self.work, self._work = compiled(where, work, known)
        tried(where, self._work, dims, self._usual)
        self._sizes = [[self._compiled_size(dim, dims, known) for dim in spec.dims] for spec in self.shapes.outputs]

    def _compiled_size(self, text: str, dims: set[str], known: set[str]) -> CodeType | None:
        if text == "?":
            return None
        where = f"{self.name}: a dimension of its results"
        _, code = compiled(where, text, known)
        tried(where, code, dims, self._usual)
        return code

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

    def checked(self, arguments: tuple[Any, ...]) -> list[Any]:
        """Canonical arrays followed by checked options; whether the shapes fit each other is not looked at."""
        count = len(self.array_names)
        values = canonicalise(self.name, self.array_names, self.shapes.inputs, arguments[:count])
        for name, value in zip(self.option_names, arguments[count:], strict=True):
            checked = self.options[name](self.name, name, value)
            # A default stays the very object, which is what the generated code looks for; its check may have copied it.
            same = value is self.defaults.get(name) and checked.__class__ is value.__class__ and checked == value
            values.append(value if same else checked)
        return values

    def canonical(self, arguments: tuple[Any, ...]) -> tuple[list[Any], dict[str, int]]:
        """Canonical arrays followed by checked options, and the size of every dimension."""
        values = self.checked(arguments)
        return values, measure(self.name, self.shapes, self.array_names, values[: len(self.array_names)])

    def amount(self, dims: Mapping[str, int], values: list[Any]) -> int:
        """Units of work of a call."""
        return evaluate(self._work, {**dict(zip(self.parameters, values, strict=True)), **dims})

    def result_shapes(self, dims: Mapping[str, int], values: list[Any]) -> list[list[int | None]]:
        """The shape of each result; None where the data decide."""
        known = {**dict(zip(self.parameters, values, strict=True)), **dims}
        return [[None if size is None else evaluate(size, known) for size in sizes] for sizes in self._sizes]

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
