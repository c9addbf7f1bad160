"""Checks of the arguments that are not arrays: each returns the value in its one true form, or says what is wrong.

A check is a function of the operation's name, the argument's name and the value. `boolean` is one; `one_of`, `integer`,
`real` and `optional` make one. One of your own raises `InvalidInput`, and says by two decorators what it accepts, in
words (`expects`) and as values that the conformance kit tries (`drawn_by`). `scalar`, `number` and `whole` read numbers
of NumPy, Arrow and arrays without dimensions. `docs/plugins.md` has an example.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from ..errors import InvalidInput, shown
from . import authoring

__all__ = [
    "Check",
    "DrawOption",
    "boolean",
    "drawn_by",
    "expects",
    "integer",
    "number",
    "one_of",
    "optional",
    "real",
    "scalar",
    "whole",
]

Check = Callable[[str, str, Any], Any]
C = TypeVar("C", bound=Check)
T = TypeVar("T")

#: A value at random, of a generator and the sizes of the dimensions of the call that it is for.
DrawOption: TypeAlias = "Callable[[np.random.Generator, Mapping[str, int]], Any]"  # a text: NumPy imports it lazily

#: Numbers around which kernels change their ways.
BORDERS = (1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 4095, 4096, 4097)

#: What Python or NumPy would take for a number all the same.
_NO_NUMBERS = (bool, np.bool_, str, bytes, np.datetime64, np.timedelta64)


def expects(values: str) -> Callable[[C], C]:
    """Decorator of a check: which values it accepts, in words that go after "expected".

    Parameters
    ----------
    values : str
        Such as "an integer of at least 1": `acm-dispatch info OPERATION` shows it.
    """
    authoring.expect(bool(values) and isinstance(cast("Any", values), str), "expects: values", values, "a text")

    def publish(check: C) -> C:
        setattr(check, "expects", values)  # noqa: B010 - a function has no such attribute that a type checker knows of
        return check

    return publish


def expectation_of(check: Check) -> str | None:
    """Which values `check` accepts, in words, if it says so."""
    return getattr(check, "expects", None)


def drawn_by(draw: DrawOption) -> Callable[[C], C]:
    """Decorator of a check: which values the conformance kit tries, most of them accepted.

    Parameters
    ----------
    draw : callable ``(rng, dims) -> value``
        Takes a NumPy generator and the sizes of the call's dimensions by name.
    """

    def publish(check: C) -> C:
        setattr(check, "draw", draw)  # noqa: B010 - a function has no such attribute that a type checker knows of
        return check

    return publish


def draw_of(check: Check) -> DrawOption | None:
    """How values that `check` accepts are drawn, if it says so."""
    return getattr(check, "draw", None)


def _chooses_from(*choices: Any) -> Callable[[C], C]:
    """Decorator of a check: all values that it accepts, each of which may be another algorithm."""

    def publish(check: C) -> C:
        setattr(check, "choices", choices)  # noqa: B010 - a function has no such attribute that a type checker knows of
        return check

    return publish


def choices_of(check: Check) -> tuple[Any, ...]:
    """All values that `check` accepts, if these are few words or switches."""
    return getattr(check, "choices", ())


def scalar(value: Any) -> Any:
    """What a scalar of Arrow or an array without dimensions holds; anything else as it is."""
    owner = cast("type[Any]", type(value))
    if hasattr(owner, "as_py"):
        return value.as_py()
    return value[()] if issubclass(owner, np.ndarray) and value.ndim == 0 else value


def number(value: Any) -> float:
    """A number as a float; an exception of whatever kind where it is none, as truth values, texts and times are not."""
    value = scalar(value)
    owner = cast("type[Any]", type(value))
    if issubclass(owner, _NO_NUMBERS) or not (hasattr(owner, "__float__") or hasattr(owner, "__index__")):
        raise TypeError(f"{owner.__name__} is no number")
    return float(value)


def one_of(*choices: str) -> Check:
    """Check: one of the given words."""
    authoring.expect(bool(authoring.texts("one_of: choices", choices)), "one_of: choices", choices, "at least one")

    expected = f"one of {', '.join(map(repr, choices))}"

    @_chooses_from(*choices)
    @expects(expected)
    @drawn_by(lambda rng, dims: str(rng.choice(choices)))
    def check(operation: str, argument: str, value: Any) -> str:
        word = _or_none(_word, value)
        if word not in choices:
            raise InvalidInput(operation, argument, f"is {shown(value)}; expected {expected}")
        return word

    return check


def _word(value: Any) -> str:
    return str.__str__(scalar(value))  # of a class of its own, too, whatever that says of itself


@_chooses_from(True, False)
@expects("True or False")
@drawn_by(lambda rng, dims: bool(rng.random() < 0.5))
def boolean(operation: str, argument: str, value: Any) -> bool:
    """Check: True or False, NumPy's included."""
    truth = _or_none(scalar, value)
    if type(truth) not in (bool, np.bool_):
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected True or False")
    return bool(truth)


def _drawn_integer(minimum: int | None, rng: np.random.Generator, dims: Mapping[str, int]) -> int:
    """Small ones, those about the sizes of the arrays, those about borders, and now and then a huge one."""
    least = -3 if minimum is None else minimum
    size = int(rng.choice([*dims.values(), 1]))
    near: tuple[Any, ...] = (
        least + rng.integers(0, 6),
        size + rng.integers(-1, 2),
        rng.integers(0, size + 1),
        rng.choice(BORDERS),
        1 << 40,
    )
    return max(least, int(near[rng.choice(5, p=[0.4, 0.2, 0.25, 0.13, 0.02])]))


def integer(minimum: int | None = None) -> Check:
    """Check: a whole number of 64 bits, at least `minimum`."""
    authoring.expect(minimum is None or type(minimum) is int, "integer: minimum", minimum, "an integer or None")
    least = "" if minimum is None else f"at least {minimum}"

    @expects(f"an integer of {least}" if least else "an integer")
    @drawn_by(partial(_drawn_integer, minimum))
    def check(operation: str, argument: str, value: Any) -> int:
        found = whole(value)
        if found is None:
            raise InvalidInput(operation, argument, f"is {shown(value)}; expected an integer")
        if abs(found) >= 2**63:
            raise InvalidInput(operation, argument, f"is {shown(found)}; expected a 64-bit integer")
        if minimum is not None and found < minimum:
            raise InvalidInput(operation, argument, f"is {found}; expected {least}")
        return found

    return check


def whole(value: Any) -> int | None:
    """A whole number, or None."""
    return _or_none(_whole, value)


def _whole(value: Any) -> int:
    value = scalar(value)
    if issubclass(cast("type[Any]", type(value)), _NO_NUMBERS):
        raise TypeError
    return operator.index(value)


def _drawn_real(minimum: float, exclusive: bool, rng: np.random.Generator, dims: Mapping[str, int]) -> float:
    """The least one, simple ones, and ones of any size, of either sign where there is no least one."""
    if math.isinf(minimum):
        return float(rng.choice([0.0, 1.0, rng.normal(), -(10.0 ** rng.integers(-9, 4))]))
    return minimum + float(rng.choice([10.0 ** rng.integers(-9, 4), 1.0, rng.random(), 0.5 if exclusive else 0.0]))


def real(minimum: float = -math.inf, *, exclusive: bool = False) -> Check:
    """Check: a finite number, at least (`exclusive`: above) `minimum`."""
    authoring.a_type("real: minimum", minimum, float, "a float")
    least = f"{'more than' if exclusive else 'at least'} {minimum}"

    @expects("a finite number" if math.isinf(minimum) else f"a finite number of {least}")
    @drawn_by(partial(_drawn_real, minimum, exclusive))
    def check(operation: str, argument: str, value: Any) -> float:
        found = _or_none(number, value)
        if found is None:
            raise InvalidInput(operation, argument, f"is {shown(value)}; expected a number")
        if not math.isfinite(found):
            raise InvalidInput(operation, argument, f"is {found}; expected a finite number")
        if found < minimum or (exclusive and found == minimum):
            raise InvalidInput(operation, argument, f"is {found}; expected {least}")
        return found

    return check


def _or_none(reading: Callable[[Any], T], value: Any) -> T | None:
    """What `reading` makes of a value, or None: what goes wrong is up to the methods of the value's class."""
    try:
        return reading(value)
    except MemoryError:
        raise
    except Exception:
        return None


def optional(check: Check) -> Check:
    """Check: None, or what `check` accepts."""
    authoring.a_function("optional: the check", check, arguments=3)
    inner, expected = draw_of(check), expectation_of(check)

    def check_unless_none(operation: str, argument: str, value: Any) -> Any:
        return None if value is None else check(operation, argument, value)

    if expected is not None:
        check_unless_none = expects(f"{expected}, or None")(check_unless_none)
    if inner is None:
        return check_unless_none
    return drawn_by(lambda rng, dims: None if rng.random() < 0.4 else inner(rng, dims))(check_unless_none)
