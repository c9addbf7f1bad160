"""Checks of what authors of operations, samples and backends write down: each a `DeclarationError` that says what."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from ..errors import DeclarationError, shown


def expect(holds: bool, where: str, value: object, expected: str) -> None:
    """Raise `DeclarationError` unless `holds`: "where is value; expected ..."."""
    if not holds:
        raise DeclarationError(f"{where} is {shown(value)}; expected {expected}")


def a_type(where: str, value: object, kind: type, expected: str) -> None:
    """`value` is of this type; truth values are no numbers."""
    expect(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), where, value, expected)


def a_function(where: str, value: object, *, arguments: int | None = None, optional: bool = False) -> None:
    """`value` can be called, with so many arguments by position; or is None where that is `optional`."""
    if value is None and optional:
        return
    expect(callable(value), where, value, "a callable")
    if arguments is not None and callable(value) and not _takes(value, arguments):
        raise DeclarationError(f"{where} is {shown(value)}, which does not take {arguments} arguments")


def _takes(function: Callable[..., Any], count: int) -> bool:
    if (
        inspect.isfunction(function)
        and function.__code__.co_argcount == count
        and not function.__code__.co_kwonlyargcount
    ):
        return True  # as nearly all of them, told without the cost of a signature
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return True  # written in C, and not telling
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def texts(where: str, value: object) -> tuple[str, ...]:
    """Several texts; a single one, which is a sequence of letters, is none."""
    given: Any = value
    is_several = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    items: tuple[Any, ...] = tuple(cast("Iterable[Any]", given)) if is_several else (None,)
    expect(all(isinstance(item, str) for item in items), where, value, "a sequence of names")
    return tuple(map(str, items))


def text_by_name(where: str, value: object) -> dict[str, str]:
    """A mapping from texts to texts."""
    expect(isinstance(value, Mapping), where, value, "a mapping of names to texts")
    items = _as_dict(value)
    whole = all(isinstance(part, str) for item in items.items() for part in item)
    expect(whole, where, value, "a mapping of names to texts")
    return items


def tolerance(where: str, value: object) -> dict[str, tuple[float, float]]:
    """A pair of numbers, relative and absolute, for each real dtype."""
    expect(isinstance(value, Mapping), where, value, "a mapping of float64 and float32 to (relative, absolute)")
    items = _as_dict(value)
    for dtype in dict.fromkeys(("float64", "float32", *items)):
        pair: Any = items.get(dtype)
        numbers = type(pair) in (tuple, list) and len(pair) == 2 and all(map(_is_bound, pair))
        expect(numbers, f"{where}[{dtype!r}]", pair, "two numbers of at least 0, relative and absolute")
    return items


def _as_dict(value: object) -> dict[Any, Any]:
    return dict(cast("Mapping[Any, Any]", value)) if isinstance(value, Mapping) else {}


def _is_bound(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")


def a_body(where: str, value: object) -> tuple[str, ...]:
    """The parameters of a plain function whose last is ``*, backend=None``."""
    code: Any = getattr(value, "__code__", None)
    expect(inspect.isfunction(value), where, value, "a plain function")
    name = getattr(value, "__name__", "")
    expect(name.isidentifier(), where, value, "a function with a name")
    flags = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    names: tuple[str, ...] = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    takes_backend = names[-1:] == ("backend",) and code.co_kwonlyargcount and not code.co_flags & flags
    defaults: dict[str, Any] = getattr(value, "__kwdefaults__", None) or {}
    if not takes_backend or defaults.get("backend", value) is not None:
        raise DeclarationError(f"{name}: its last parameter must be `*, backend=None`")
    if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        raise DeclarationError(f"{name}: is a generator or coroutine; expected a plain function")
    if hidden := [parameter for parameter in names if parameter.startswith("_")]:
        raise DeclarationError(f"{name}: its parameter `{hidden[0]}` begins with an underscore")
    return names[:-1]


def fitting_samples(name: str, mistakes: Mapping[str, Any], parameters: tuple[str, ...]) -> None:
    """Every mistake blames a parameter."""
    for sample, mistake in mistakes.items():
        if mistake.argument not in parameters:
            problem = f"is to be blamed on {shown(mistake.argument)}, which is no parameter"
            raise DeclarationError(f"{name}: its sample {sample!r} {problem}")
