"""Numbers from text: which of point and comma is the decimal sign is decided by evidence, column by column.

A mark is decisive where the cell can be read in one way only: ``1.25`` and ``0.003`` have a decimal point,
``1.234.567`` has thousands points. ``1.003`` is not: it follows its column, else the file; where neither says, it is
told. No cell is read in another way than its column without a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..recording import Floats
from .arrow import pa, pc

_EXPONENT = r"(?:[eEdD][-+]?\d+)?"
_SPACES = "[ '\u2019\u00a0\u2009\u202f]"
_PLAIN = rf"^[-+]?(?:\d+\.?\d*|\.\d+){_EXPONENT}$"
_HEAD = 1000
#: Cells that a spreadsheet was kept from reading, signs that are no hyphen, signs behind the digits: where one of the
#: first kind is found, what is replaced by what.
_RESPELLED = (
    ("[\u2212\u2013]", "[\u2212\u2013]", "-"),
    (r"^[=']", r"^(?:=\"(.*)\"|'([^']*)'?)$", r"\1\2"),
    (r"\d-$", r"^([\d.,' \x{a0}\x{202f}]*\d)-$", r"-\1"),
)
_BLANK = r"\x{a0}\x{202f}"
_WITH_UNIT = rf"^(?P<number>[-+]?[\d.,' {_BLANK}]*\d{_EXPONENT})[ {_BLANK}]?(?P<unit>[^\d\s.,'*!?+-][^\d,;]*)$"
_MOSTLY = 0.9
#: What pandas takes for a missing value; anything else that is no number is told.
_MISSING = ("", "nan", "-nan", "na", "n/a", "<na>", "#n/a", "#na", "null", "none")


class Marks(NamedTuple):
    """How many cells of a column show that a mark is its decimal sign, or groups its thousands, or might do either."""

    decimal: dict[str, int]
    grouping: dict[str, int]
    either: dict[str, int]


class Numbers(NamedTuple):
    """A column as numbers: NaN where a cell is empty or none; `bad` marks the latter, `ambiguous` what may mean two.

    `decimal` is its decimal sign, "" where each cell was read by its own.
    """

    values: Floats
    bad: np.ndarray[Any, np.dtype[np.bool_]]
    ambiguous: np.ndarray[Any, np.dtype[np.bool_]]
    decimal: str


def tidy(column: Any) -> Any:
    """The cells without outer spaces, with ASCII signs before the digits; null where pandas, too, sees no value."""
    if pa.types.is_string(column.type) and _cast_at_once(column) is not None:
        return column  # numbers throughout, which most columns are: nothing stands around them
    text = pc.utf8_trim_whitespace(column if pa.types.is_string(column.type) else column.cast(pa.string()))
    for found, pattern, plain in _RESPELLED:
        if pc.any(pc.match_substring_regex(text, found)).as_py():
            text = pc.replace_substring_regex(text, pattern, plain)
    missing = pc.is_in(pc.utf8_lower(text), value_set=pa.array(_MISSING))
    return pc.if_else(missing, pa.scalar(None, text.type), text)


def without_unit(text: Any) -> tuple[Any, str]:
    """A column whose numbers are all followed by one unit, without it; and the unit, "" where there is none."""
    whole = pa.chunked_array([text]).combine_chunks() if isinstance(text, pa.Array) else text.combine_chunks()
    found = pc.extract_regex(whole, _WITH_UNIT)
    units = pc.unique(found.field("unit").filter(found.is_valid()))
    if len(units) != 1 or len(found) - found.null_count < _MOSTLY * (len(text) - text.null_count):
        return text, ""
    return pa.chunked_array([pc.if_else(found.is_valid(), found.field("number"), whole)]), units[0].as_py()


def marks_of(text: Any) -> Marks:
    """The evidence of one tidy column; of one with a single mark its head is enough where that is decisive."""
    head = text.slice(0, _HEAD)
    if len(head) < len(text) and sum(_any(text, mark) for mark in ".,") == 1:
        marks = marks_of(head)
        if decimal_of([marks]) and not any(marks.grouping.values()):
            return marks
    found = Marks({}, {}, {})
    for mark, other in ((".", ","), (",", ".")):
        if not _any(text, mark):
            continue
        m, o = f"[{mark}]", f"[{other}]"
        group = rf"\d{{1,3}}(?:{m}\d{{2,3}})*{m}\d{{3}}"
        either = _count(text, rf"^[-+]?[1-9]\d{{0,2}}{m}\d{{3}}$")
        grouping = _count(text, rf"^[-+]?{group}(?:{o}\d*)?$") - either - _count(text, rf"^[-+]?0{m}\d{{3}}$")
        spaced = rf"(?:\d*|\d{{1,3}}(?:{_SPACES}\d{{3}})+|\d{{1,3}}(?:{o}\d{{2,3}})*{o}\d{{3}})"
        decimal = _count(text, rf"^[-+]?{spaced}{m}\d*{_EXPONENT}$") - either
        found.either[mark], found.grouping[mark], found.decimal[mark] = either, grouping, decimal
    return found


def decimal_of(columns: Sequence[Marks]) -> str:
    """The one decimal sign of a file, or "" where its columns do not agree or none says."""
    said = {
        mark for marks in columns for mark in (".", ",") if marks.decimal.get(mark) or marks.grouping.get(_other(mark))
    }
    return said.pop() if len(said) == 1 else ""


def numbers(text: Any, marks: Marks, of_file: str) -> Numbers:
    """A tidy column as numbers, its decimal sign by its own cells, else by those of the file."""
    own = decimal_of([marks])
    settled = own or of_file
    either = {mark for mark, count in marks.either.items() if count}
    if not own and not settled and either:
        settled = _shorter_way(text, either.pop()) if len(either) == 1 else ""
        either = {"."}
    mixed = not own and any(marks.decimal.values())
    values, bad = _mixed(text) if mixed else _converted(text, settled or ".")
    ambiguous = np.zeros(len(values), bool)
    if either and not own and not of_file:
        ambiguous = _mask(text, r"^[-+]?[1-9]\d{0,2}[.,]\d{3}$")
        if mixed:
            values[ambiguous] = np.nan
    return Numbers(values, bad, ambiguous, "" if mixed else settled or ".")


def _shorter_way(text: Any, mark: str) -> str:
    """The decimal sign under which a column moves less: ``998, 999, 1.000`` goes on in thousands.

    Where every cell has the mark nothing tells, and it is taken for the decimal sign.
    """
    if not pc.any(pc.match_substring_regex(text, r"^[-+]?\d+$")).as_py():
        return mark
    ways = {
        sign: np.abs(np.diff(values[~np.isnan(values)])).sum()
        for sign in ".,"
        for values, _ in [_converted(text, sign)]
    }
    return min((mark, _other(mark)), key=lambda sign: ways[sign])


def _converted(text: Any, decimal: str) -> tuple[Floats, Any]:
    """All cells read with one decimal sign, its counterpart and spaces grouping thousands."""
    if decimal == "." and (values := _cast_at_once(text)) is not None:
        return _finite(values, np.zeros(len(values), bool))
    m, o = f"[{decimal}]", f"[{_other(decimal)}]"
    plain = text
    if pc.any(pc.match_substring_regex(text, rf"{_SPACES}|{o}")).as_py():
        for group in (_SPACES, o):
            grouped = pc.match_substring_regex(text, rf"^[-+]?\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}(?:{m}\d*)?$")
            plain = pc.if_else(grouped, pc.replace_substring_regex(text, group, ""), plain)
    if decimal == ",":
        plain = pc.replace_substring(plain, ".", "?")  # a point that groups nothing means nothing
        plain = pc.replace_substring(plain, ",", ".")
    return _cast(plain)


def _cast_at_once(text: Any) -> Floats | None:
    """The column where every cell is a plain number, which most are: without a look at each for its form."""
    try:
        return pc.cast(text, pa.float64()).to_numpy().astype(np.float64)
    except pa.ArrowInvalid:
        return None


def _mixed(text: Any) -> tuple[Floats, Any]:
    """Each cell by its own mark, in a column where both are decimal signs."""
    point, bad = _converted(text, ".")
    comma, _ = _converted(text, ",")
    by_comma = _mask(text, r"^[^.]*,\d*$|^.*\.\d{3},\d*$")
    unread = bad & ~(by_comma & ~np.isnan(comma))
    return np.where(by_comma, comma, point), unread


def _cast(plain: Any) -> tuple[Floats, Any]:
    number = pc.match_substring_regex(plain, _PLAIN)
    kept = pc.if_else(number, pc.replace_substring_regex(plain, "[dD]", "e"), pa.scalar(None, plain.type))
    values = pc.cast(kept, pa.float64()).to_numpy().astype(np.float64)
    return _finite(values, _as_bool(pc.and_(pc.is_valid(plain), pc.invert(pc.fill_null(number, False)))))


def _finite(values: Floats, bad: Any) -> tuple[Floats, Any]:
    """Infinity, and numbers beyond the largest, are none."""
    infinite = np.isinf(values)
    if infinite.any():
        values[infinite], bad = np.nan, bad | infinite
    return values, bad


def _any(text: Any, mark: str) -> bool:
    return bool(pc.any(pc.match_substring(text, mark)).as_py())


def _count(text: Any, pattern: str) -> int:
    return int(pc.sum(pc.match_substring_regex(text, pattern)).as_py() or 0)


def _mask(text: Any, pattern: str) -> Any:
    return _as_bool(pc.fill_null(pc.match_substring_regex(text, pattern), False))


def _as_bool(column: Any) -> Any:
    return np.asarray(column.to_numpy(), dtype=bool)


def _other(mark: str) -> str:
    return "," if mark == "." else "."
