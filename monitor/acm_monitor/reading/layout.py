"""How a file is laid out: its dialect, the lines before its table, and whether the table has a header."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import UnusableData
from ..recording import Integers, counted
from .dialects import DELIMITERS, Dialect, Kinds, dialect_of, is_plain, is_time_cell, kinds_of
from .names import is_time
from .records import Records, records_of, rows_of
from .text import Text, with_single_blanks

#: Rows before the first of the usual width that may belong to the table, rows in which the data begin, and those of
#: them that say what a column holds.
_BEFORE, _MOST_BEFORE, _BELOW = 12, 2000, 40
_COMMENT = "#%/!"


class Layout(NamedTuple):
    """What the reader of the cells has to be told, and what the reader of the result should know."""

    path: Path
    dialect: Dialect
    #: A name for each column of the rows, "" where the header has none.
    names: tuple[str, ...]
    #: All rows of the file, and the number of the first that holds data.
    records: Records
    first: int
    notes: tuple[str, ...]


def layout_of(text: Text, shown: Path) -> Layout:
    """The layout of a UTF-8 file, its header held against the rows below it.

    Parameters
    ----------
    text : Text
        A UTF-8 file.
    shown : Path
        The name for it in errors.

    Raises
    ------
    UnusableData
        If no delimiter splits it into two columns or more, or the header does not fit the rows.
    """
    path = text.path
    _require_table(path, shown)
    dialect = dialect_of(path)
    if dialect is None:
        raise _single_column(path, shown)
    if dialect.delimiter == " ":
        path = with_single_blanks(text)
    records = records_of(path, dialect, shown)
    start = int(np.flatnonzero(records.widths == dialect.width)[0])
    begin = max(0, start - _BEFORE)
    rows = rows_of(path, dialect, begin, _MOST_BEFORE)
    own = [row for row in rows if len(row) == dialect.width]
    kinds = kinds_of(own[len(own) // 2 :][-_BELOW:])
    head, data = _header(rows, start - begin, dialect.width, kinds)
    first = begin + data
    _require_no_data_before(rows, data, kinds, records.lines[begin:], shown)
    notes = [f"fields are separated by {DELIMITERS[dialect.delimiter]}"]
    notes += _told(path, dialect, 0, first if head is None else begin + head, "before the table")
    if head is None:
        sample = dialect.delimiter.join(rows[data]) if data < len(rows) else ""
        notes.append(f"the table has no header (its first line is {_cut(sample)}): columns are numbered")
        # The last one is a column if it holds anything: lines may end in a delimiter.
        names = [*(f"column {i + 1}" for i in range(dialect.width - 1)), ""]
    else:
        notes += _told(path, dialect, begin + head + 1, first, "between the header and the data")
        names = [name.strip() for name in rows[head]]
        names[0] = names[0].lstrip(_COMMENT).strip() or names[0]
        below = [row for row in rows[data : data + _BELOW] if len(row) == dialect.width]
        lines = [int(records.lines[i]) for i in (begin + head, min(first, len(records.lines) - 1))]
        names = _fitting(names, below, lines, shown)
    return Layout(path, dialect, tuple(names), records, first, tuple(notes))


def _header(rows: list[list[str]], start: int, width: int, kinds: Kinds) -> tuple[int | None, int]:
    """The row that names the columns, or None, and the first row that holds data."""
    data = next((i for i in range(start, len(rows)) if len(rows[i]) == width and _is_data(rows[i], kinds)), len(rows))
    above = [i for i in range(data) if len(rows[i]) > 1]
    named = [i for i in above if any(map(is_time, rows[i])) and len(rows[i]) >= min(width - 1, 2)]
    if named:
        head = named[-1]
        if len(rows[head]) == width:  # rows may leave fields away at their ends
            data = next((i for i in range(head + 1, len(rows)) if len(rows[i]) > 1 and _is_data(rows[i], kinds)), data)
        return head, max(data, head + 1)
    whole = [i for i in above if len(rows[i]) == width and i >= start]
    if whole:
        return whole[0], data
    if above and above[-1] == data - 1 and len(rows[data - 1]) == width - 1 and all(map(str.strip, rows[data - 1])):
        return data - 1, data
    return None, data


def _is_data(row: list[str], kinds: Kinds) -> bool:
    """Whether a row holds data: a time where the rows below have one, else a number in each column of numbers."""
    if kinds.times:
        return any(i < len(row) and is_time_cell(row[i].strip()) for i in kinds.times)
    cells = [row[i].strip() for i in kinds.plain if i < len(row)]
    return bool(cells) and all(is_plain(cell) for cell in cells if cell) and any(cells)


def _require_no_data_before(rows: list[list[str]], data: int, kinds: Kinds, lines: Integers, shown: Path) -> None:
    """Refuse a file in which rows of another width, with a time like the others, stand before its first data."""
    for i, row in enumerate(rows[:data]):
        if kinds.times and len(row) > 1 and _is_data(row, kinds):
            told = len(rows[data]) if data < len(rows) else 0
            raise UnusableData(
                f"{shown} cannot be read as CSV: line {lines[i]} has {counted(len(row), 'field')}, line {lines[data]} "
                f"has {told}; put texts, and numbers with the mark that separates the fields, in quotes"
            )


def _fitting(names: list[str], rows: list[list[str]], lines: list[int], shown: Path) -> list[str]:
    """A name for each field of the rows: a header may be shorter by delimiters at their end, or by their own name."""
    width = len(rows[0]) if rows else len(names)
    extra = width - len(names)
    if extra <= 0:
        return names
    if not any(cell.strip() for row in rows for cell in row[len(names) :]):
        return names + [""] * extra
    kinds = kinds_of(rows)
    time = next((i for i, name in enumerate(names) if is_time(name)), None)
    if extra == 1 and time is not None:
        if time + 1 in kinds.times and time not in kinds.times:
            return ["row", *names]
        if {time, time + 1} <= kinds.plain and _is_date_and_clock(rows, time):
            return [*names[: time + 1], "time of day", *names[time + 1 :]]
    raise UnusableData(
        f"{shown} cannot be read as CSV: line {lines[1]} has {width} fields, the header in line {lines[0]} names "
        f"{len(names)}; name every column, and put numbers with a decimal comma in quotes or separate the fields by "
        "semicolons"
    )


def _is_date_and_clock(rows: list[list[str]], time: int) -> bool:
    return all(":" not in row[time] and ":" in row[time + 1] for row in rows if row[time].strip())


def _told(path: Path, dialect: Dialect, start: int, stop: int, where: str) -> list[str]:
    """Rows that are no data."""
    said = [dialect.delimiter.join(row).strip() for row in rows_of(path, dialect, start, min(stop - start, 50))]
    said = [text for text in said if text]
    return [f"{counted(stop - start, 'line')} {where}: {'; '.join(map(_cut, said[:3]))}"] if said else []


def _require_table(path: Path, shown: Path) -> None:
    """Refuse what is text, but no table."""
    start = _first_line(path)
    if start.startswith("<"):
        raise UnusableData(f"{shown} is HTML or XML; expected CSV or Parquet")
    if start.startswith(("{", "[{")):
        raise UnusableData(f"{shown} is JSON; expected CSV or Parquet")


def _single_column(path: Path, shown: Path) -> UnusableData:
    """What to do with a file that nothing splits."""
    start = _first_line(path)
    if len(start) > 1 and start[0] == start[-1] == '"' and any(mark in start for mark in DELIMITERS):
        return UnusableData(f"{shown} has each line in quotes ({_cut(start)}); take the outer quotation marks away")
    told = ", ".join(DELIMITERS.values())
    return UnusableData(f"{shown} has a single column; expected fields separated by {told}")


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return next((line.strip() for line in file if line.strip()), "")


def _cut(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[:most] + "...")
