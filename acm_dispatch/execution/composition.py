"""Public functions made of operations: no kernels of their own, yet sampled and tested like operations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from types import MappingProxyType
from typing import Any, NamedTuple, ParamSpec, Protocol, TypeVar, cast

import numpy as np

from ..backends import registry
from ..contract import authoring
from ..contract.declaration import Composition, Contract
from ..contract.parts import DeclaredParts
from ..contract.samples import Samples
from ..contract.scaling import parse_scalings
from ..errors import DeclarationError, InvalidInput, shown
from . import dispatch
from .binding import Plan
from .dispatch import ComposedExplanation, engine_of

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

#: The arguments of a composition -> those of each operation that it calls with them.
Calls = Callable[..., Mapping[str, Mapping[str, Any]]]


class ComposedFunction(Protocol[P, R]):
    """A public composition: call it like the plain function it looks like."""

    __name__: str
    explain: Callable[P, ComposedExplanation]
    plan: Callable[P, dict[str, Plan]]

    @property
    def contract(self) -> dict[str, Contract]: ...
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


def composition(
    *operations: Any,
    samples: Samples,
    made_of: Mapping[str, str] = MappingProxyType({}),
    homogeneous: str = "",
    calls: Calls | None = None,
    examples: Mapping[str, Callable[[tuple[int, ...]], Any]] = MappingProxyType({}),
    parts: DeclaredParts = None,
    rows: Sequence[str] = (),
) -> Callable[[Callable[P, R]], ComposedFunction[P, R]]:
    """Register a function that calls operations; what it gives on NumPy is what every backend has to give.

    Parameters
    ----------
    *operations : operations
        What it is made of.
    samples : Samples
        Arguments to try it on.
    made_of : mapping
        For arguments of these operations that the function takes out of one of its own (the arrays of a model), that
        one: it is to blame for them.
    homogeneous : str, optional
        How results follow a common factor of their inputs, as that of an `operation`.
    calls : callable, optional
        Takes the function's arguments by name, without `backend`, and gives those of each operation that it would call
        with them: what `explain` and `plan` look at. By default arguments go to the parameters of the same names.
    examples : mapping, optional
        For arguments that are no array of an operation (a model), what makes one of a shape: for the command line.
    parts : Parts, or callable ``(arguments) -> Parts``, optional
        How the results of parts of the rows combine, as that of an `operation`.
    rows : sequence of str, optional
        The arguments that have these rows; by default the first one.

    Returns
    -------
    callable
        Makes a composition of a function whose last parameter is ``*, backend=None``.

    Raises
    ------
    DeclarationError
        If the declaration contradicts itself or the function, or the name is taken.
    """

    def register(function: Callable[P, R]) -> ComposedFunction[P, R]:
        parameters = authoring.a_body("a composition", function)
        name = function.__name__
        scalings = parse_scalings(name, homogeneous, parameters.__contains__)
        used = _operations(name, operations)
        authoring.a_type(f"{name}: samples", samples, Samples, "Samples")
        authoring.fitting_samples(name, samples.mistakes, parameters)
        wholes = authoring.text_by_name(f"{name}: made_of", made_of).values()
        authoring.expect(set(wholes) <= set(parameters), f"{name}: made_of", made_of, "its parameters")
        authoring.a_function(f"{name}: calls", calls, optional=True)
        authoring.a_type(f"{name}: examples", examples, Mapping, "a mapping of parameters to functions of a shape")
        known = registry.compositions.get(name)
        if name in registry.operations or (known and known.function.__module__ != function.__module__):
            raise DeclarationError(f"an operation named {name!r} is already declared")
        blame = _Blame(name, made_of, parameters)
        named = _naming_itself(function, blame)
        with_rows = authoring.texts(f"{name}: rows", rows) or parameters[:1]
        authoring.expect(set(with_rows) <= set(parameters), f"{name}: rows", rows, "its parameters")
        declared = Composition(name, named, samples, used, scalings, calls, dict(examples), parts, with_rows)
        registry.compositions[name] = declared
        _publish(declared, named, blame)
        return named

    return register


def _operations(name: str, operations: tuple[Any, ...]) -> tuple[str, ...]:
    """Names of the operations, of which there is at least one."""
    for operation in operations or (None,):
        found = registry.operations.get(getattr(operation, "__name__", ""))
        if found is None or getattr(operation, "operation", None) is not found:
            raise DeclarationError(f"{name}: is made of {shown(operation)}; expected operations")
    return tuple(operation.__name__ for operation in operations)


class _Blame(NamedTuple):
    """Whose arguments are to blame for those of the operations below."""

    name: str
    made_of: Mapping[str, str]
    parameters: tuple[str, ...]

    def own(self, error: InvalidInput) -> InvalidInput:
        """The error about the composition's own argument, in its own name, where it is about one."""
        if whole := self.made_of.get(error.argument):
            return InvalidInput(self.name, whole, f"has a `{error.argument}` that {error.problem}")
        if error.argument not in self.parameters or error.operation == self.name:
            return error
        return InvalidInput(self.name, error.argument, error.problem)


def _naming_itself(function: Callable[P, R], blame: _Blame) -> Any:
    """`function`, blaming its own arguments in its own name rather than in that of an operation below."""

    @wraps(function)
    def named(*args: P.args, **kwargs: P.kwargs) -> R:
        engine = engine_of((*args, *kwargs.values()))
        if engine is not None:
            bound = inspect.signature(function).bind(*args, **kwargs).arguments
            bound.pop("backend", None)
            return engine(registry.compositions[blame.name], bound)
        try:
            with np.errstate(all="ignore"):  # the contracts say what NaN and infinity do
                return function(*args, **kwargs)
        except InvalidInput as error:
            own = blame.own(error)
            if own is error:
                raise
            raise own from error

    return named


def _publish(declared: Composition, function: Any, blame: _Blame) -> None:
    """Give the function the attributes that operations have, of all that it is made of."""

    def parts(args: Any, kwargs: Any) -> Iterator[tuple[dispatch.Operation, dict[str, Any]]]:
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        backend = bound.arguments.pop("backend")
        for name, arguments in _calls(declared, bound.arguments).items():
            yield dispatch.find(name), {**arguments, "backend": backend}

    def explain(*args: Any, **kwargs: Any) -> ComposedExplanation:
        """Every backend's verdict on each operation of a call with these arguments, before running it."""
        with _blaming(blame):
            found = {operation.name: operation.explain(**arguments) for operation, arguments in parts(args, kwargs)}
        return ComposedExplanation(declared.name, found)

    def plan(*args: Any, **kwargs: Any) -> dict[str, Plan]:
        """The resolved call of each operation for arguments like these."""
        with _blaming(blame):
            return {operation.name: operation.plan(**arguments) for operation, arguments in parts(args, kwargs)}

    function.explain, function.plan = explain, plan
    function.contract = {name: cast("Any", dispatch.find(name).function).contract for name in declared.operations}


@contextmanager
def _blaming(blame: _Blame) -> Generator[None]:
    try:
        yield
    except InvalidInput as error:
        raise blame.own(error) from error


def _calls(declared: Composition, arguments: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The arguments of each operation: as the composition says, or those of the same names."""
    operations = {name: dispatch.find(name) for name in declared.operations}
    if declared.calls is not None:
        return declared.calls(**arguments)
    for name, operation in operations.items():
        if missing := set(operation.parameters) - operation.defaults.keys() - arguments.keys():
            names = ", ".join(sorted(missing))
            raise DeclarationError(f"{declared.name}: needs calls=, since `{names}` of {name} is none of its arguments")
    return {
        name: {key: value for key, value in arguments.items() if key in operation.parameters}
        for name, operation in operations.items()
    }
