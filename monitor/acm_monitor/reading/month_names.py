"""Dates with the month in letters, in the languages that exports are written in."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording import Integers, Times, counted
from .arrow import pc
from .fields import CLOCK, HALF, ZONE, is_used, matches, times_of_fields

#: The first letters that tell a month, in English, German, French, Spanish, Italian, Portuguese, Dutch, the
#: Scandinavian languages, Polish and Russian; no two languages disagree on any of them.
_NAMES = (
    "jan ene gen sty янв",
    "feb fev fév lut фев",
    "mar mär mrz mrt maa мар",
    "apr abr avr kwi апр",
    "may mai mag mei maj мая май",
    "jun juin giu cze июн",
    "jul juil lug lip июл",
    "aug aou aoû ago sie авг",
    "sep set wrz сен",
    "oct okt ott out paź paz окт",
    "nov lis ноя",
    "dec dez déc dic des gru дек",
)
_MONTHS = {start: month for month, starts in enumerate(_NAMES, 1) for start in starts.split()}

_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?\.?"
_LETTER = r"[A-Za-z\x{c0}-\x{52f}]"
_NAME = rf"(?P<name>{_LETTER}{{3,}})\.?"
_WEEKDAY = rf"^(?:{_LETTER}{{2,}}\.?[, ]+)?"
_TIME_OF_DAY = rf"(?:(?:,? +(?:(?:at|um|à|a las|kl\.?) )?|[:T,] ?){CLOCK}{HALF}{ZONE})?$"
_PATTERNS = (
    rf"{_WEEKDAY}{_DAY}(?:[-/ ]*(?:de )?){_NAME},?(?:[-/ ]*(?:de )?)(?P<year>\d{{4}}|\d{{2}}){_TIME_OF_DAY}",
    rf"{_WEEKDAY}{_NAME}[- ]+{_DAY},?[- ](?P<year>\d{{4}}){_TIME_OF_DAY}",
    rf"{_WEEKDAY}{_NAME} +{_DAY} {CLOCK}{HALF}{ZONE} (?P<year>\d{{4}})(?: [+-]0000)?$",
    rf"^(?P<year>\d{{4}})[-/. ]{_NAME}[-/. ]{_DAY}{_TIME_OF_DAY}",
)


def fill_in_months(column: Any, times: Times) -> list[str]:
    """Fill in `times` where a month is written in letters; a note if there is any."""
    read, notes = 0, list[str]()
    if not pc.any(pc.match_substring_regex(column, rf"{_LETTER}{{3}}")).as_py():
        return notes
    for pattern in _PATTERNS:
        rows, fields = matches(column, pattern)
        if not len(rows):
            continue
        unread = np.isnat(times[rows])
        times[rows[unread]] = times_of_fields(fields, month=_months(fields["name"]))[unread]
        read += int((~np.isnat(times[rows[unread]])).sum())
        if read and is_used(fields, "zone"):
            notes.append("times with an offset were converted to UTC")
    return [f"{counted(read, 'row')} as month in letters", *notes] if read else []


def _months(names: Any) -> Integers:
    """The number of each month, 0 for what is none."""
    known = pc.utf8_lower(names).dictionary_encode()
    numbers = [_MONTHS.get(name[:4]) or _MONTHS.get(name[:3], 0) for name in known.dictionary.to_pylist()]
    return np.array(numbers, np.int64)[known.indices.to_numpy()]
