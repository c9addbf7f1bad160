"""What every part of the result is made of, once for the terminal and the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Sensors that are named in one cell; the others are counted.
_NAMED = 6


class Table(NamedTuple):
    """Rows of text under a header; columns named in `numeric` are aligned to the right.

    Where there is no room for all columns, those named in `below` stand below the one before them; where there is none
    for any number of rows, the first ones stand for those that a table of `things` has.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numeric: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()
    things: str = ""


class Section(NamedTuple):
    """A part of the result: what is said, a table, and notes on how to read it."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()


def named(names: Sequence[str]) -> str:
    """`names` in one cell."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
