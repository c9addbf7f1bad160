"""The rows of a file: how many fields each has and in which line it begins, of every row and not of the first few."""

from __future__ import annotations

import csv
from array import array
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import UnusableData
from ..recording import Integers
from .dialects import Dialect

#: A cell in quotes with more line breaks than that is one whose quotation mark was forgotten.
_MOST_LINES = 40


class Records(NamedTuple):
    """The number of fields of each row (0 for an empty line), and the line in which it begins."""

    widths: Integers
    lines: Integers


def records_of(path: Path, dialect: Dialect, shown: Path) -> Records:
    """The rows of a UTF-8 file.

    Raises
    ------
    UnusableData
        If a quotation mark is left open.
    """
    widths, lines = array("q"), array("q")
    end = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = dialect.rows(file)
            for row in reader:
                widths.append(len(row))
                lines.append(end + 1)
                end = reader.line_num
    except csv.Error as error:
        raise UnusableData(f"{shown} cannot be read as CSV: line {end + 1}: {error}") from error
    records = Records(np.array(widths, np.int64), np.array(lines, np.int64))
    _require_closed_quotes(path, dialect, records, end, shown)
    return records


def rows_of(path: Path, dialect: Dialect, first: int, count: int) -> list[list[str]]:
    """The fields of `count` rows from the row `first` on."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(islice(dialect.rows(file), first, first + count))


def _require_closed_quotes(path: Path, dialect: Dialect, records: Records, end: int, shown: Path) -> None:
    if not len(records.lines):
        return
    spans = np.diff(np.r_[records.lines, end + 1])
    if (longest := int(spans.max())) > _MOST_LINES and int(spans.argmax()) < len(spans) - 1:
        line = int(records.lines[spans.argmax()])
        raise UnusableData(
            f"{shown} cannot be read as CSV: a quotation mark of line {line} is closed in line {line + longest - 1} "
            "only; mend the line"
        )
    if _is_open(path, dialect, int(records.lines[-1])):
        raise UnusableData(
            f"{shown} cannot be read as CSV: a quotation mark of line {records.lines[-1]} is never closed; "
            "mend the line"
        )


def _is_open(path: Path, dialect: Dialect, line: int) -> bool:
    """Whether the row that begins in that line, the last one, ends within quotes."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for _ in dialect.rows(islice(file, line - 1, None), strict=True):
                pass
        except csv.Error as error:
            return "end of data" in str(error)
    return False
