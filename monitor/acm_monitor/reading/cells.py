"""The cells of a file as text, a column of Arrow strings each; rows that do not fit are listed with their lines."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData
from ..recording import Integers, counted
from .layout import Layout

#: Of a file in which more of the lines do not fit, nothing is believed; so many of them may be chance.
_MOST_ODD, _FEW = 0.01, 2


class Cells(NamedTuple):
    """A table of text: names as the file has them, columns of Arrow strings, null where there is nothing."""

    names: list[str]
    columns: list[Any]
    #: The line of each row; none where there are no lines.
    lines: Integers | None
    notes: tuple[str, ...]

    def place(self, row: int) -> str:
        """Where a row is found."""
        return f"row {row + 1}" if self.lines is None else f"line {self.lines[row]}"


def cells_of(layout: Layout, shown: Path) -> Cells:
    """All cells of a file of that layout.

    Raises
    ------
    UnusableData
        If more than one line in a hundred has too many fields.
    """
    width, usual = len(layout.names), layout.dialect.width
    widths, lines = layout.records
    data = np.arange(len(widths)) >= layout.first
    long, short = data & (widths > width), data & (widths > 0) & (widths < usual)
    _require_few(layout, long, shown)
    padded = short.sum() > max(_FEW, _MOST_ODD * len(widths))
    notes = _kept_out(layout, long, f"more fields than the {width}")
    if padded:
        notes.append(
            f"{counted(int(short.sum()), 'line')} with fewer fields than the {usual} of the others, the first is line "
            f"{lines[short][0]}: those missing at the end are taken as gaps"
        )
    else:
        notes += _kept_out(layout, short, f"fewer fields than the {usual}")
    in_table = (widths > 0) & (widths <= width)
    table = _read(layout, shown)
    if table.num_rows != in_table.sum():
        raise UnusableData(
            f"{shown} cannot be read as CSV: it has {int(in_table.sum()):,} or {table.num_rows:,} rows, as its "
            "quotation marks are understood; mend them"
        )
    kept = (data if padded else data & ~short)[in_table]
    if not kept.all():
        table = table.take(np.flatnonzero(kept))
    chosen = [i for i in range(width) if layout.names[i] or table.column(i).null_count < table.num_rows]
    names = [layout.names[i] or f"column {i + 1}" for i in chosen]
    return Cells(names, [table.column(i) for i in chosen], lines[in_table][kept], (*layout.notes, *notes))


def _require_few(layout: Layout, long: Any, shown: Path) -> None:
    rows = len(long) - layout.first
    if long.sum() > max(_FEW, _MOST_ODD * rows) or long.sum() > rows / 2:
        line = int(layout.records.lines[long][0])
        raise UnusableData(
            f"{shown} cannot be read as CSV: line {line} has more fields than the others: "
            f"{_line(layout.path, line)!r}; put texts, and numbers with the mark that separates the fields, in quotes"
        )


def _kept_out(layout: Layout, odd: Any, how: str) -> list[str]:
    """A note for each of the first lines that do not fit."""
    told = [
        f"line {line} is kept out, it has {how} of the others: {_line(layout.path, int(line))!r}"
        for line in layout.records.lines[odd][:3]
    ]
    if odd.sum() > len(told):
        told.append(f"{counted(int(odd.sum()) - len(told), 'more line')} with {how} of the others are kept out")
    return told


def _line(path: Path, number: int, most: int = 80) -> str:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next((text for i, text in enumerate(file, 1) if i == number), "").strip()[:most]


def _read(layout: Layout, shown: Path) -> Any:
    """The table of all rows that have no more fields than there are names."""
    import duckdb

    dialect = layout.dialect
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(layout.names)))
    question = (
        f"select * from read_csv(?, auto_detect = false, columns = {{{columns}}}, delim = ?, quote = ?, escape = ?, "
        "header = false, null_padding = true, parallel = false, strict_mode = true, ignore_errors = true)"
    )
    values = [str(layout.path), dialect.delimiter, dialect.quote, dialect.escape]
    with duckdb.connect(config={"threads": 1}) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about a copy, which is smaller than the text
        try:
            return connection.execute(question, values).to_arrow_table()
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise UnusableData(f"{shown} cannot be read as CSV: {reason}") from error
