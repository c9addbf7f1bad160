"""Times that several columns hold: a date and a clock, an hour and a minute, a year and a month and a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..recording import Times
from .arrow import pa, pc
from .fields import CLOCK, HALF, SECOND, UNIT, matches, since_midnight, trimmed
from .numbers import tidy

Durations = np.ndarray[Any, np.dtype[np.timedelta64]]

_CLOCK_NAMES = re.compile(
    r"(time|zeit|uhrzeit|clock|heure|hora|ora|tod|время|時刻|hh:?mm(:?ss)?)( ?of ?day)?( ?[(\[].*)?", re.IGNORECASE
)
#: Units by which a column may continue a time, with the names that say so; then how many microseconds one is.
_PARTS = (
    (re.compile(r"(hour|hr|hh?|stunde|heure|hora|std)s?", re.IGNORECASE), 3600 * SECOND, 24),
    (re.compile(r"(minute|min|mm|mn|minuto)s?", re.IGNORECASE), 60 * SECOND, 59),
    (re.compile(r"(second|sec|ss|sekunde|sek|seconde|segundo)s?", re.IGNORECASE), SECOND, 59),
    (re.compile(r"(milli ?(second|sekunde)|millis|msec|ms)s?", re.IGNORECASE), SECOND // 1000, 999),
)
_DATE_PARTS = tuple(
    re.compile(rf"#?({names})", re.IGNORECASE)
    for names in ("year|yyyy|yy|jahr|ann[ée]e|año", "month|mm|mo|monat|mois|mes", "day|dd|tag|jour|d[ií]a")
)
#: What spreadsheets write before a time of day.
_NO_DATE = r"^(?:1899-12-30|30\.12\.1899|12/30/1899|1900-01-0[01]|1970-01-01)[T ]+"
_HEAD = 500
_MOST = 0.9


def clock_times(texts: Any, *, digits: bool = False) -> Durations:
    """Times of day without a date, as the time since midnight; NaT where there is none.

    `digits` says whether ``930`` and ``9.30`` are half past nine.
    """
    column = pc.replace_substring_regex(trimmed(texts), _NO_DATE, "")
    column = pc.replace_substring_regex(column, r"(?: ?(?:Z|UTC|Uhr))$", "")
    column = pc.replace_substring_regex(column, r"^(\d{1,2})[h.](\d{2})[m.](\d{2}(?:,\d+)?)s?$", r"\1:\2:\3")
    column = pc.replace_substring_regex(column, rf"^(\d{{1,2}})[h{'.' if digits else ''}](\d{{2}})$", r"\1:\2")
    if digits:
        column = _marked(column)
    since = np.full(len(column), "NaT", f"timedelta64[{UNIT}]")
    rows, fields = matches(column, rf"^{CLOCK}{HALF}$")
    if len(rows):
        micros, possible = since_midnight(fields)
        since[rows[possible]] = micros[possible].astype(f"timedelta64[{UNIT}]")
    return since


def _marked(column: Any) -> Any:
    """Clocks without marks, leading zeros lost or not, with them; they have seconds where any is longer than four."""
    bare = pc.fill_null(pc.match_substring_regex(column, r"^\d{1,6}$"), False)
    length = 6 if (pc.max(pc.utf8_length(column.filter(bare))).as_py() or 0) > 4 else 4
    marked = pc.replace_substring_regex(pc.utf8_lpad(column, length, "0"), r"^(\d{2})(\d{2})", r"\1:\2:")
    return pc.if_else(bare, pc.replace_substring_regex(marked, ":$", ""), column)


def continued(
    times: Times, used: Sequence[str], names: Sequence[str], columns: Sequence[Any]
) -> tuple[Times, list[str]]:
    """Times with what further columns say more exactly, and the names of those columns.

    Dates take a clock, or hours, minutes and seconds; whole seconds take milliseconds.
    """
    known = times[~np.isnat(times)]
    free = [i for i, name in enumerate(names) if name not in used]
    added: list[str] = []
    if not len(known):
        return times, added
    if (known.astype("datetime64[D]") == known).all():
        for i in free:
            clock = _clock(names[i], columns[i])
            if clock is not None:
                times, added, free = times + clock, [names[i]], [k for k in free if k != i]
                break
    for pattern, size, most in _PARTS:
        left = times[~np.isnat(times)].astype(np.int64)
        if (left % (size * (most + 1) if size < 3600 * SECOND else 24 * size) != 0).any():
            continue
        for i in free:
            if pattern.fullmatch(names[i]) and (counts := _whole(columns[i], most)) is not None:
                times = times + (counts * size).astype(f"timedelta64[{UNIT}]")
                added, free = [*added, names[i]], [k for k in free if k != i]
                break
    return times, added


def _clock(name: str, column: Any) -> Durations | None:
    """A column of times of day: by its cells, or by its name where they are digits."""
    named = _CLOCK_NAMES.fullmatch(name) is not None
    head = tidy(column.slice(0, _HEAD)).drop_null()
    if not len(head) or (~np.isnat(clock_times(head, digits=named))).mean() < _MOST:
        return None
    text = tidy(column)
    since = clock_times(text, digits=named)
    return since if (~np.isnat(since)).sum() >= _MOST * (len(text) - text.null_count) else None


def dates_of_parts(names: Sequence[str], columns: Sequence[Any]) -> tuple[list[str], Times] | None:
    """Dates from columns that are named year, month and day, or None."""
    chosen: list[int] = []
    for pattern in _DATE_PARTS:
        chosen += [i for i, name in enumerate(names) if i not in chosen and pattern.fullmatch(name)][:1]
    if len(chosen) < len(_DATE_PARTS):
        return None
    parts = [_whole(columns[i], most) for i, most in zip(chosen, (9999, 12, 31), strict=True)]
    if any(part is None for part in parts):
        return None
    year, month, day = (np.asarray(part) for part in parts)
    year = np.where(year < 69, year + 2000, np.where(year < 100, year + 1900, year))
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (day - 1)
    times = dates.astype(f"datetime64[{UNIT}]")
    times[(month < 1) | (dates.astype("datetime64[M]") != months)] = np.datetime64("NaT")
    return [names[i] for i in chosen], times


def _whole(column: Any, most: int) -> Any:
    """A column of whole numbers from 0 to `most`, 0 where there is none; None if it is another."""
    text = tidy(column)
    number = pc.fill_null(pc.match_substring_regex(text, r"^\d{1,4}(?:\.0*)?$"), False)
    if (pc.sum(number).as_py() or 0) < _MOST * max(len(text), 1):
        return None
    counts = pc.cast(pc.if_else(number, text, "0"), pa.float64()).to_numpy().astype(np.int64)
    return counts if len(counts) and counts.max() <= most else None
