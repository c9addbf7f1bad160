"""How a CSV file is laid out: its delimiter, the lines before its table, and whether the table has a header."""

from __future__ import annotations

import csv
import re
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UnusableData
from ..recording import counted

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_TIME_LIKE = re.compile(r"\s*(\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}\b.*|\d{9,19}(\.\d*)?)\s*")
_MOST_LINES = 200
#: Rows of which the usual number of fields is taken.
_WIDTHS = 21


class Layout(NamedTuple):
    """What the reader of the cells has to be told, and what the reader of the result should know."""

    delimiter: str
    quote: str
    skipped: int
    names: tuple[str, ...]
    #: Fields of most rows, which may be more than the header names.
    width: int
    header: bool
    notes: tuple[str, ...]

    @property
    def first_line(self) -> int:
        """The number of the first line that holds data."""
        return self.skipped + self.header + 1


def layout_of(path: Path, shown: Path) -> Layout:
    """The layout that DuckDB's sniffer finds, its header held against the rows below it.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    shown : Path
        The name for it in errors.

    Raises
    ------
    UnusableData
        If no delimiter splits it into two columns or more.
    """
    delimiter, quote = _sniffed(path, shown)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = list(islice(file, _MOST_LINES))
    rows = list(csv.reader(lines, delimiter=delimiter, quotechar=quote))
    skipped = _start(rows)
    before, rows = [line.strip() for line in lines[:skipped]], [row for row in rows[skipped:] if row]
    if max(map(len, rows), default=0) < 2:
        raise UnusableData(
            f"{shown} has a single column; expected fields separated by {', '.join(_DELIMITERS.values())}"
        )
    header = not _is_data(rows[0], rows[1:])
    notes = [f"fields are separated by {_DELIMITERS.get(delimiter, repr(delimiter))}"]
    if said := [line for line in before if line]:
        notes.append(f"{counted(skipped, 'line')} before the table: {'; '.join(map(_cut, said[:3]))}")
    if not header:
        notes.append(
            f"the table has no header (its first line is {_cut(delimiter.join(rows[0]))}): columns are numbered"
        )
    names = rows[0] if header else [f"column {i + 1}" for i in range(max(map(len, rows[:3])))]
    widths = sorted(map(len, rows[header:][:_WIDTHS]))
    width = max(len(names), widths[len(widths) // 2] if widths else 0)
    return Layout(delimiter, quote, skipped, tuple(names), width, header, tuple(notes))


def _sniffed(path: Path, shown: Path) -> tuple[str, str]:
    """Delimiter and quotation mark; with leave for single rows that do not fit, whose number decides nothing."""
    import duckdb

    question = "select Delimiter, Quote from sniff_csv(?, null_padding = true, ignore_errors = true)"
    try:
        row: Any = duckdb.connect().execute(question, [str(path)]).fetchone()
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise UnusableData(f"{shown} cannot be read as CSV: {reason}") from error
    return row[0], row[1] if row[1] in ('"', "'") else '"'


def _start(rows: list[list[str]]) -> int:
    """The first row of the table: as wide as most, or a header that is narrower by a delimiter at the rows' end."""
    widths = [len(row) for row in rows]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    first = widths.index(usual)
    if first and widths[first - 1] == usual - 1 > 1:
        above = rows[first - 1]
        return first - (all(cell.strip() for cell in above) and not _is_data(above, rows[first:]))
    return first


def _is_data(first: list[str], others: list[list[str]]) -> bool:
    """Whether the first row already holds data: a time stands in it where the next rows have one."""
    for i, cell in enumerate(first):
        below = [row[i] for row in others[:5] if i < len(row)]
        if _TIME_LIKE.fullmatch(cell) and below and all(_TIME_LIKE.fullmatch(text) for text in below):
            return True
    return False


def _cut(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else text[:most] + "...")
