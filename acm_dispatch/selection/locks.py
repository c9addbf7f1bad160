"""Locks: files of decisions, which repeat the choices of another run whatever has been measured since.

A lock stands where a profile may (``use(profile=lock)``). It has the calls that were recorded, and for each the kernel
that is to run it. A call is in it if one of the same operation, dtype, words, switches, optional arrays and number of
threads is, of the same magnitudes of work and columns; where the kernel was chosen by a number among the options, of
the same numbers, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, cast

from ..errors import shortened


class Decision(NamedTuple):
    """Which kernel runs a kind of call; `work` and `width` stand for all of their magnitude, as those of a request."""

    operation: str
    dtype: str
    threads: int
    variant: str
    work: int
    width: int
    options: dict[str, Any]
    backend: str
    kernel: str

    @property
    def kind(self) -> tuple[Any, ...]:
        """What a call must have in common with it: all but the numbers among its options."""
        return self[:6]

    @property
    def label(self) -> str:
        """Backend and kernel, as a reader of the file finds them."""
        return f"{self.backend}/{self.kernel}"


class Lock:
    """The decisions of a file, by kind of call."""

    def __init__(self, name: str, decisions: Iterable[Decision]) -> None:
        self.name = name
        self._decisions: dict[tuple[Any, ...], list[Decision]] = {}
        for decision in decisions:
            self._decisions.setdefault(decision.kind, []).append(decision)

    def __len__(self) -> int:
        return sum(map(len, self._decisions.values()))

    def decision(self, asked: Decision) -> Decision | None:
        """What it says of a call, whose own decision is open; None where it says nothing."""
        known = self._decisions.get(asked.kind, [])
        for decision in known:
            if decision.options == asked.options:
                return decision
        return known[0] if len({decision.label for decision in known}) == 1 else None


def understood(rows: Any, ignored: list[str]) -> list[Decision]:
    """The decisions in a document; a sentence for each row that is none."""
    found: list[Decision] = []
    for row in cast("list[Any]", rows) if isinstance(rows, list | tuple) else [rows]:
        try:
            found.append(_decision(row))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            ignored.append(f"1 because a decision is not understood ({shortened(f'{type(error).__name__}: {error}')})")
    return found


def _decision(row: Any) -> Decision:
    texts = {name: row[name] for name in ("operation", "dtype", "variant", "backend", "kernel")}
    numbers = {name: row[name] for name in ("threads", "work", "width")}
    if strange := [name for name, value in texts.items() if not isinstance(value, str)]:
        raise TypeError(f"{strange[0]} is no text")
    if strange := [name for name, value in numbers.items() if type(value) is not int or value < 1]:
        raise ValueError(f"{strange[0]} is no whole number from 1 on")
    options = {str(name): _hashable(value) for name, value in row["options"].items()}
    return Decision(**texts, **numbers, options=options)


def _hashable(value: Any) -> Any:
    """Lists of a file were tuples."""
    return tuple(map(_hashable, cast("list[Any]", value))) if isinstance(value, list) else value
