"""Checks of the arguments that are not arrays: each returns the value in its one true form, or says what is wrong."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import InvalidInput

Check = Callable[[str, str, Any], Any]


def one_of(*choices: str) -> Check:
    """One of the given words."""

    def check(operation: str, argument: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise InvalidInput(operation, argument, f"is {value!r}; expected one of {', '.join(map(repr, choices))}")
        return str(value)

    return check


def boolean(operation: str, argument: str, value: Any) -> bool:
    """True or False, NumPy's included."""
    if type(value) not in (bool, np.bool_):
        raise InvalidInput(operation, argument, f"is {value!r}; expected True or False")
    return bool(value)


def _no_truth(value: Any) -> Any:
    """`value`, unless it is a truth value or a text, which Python would take for a number."""
    if isinstance(value, bool | str | bytes):
        raise TypeError
    return value


def integer(minimum: int | None = None) -> Check:
    """A whole number, at least `minimum`."""

    def check(operation: str, argument: str, value: Any) -> int:
        try:
            number = operator.index(_no_truth(value))
        except TypeError:
            raise InvalidInput(operation, argument, f"is {value!r}; expected an integer") from None
        if abs(number) >= 2**63:
            raise InvalidInput(operation, argument, f"is {number}; expected a 64-bit integer")
        if minimum is not None and number < minimum:
            raise InvalidInput(operation, argument, f"is {number}; expected at least {minimum}")
        return number

    return check


def real(minimum: float = -math.inf, *, exclusive: bool = False) -> Check:
    """A finite number, at least (`exclusive`: above) `minimum`."""

    def check(operation: str, argument: str, value: Any) -> float:
        try:
            number = float(_no_truth(value))
        except (TypeError, ValueError, OverflowError):
            raise InvalidInput(operation, argument, f"is {value!r}; expected a number") from None
        if not math.isfinite(number):
            raise InvalidInput(operation, argument, f"is {number}; expected a finite number")
        if number < minimum or (exclusive and number == minimum):
            bound = "more than" if exclusive else "at least"
            raise InvalidInput(operation, argument, f"is {number}; expected {bound} {minimum}")
        return number

    return check


def optional(check: Check) -> Check:
    """None, or what `check` accepts."""
    return lambda operation, argument, value: None if value is None else check(operation, argument, value)
