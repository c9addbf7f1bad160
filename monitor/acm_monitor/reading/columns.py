"""What each column of a table is: the time (one column, or a date and a clock), a label, a tag, a sensor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData
from .arrow import pa, pc
from .epochs import from_numbers
from .fields import ParsedTimes
from .numbers import tidy
from .times import clock_times, formatted_times, parse_times

_TIME_NAMES = re.compile(
    r"(ts|t|time|times|timestamp|date|datetime|zeit|zeitstempel|datum|uhrzeit|index|epoch|ticks)"
    r"|.*(time ?stamp|date ?time|[_ ]time|[_ ]date|time[_ ].*utc)",
    re.IGNORECASE,
)
_LABEL_NAMES = re.compile(
    r"(is[_ ]?)?(anomal(y|ies|ous)|outliers?|fault(y|s)?|failures?|label(s|led)?|ground[_ ]?truth|change[_ ]?points?"
    r"|target|class)([_ ]?(flag|label|type|class))?",
    re.IGNORECASE,
)
_TAG_NAMES = re.compile(
    r"(tag|point|sensor|variable|signal|channel|parameter|measurement|item|metric|name)([_ ]?(name|id|no))?",
    re.IGNORECASE,
)
_MOST_LOOKED_AT = 500
_MOST_TAGS = 10_000


class TimeColumn(NamedTuple):
    """Which columns hold the time, how they were found, and the time of each row."""

    names: tuple[str, ...]
    how: str
    parsed: ParsedTimes

    @property
    def named(self) -> str:
        """``column 'TS'``, ``columns 'Date' and 'Time'``."""
        return f"column{'s' if len(self.names) > 1 else ''} {' and '.join(map(repr, self.names))}"


def is_label(name: str) -> bool:
    """Whether a column of that name tells what was found out later, and is no sensor."""
    return _LABEL_NAMES.fullmatch(name.strip()) is not None


def time_of(
    names: Sequence[str],
    columns: Sequence[Any],
    source: str,
    wanted: str | None,
    day_first: bool | None,
    form: str | None = None,
) -> TimeColumn:
    """The time: the column asked for, else the one named like a time, else the one whose cells read as times.

    Raises
    ------
    UnusableData
        If there is none, or the one asked for holds none.
    """
    if wanted is not None and wanted not in names:
        raise UnusableData(f"{source} has no column {wanted!r}; it has {listed(names)}")
    named = (
        [i for i, name in enumerate(names) if _TIME_NAMES.fullmatch(name)] if wanted is None else [names.index(wanted)]
    )
    how = "by its name" if wanted is None else "asked for"
    if form is not None:
        return _as_asked(names, columns, source, named, form)
    for i in named:
        parsed = times_of(columns[i], day_first, least=0.5, digits=True)
        if parsed is not None:
            return _with_clock(TimeColumn((names[i],), how, parsed), names, columns)
    if wanted is not None:
        example = next((cell for cell in _head(columns[named[0]]) if cell is not None), "")
        raise UnusableData(f"{source}: most cells of column {wanted!r} are no times, such as {example!r}")
    for i, name in enumerate(names):
        parsed = times_of(columns[i], day_first, least=0.9, digits=False)
        if parsed is not None:
            return _with_clock(TimeColumn((name,), "its cells read as times", parsed), names, columns)
    raise UnusableData(
        f"{source} has no time column: none of {listed(names)} is named like a time and holds dates; "
        "say which one it is with --time-column"
    )


def _as_asked(names: Sequence[str], columns: Sequence[Any], source: str, named: Sequence[int], form: str) -> TimeColumn:
    """The column that is named like a time, else the first, that can be read in the format that the user gives."""
    for i in [*named, *(i for i in range(len(names)) if i not in named)]:
        parsed = formatted_times(tidy(columns[i]), form)
        if not np.isnat(parsed.times).all():
            return TimeColumn((names[i],), "read in the format asked for", parsed)
    example = next((cell for cell in _head(columns[named[0] if named else 0]) if cell is not None), "")
    raise UnusableData(f"{source}: no cell is a time in the format {form!r}, such as {str(example)!r}")


def times_of(column: Any, day_first: bool | None, *, least: float, digits: bool) -> ParsedTimes | None:
    """A column as times if at least that share of its filled cells can be read, else None.

    `digits` says whether cells of digits alone may be times: counted ones, or dates without marks.
    """
    if (stamps := _stamps(column)) is not None:
        return stamps
    text = tidy(column)
    filled = text.drop_null()
    if not len(filled):
        return None
    head = filled.take(np.arange(0, len(filled), max(1, len(filled) // _MOST_LOOKED_AT)))
    if _are_digits(head):
        if not digits:
            return None
        dates = parse_times(text, day_first=day_first)
        if (~np.isnat(dates.times)).sum() >= _MOST_DATES * len(filled):
            return dates
        counted = from_numbers(_numbers(text))
        return counted or (dates if _readable(dates, len(filled), least) else None)
    if not _readable(parse_times(head, day_first=day_first), len(head), least):
        return None
    return parse_times(text, day_first=day_first)


def _stamps(column: Any) -> ParsedTimes | None:
    """A column that is of times already, as Parquet has them."""
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        return None
    zone = getattr(column.type, "tz", None)
    times = column.cast(pa.timestamp("us", zone), safe=False).to_numpy().astype("datetime64[us]")
    return ParsedTimes(times, ("times were converted to UTC",) if zone else ())


#: Counted times are dates without marks, too, by chance; hardly any column of them is throughout.
_MOST_DATES = 0.99


def _readable(parsed: ParsedTimes, filled: int, least: float) -> bool:
    return int((~np.isnat(parsed.times)).sum()) >= least * filled


def _are_digits(head: Any) -> bool:
    return (pc.sum(pc.match_substring_regex(head, r"^\d+(?:\.\d*)?$")).as_py() or 0) > 0.8 * len(head)


def _numbers(text: Any) -> Any:
    """Cells as integers where all numbers are (so that ticks keep their digits), else as floats; 0 or NaN elsewhere."""
    number = pc.fill_null(pc.match_substring_regex(text, r"^\d+(?:\.\d*)?$"), False)
    whole = pc.fill_null(pc.match_substring_regex(text, r"^\d{1,18}$"), False)
    if pc.sum(whole).as_py() == pc.sum(number).as_py():
        return pc.cast(pc.if_else(whole, text, "0"), pa.int64()).to_numpy()
    return pc.cast(pc.if_else(number, text, pa.scalar(None, text.type)), pa.float64()).to_numpy()


def _with_clock(found: TimeColumn, names: Sequence[str], columns: Sequence[Any]) -> TimeColumn:
    """Dates of one column with the times of day of another, where the dates have none of their own."""
    times = found.parsed.times
    known = times[~np.isnat(times)]
    if (known.astype("datetime64[D]") != known).any():
        return found
    for i, name in enumerate(names):
        if name in found.names:
            continue
        head = tidy(columns[i]).drop_null().slice(0, _MOST_LOOKED_AT)
        if len(head) and (~np.isnat(clock_times(head))).mean() >= 0.9:
            parsed = ParsedTimes(times + clock_times(columns[i]), found.parsed.notes)
            return TimeColumn((*found.names, name), found.how, parsed)
    return found


def tag_of(names: Sequence[str], columns: Sequence[Any], times: Any) -> int | None:
    """The column that names the sensor of each row, in a file with one value a row; None in any other.

    It is named like a tag, or its texts tell apart rows of one time.
    """
    for i, name in enumerate(names):
        text = tidy(columns[i]).combine_chunks()
        if text.null_count or _are_digits(text.slice(0, _MOST_LOOKED_AT)):
            continue
        tags = text.dictionary_encode()
        if not 2 <= len(tags.dictionary) <= min(_MOST_TAGS, len(text) // 2):
            continue
        if _TAG_NAMES.fullmatch(name) or _tells_apart(times, tags.indices.to_numpy()):
            return i
    return None


def _tells_apart(times: Any, tags: Any) -> bool:
    """Whether most times occur more than once, and hardly any of them twice with one tag."""
    distinct = len(np.unique(times))
    if distinct > 0.6 * len(times):
        return False
    keys = np.stack([times.astype(np.int64), tags.astype(np.int64)])
    return np.unique(keys, axis=1).shape[1] > 0.95 * len(times)


def _head(column: Any) -> list[Any]:
    return column.slice(0, _MOST_LOOKED_AT).to_pylist()


def listed(names: Sequence[str], most: int = 6) -> str:
    """The first few names, quoted, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name[:80]) for name in names[:most]) + more
