"""The cells of a file as text, a column of Arrow strings each; rows that do not fit are listed with their lines."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import UnusableData
from ..recording import counted
from .layout import Layout

#: Of a file in which more of the lines do not fit, nothing is believed.
_MOST_REJECTED = 0.01


class Cells(NamedTuple):
    """A table of text: names as the file has them, columns of Arrow strings, null where there is nothing."""

    names: list[str]
    columns: list[Any]
    first_line: int
    rejected: tuple[int, ...]
    notes: tuple[str, ...]

    def line(self, row: int) -> int:
        """The line of the file that holds a row (blank lines and line breaks inside quotes apart)."""
        line = self.first_line + row
        for rejected in self.rejected:
            line += rejected <= line
        return line


def cells_of(path: Path, layout: Layout, shown: Path) -> Cells:
    """All cells of a UTF-8 file of that layout.

    Raises
    ------
    UnusableData
        If a quotation mark is left open, or more than one line in a hundred has too many fields.
    """
    _require_closed_quotes(path, layout, shown)
    width = layout.width
    table, rejects = _read(path, layout, shown)
    if len(rejects) > _MOST_REJECTED * (table.num_rows + len(rejects)) and len(rejects) > 1:
        line, text = next(iter(rejects.items()))
        raise UnusableData(f"{shown} cannot be read as CSV: line {line} has more fields than the others: {text[:80]!r}")
    notes = [
        f"line {line} is kept out, it has more fields than the {width} of the others: {text[:80]!r}"
        for line, text in list(rejects.items())[:3]
    ]
    if len(rejects) > 3:
        notes.append(f"{counted(len(rejects) - 3, 'more line')} with too many fields are kept out")
    names, columns = _named(layout, [table.column(i) for i in range(width)])
    return Cells(names, columns, layout.first_line, tuple(sorted(rejects)), (*layout.notes, *notes))


def _read(path: Path, layout: Layout, shown: Path) -> tuple[Any, dict[int, str]]:
    """The table, and the text of each line that DuckDB rejects."""
    import duckdb

    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(layout.width))
    quote = "'" + layout.quote.replace("'", "''") + "'"
    question = (
        f"select * from read_csv(?, auto_detect = false, columns = {{{columns}}}, delim = ?, quote = {quote}, "
        f"escape = {quote}, skip = ?, header = false, null_padding = true, parallel = false, strict_mode = true, "
        "ignore_errors = true, store_rejects = true)"
    )
    connection = duckdb.connect()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about a copy, which is smaller than the text
            found = connection.execute(question, [str(path), layout.delimiter, layout.first_line - 1])
            table: Any = found.to_arrow_table()
        rejects = connection.execute("select line, csv_line from reject_errors order by line").fetchall()
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise UnusableData(f"{shown} cannot be read as CSV: {reason}") from error
    return table, {int(line): text or "" for line, text in rejects}


def _named(layout: Layout, columns: list[Any]) -> tuple[list[str], list[Any]]:
    """Columns beyond the header: empty ones come from a delimiter at the end, a full one is the rows' own name."""
    names = [name.strip() for name in layout.names]
    if len(columns) == len(names) + 1:
        if columns[-1].null_count > 0.5 * len(columns[-1]):
            names.append("")
        else:
            names.insert(0, "row")
    names += [f"column {i + 1}" for i in range(len(names), len(columns))]
    kept = [i for i, name in enumerate(names) if name or columns[i].null_count < len(columns[i])]
    return [names[i] or f"column {i + 1}" for i in kept], [columns[i] for i in kept]


def _require_closed_quotes(path: Path, layout: Layout, shown: Path) -> None:
    mark = layout.quote.encode()
    with path.open("rb") as file:
        odd = [number for number, line in enumerate(file, 1) if line.count(mark) % 2]
    if len(odd) % 2:
        raise UnusableData(f"{shown} cannot be read as CSV: a quotation mark of line {odd[-1]} is never closed")
