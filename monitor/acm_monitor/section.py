"""What every part of the result is made of, once for the terminal and the report."""

from __future__ import annotations

from typing import NamedTuple

#: Rows of a table of which there may be any number.
MOST_ROWS = 8


class Table(NamedTuple):
    """Rows of text under a header; columns named in `numeric` are aligned to the right.

    Where there is no room for all columns, those named in `below` stand below the one before them.
    """

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    numeric: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()


class Section(NamedTuple):
    """A part of the result: what is said, a table, and notes on how to read it."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()
