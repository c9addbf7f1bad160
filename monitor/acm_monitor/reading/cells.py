"""The cells of a file as text, a column of Arrow strings each; rows that do not fit are listed with their lines."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData
from ..recording import Integers, counted
from .arrow import pa
from .layout import Layout

#: Bytes that Arrow reads at a time; a line is no longer.
_BLOCK = 1 << 22
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
    in_table = widths == width
    table = None if short.any() or usual < width else _read_whole(layout, int(in_table.sum()))
    if table is None:
        in_table = (widths > 0) & (widths <= width)
        table = _read_padded(layout, int(in_table.sum()), shown)
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


def _read_whole(layout: Layout, n_rows: int) -> Any:
    """The table of all rows that have a field for each name; None where Arrow understands their quotes otherwise."""
    from pyarrow import csv

    dialect = layout.dialect
    names = [f"c{i}" for i in range(len(layout.names))]
    doubled = dialect.escape == dialect.quote
    parsing = csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote,
        double_quote=doubled,
        escape_char=False if doubled else dialect.escape,
        newlines_in_values=True,
        invalid_row_handler=_skipped,
    )
    texts = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    try:
        table = csv.read_csv(layout.path, csv.ReadOptions(column_names=names, block_size=_BLOCK), parsing, texts)
    except pa.ArrowException:
        return None
    return table if table.num_rows == n_rows else None


def _skipped(row: Any) -> str:
    return "skip"


def _read_padded(layout: Layout, n_rows: int, shown: Path) -> Any:
    """The table of all rows that have no more fields than there are names, those that lack some filled up."""
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
            table: Any = connection.execute(question, values).to_arrow_table()
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise UnusableData(f"{shown} cannot be read as CSV: {reason}") from error
    if table.num_rows != n_rows:
        raise UnusableData(
            f"{shown} cannot be read as CSV: it has {n_rows:,} or {table.num_rows:,} rows, as its quotation marks are "
            "understood; mend them"
        )
    return table
