"""Public functions made of operations: no kernels of their own, yet sampled and tested like operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import Any, TypeVar, cast

from . import authoring, registry
from .declaration import Composition
from .errors import DeclarationError, InvalidInput, shown
from .samples import Samples
from .scaling import parse_scalings

F = TypeVar("F", bound=Callable[..., Any])


def composition(
    *operations: Any,
    samples: Samples,
    made_of: Mapping[str, str] = MappingProxyType({}),
    homogeneous: str = "",
) -> Callable[[F], F]:
    """Register a function that calls `operations`; what it gives on NumPy is what every backend has to give.

    `made_of` names, for arguments of these operations that the function takes out of one of its own (the arrays of a
    model), that one: it is to blame for them. `homogeneous` says how results follow a common factor of their inputs, as
    that of an `operation`.
    """

    def register(function: F) -> F:
        parameters = authoring.a_body("a composition", function)
        scalings = parse_scalings(function.__name__, homogeneous, parameters.__contains__)
        used = _operations(function.__name__, operations)
        authoring.a_type(f"{function.__name__}: samples", samples, Samples, "Samples")
        authoring.fitting_samples(function.__name__, samples.mistakes, parameters)
        wholes = authoring.text_by_name(f"{function.__name__}: made_of", made_of).values()
        authoring.expect(set(wholes) <= set(parameters), f"{function.__name__}: made_of", made_of, "its parameters")
        known = registry.compositions.get(function.__name__)
        if function.__name__ in registry.operations or (known and known.function.__module__ != function.__module__):
            raise DeclarationError(f"an operation named {function.__name__!r} is already declared")
        named = _naming_itself(function, made_of, parameters)
        registry.compositions[function.__name__] = Composition(function.__name__, named, samples, used, scalings)
        return named

    return register


def _operations(name: str, operations: tuple[Any, ...]) -> tuple[str, ...]:
    """Names of the operations, of which there is at least one."""
    for operation in operations or (None,):
        found = registry.operations.get(getattr(operation, "__name__", ""))
        if found is None or getattr(operation, "operation", None) is not found:
            raise DeclarationError(f"{name}: is made of {shown(operation)}; expected operations")
    return tuple(operation.__name__ for operation in operations)


def _naming_itself(function: F, made_of: Mapping[str, str], parameters: tuple[str, ...]) -> F:
    """`function`, blaming its own arguments in its own name rather than in that of an operation below."""

    @wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except InvalidInput as error:
            if whole := made_of.get(error.argument):
                problem = f"has a `{error.argument}` that {error.problem}"
                raise InvalidInput(function.__name__, whole, problem) from error
            if error.argument not in parameters or error.operation == function.__name__:
                raise
            raise InvalidInput(function.__name__, error.argument, error.problem) from error

    return cast("F", named)
