"""Options that are more than a word: parsed once, refused with a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigurationError
from ..execution.dispatch import Operation, find


def named_operation(name: str) -> Operation:
    """The operation of that name."""
    try:
        return find(name)
    except LookupError as error:
        advice = "" if "did you mean" in str(error) else "; `acm-dispatch info` lists them"
        raise ConfigurationError(f"{error}{advice}") from None


def shape(text: str) -> tuple[int, ...]:
    """``10000x50``, ``10_000`` or ``1e6x50``."""
    try:
        sizes = tuple(float(part) for part in text.lower().split("x"))
    except ValueError:
        sizes = (-1.0,)
    if not all(size >= 0 and size.is_integer() for size in sizes):
        raise ConfigurationError(f"--shape is {text!r}; expected sizes such as 10000x50, or 10000 for a vector")
    return tuple(int(size) for size in sizes)


def whole_numbers(option: str, words: Sequence[str]) -> list[int]:
    """The numbers from 1 on that the words are."""
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = [-1.0]
    if not all(number >= 1 and number.is_integer() for number in numbers):
        raise ConfigurationError(f"{option} is {','.join(words)!r}; expected whole numbers from 1 on, with commas")
    return [int(number) for number in numbers]
