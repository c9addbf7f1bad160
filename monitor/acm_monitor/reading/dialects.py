"""How a file is split into cells: by the delimiter under which most cells are times and numbers."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .arrow import pa
from .epochs import counts_of
from .text import single_blanks
from .time_columns import times_of

DELIMITERS = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "bars",
    " ": "blanks",
    "^": "carets",
    "~": "tildes",
    "\x1f": "unit separators",
}
_GROUP = r"[.,'\u2019 \u00a0\u2009\u202f]"
_NUMBER = re.compile(
    rf"[-+\u2212]?(\d+|\d{{1,3}}({_GROUP}\d{{2,3}})*{_GROUP}\d{{3}})?([.,]\d*)?([eE][-+]?\d+)?|nan|null|n/?a",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?Z?( ?[AaPp]\.?[Mm]\.?)?")
#: What is looked at: the head of a file and pieces of the rest; so many widths of rows, and rows of each.
_HEAD, _LEAST_LINES, _PIECE, _PIECES = 1 << 16, 30, 1 << 14, 6
_WIDTHS, _ROWS, _TEXTS = 3, 40, 12
_COMMENTS = ("#", "%", "//", "!")
#: How much less a table counts without a time, and with cells that other marks would split further.
_NO_TIME, _UNSPLIT = 0.2, 0.2
_SPLITTING = re.compile(r"[,;\t|]")
_PLAIN = 0.9


class Dialect(NamedTuple):
    """Delimiter, quotation mark and what escapes it; and the number of fields of most rows."""

    delimiter: str
    quote: str
    escape: str
    width: int

    def rows(self, lines: Any, *, strict: bool = False) -> Any:
        """A reader of lines that gives the fields of each row; a strict one refuses what quotes leave open."""
        doubled = self.escape == self.quote
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=doubled,
            escapechar=None if doubled else self.escape,
            strict=strict,
        )


class Kinds(NamedTuple):
    """What the columns of some rows hold: which are times, which times or numbers, and which anything at all."""

    times: frozenset[int]
    plain: frozenset[int]
    filled: frozenset[int]
    #: Whether the cells of any column hold marks that separate fields.
    unsplit: bool

    @property
    def score(self) -> float:
        """The share of the columns that can be used, less where there is no time or more is to be split."""
        share = len(self.plain) / max(len(self.filled), 1)
        return share * (1.0 if self.times else _NO_TIME) * (_UNSPLIT if self.unsplit else 1.0)


def dialect_of(path: Path) -> Dialect | None:
    """The dialect of a UTF-8 file, or None if nothing splits it into two columns or more."""
    lines = _sample(path)
    lines = [line for line in lines if not line.startswith(_COMMENTS)] or lines
    text = "".join(lines)
    quote = "'" if '"' not in text and text.count("'") >= 2 * len(lines) else '"'
    escape = "\\" if f"\\{quote}" in text else quote
    best: tuple[float, Dialect] | None = None
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        dialect = Dialect(delimiter, quote, escape, 0)
        rows = _rows(dialect, lines)
        for width, count in Counter(map(len, rows)).most_common(_WIDTHS + 1):
            if width < 2:
                continue
            own = [row for row in rows if len(row) == width]
            score = count / len(rows) * kinds_of(own[:: max(1, len(own) // _ROWS)]).score
            if best is None or score > best[0]:
                best = score, dialect._replace(width=width)
    return best[1] if best else None


def _rows(dialect: Dialect, lines: list[str]) -> list[list[str]]:
    """The rows of a sample; none where the delimiter leaves a field larger than the reader takes."""
    try:
        return [row for row in dialect.rows(single_blanks(lines) if dialect.delimiter == " " else lines) if row]
    except csv.Error:
        return []


def kinds_of(rows: Sequence[Sequence[str]]) -> Kinds:
    """What the columns of rows of one width hold."""
    times: set[int] = set()
    plain: set[int] = set()
    filled: set[int] = set()
    texts, unsplit = 0, False
    for i, column in enumerate(zip(*rows, strict=True)):
        cells = [cell.strip() for cell in column if cell.strip()]
        if not cells:
            continue
        filled.add(i)
        if sum(map(is_plain, cells)) >= _PLAIN * len(cells):
            plain.add(i)
            if not times and len(rows) > 1 and _counts_time(cells):
                times.add(i)
        elif texts < _TEXTS:
            texts += 1
            if times_of(pa.array(cells), None, least=_PLAIN, digits=False) is not None:
                times.add(i)
                plain.add(i)
            else:
                unsplit |= sum(_SPLITTING.search(cell) is not None for cell in cells) >= _PLAIN * len(cells)
    return Kinds(frozenset(times), frozenset(plain), frozenset(filled), unsplit)


def is_plain(cell: str) -> bool:
    """Whether a cell is a number however it is written, or says that there is none; or a time of day."""
    return _NUMBER.fullmatch(cell) is not None or _CLOCK.fullmatch(cell) is not None


def is_time_cell(cell: str) -> bool:
    """Whether a cell is a time as it is written."""
    return times_of(pa.array([cell]), None, least=1.0, digits=True) is not None


def _counts_time(cells: list[str]) -> bool:
    column = pa.array(cells)
    if counts_of(column).null_count > (1 - _PLAIN) * len(cells):
        return False
    return len(set(cells)) > 1 and times_of(column, None, least=_PLAIN, digits=True) is not None


def _sample(path: Path) -> list[str]:
    """Whole lines from the head and from all over the file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head: list[bytes] = []
        for line in file:
            head.append(line)
            if len(head) >= _LEAST_LINES and file.tell() > _HEAD:
                break
        pieces, start = [b"".join(head)], file.tell()
        length = max(_PIECE, 4 * max(map(len, head), default=0))
        for i in range(1, _PIECES + 1) if size > start else ():
            file.seek(max(start, (size - length) * i // _PIECES))
            piece = file.read(length)
            pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    text = b"".join(pieces).decode("utf-8-sig", errors="replace")
    return re.findall(r"[^\n]*\n|[^\n]+", text)
