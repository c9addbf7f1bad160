"""How a CSV file is laid out: encoding, delimiter and decimal sign, from its first lines."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

from .errors import UnusableData

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_HEAD = 1 << 16
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_DECIMAL_POINT = re.compile(r"[-+]?\d+\.\d+")


class Layout(NamedTuple):
    """What a reader of the file has to be told."""

    encoding: str
    delimiter: str
    decimal: str

    @property
    def delimiter_name(self) -> str:
        """The delimiter in words: "semicolons"."""
        return _DELIMITERS[self.delimiter]


def layout_of(path: Path) -> Layout:
    """The layout of the file, judged by its first 64 KiB.

    Raises
    ------
    UnusableData
        If the file is binary, or no delimiter splits it into two columns or more.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnusableData(f"{path} is not a text file; expected CSV, or Parquet named .parquet")
    encoding = _encoding(head)
    lines = [line for line in head.decode(encoding, errors="ignore").splitlines() if line.strip()]
    lines = lines[: -1 if len(head) == _HEAD else None][:200]
    delimiter = max(_DELIMITERS, key=lambda mark: _columns(lines, mark))
    if _columns(lines, delimiter) < 2:
        raise UnusableData(
            f"{path} has a single column; expected fields separated by {', '.join(_DELIMITERS.values())}"
        )
    return Layout(encoding, delimiter, _decimal(lines, delimiter))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        head[: -4 if len(head) == _HEAD else None].decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _columns(lines: list[str], delimiter: str) -> int:
    """Columns in which `delimiter` splits the header, 1 if most lines disagree with it."""
    widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
    agreeing = sum(width == widths[0] for width in widths)
    return widths[0] if widths and agreeing >= 0.8 * len(widths) else 1


def _decimal(lines: list[str], delimiter: str) -> str:
    if delimiter == ",":
        return "."
    cells = [cell.strip() for row in csv.reader(lines[1:], delimiter=delimiter) for cell in row]
    commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells)
    points = sum(bool(_DECIMAL_POINT.fullmatch(cell)) for cell in cells)
    return "," if commas > points else "."
