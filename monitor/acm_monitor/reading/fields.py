"""What the groups of a pattern mean as times: dates and clocks from whole columns of digits, offsets taken off."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from ..recording import Booleans, Integers, Times
from .arrow import pa, pc

CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
ZONE = r"(?: ?(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"

_DATE = ("year", "month", "day")

UNIT = "us"
SECOND = 1_000_000


class ParsedTimes(NamedTuple):
    """The time of each row (NaT where it cannot be read), and what was decided."""

    times: Times
    notes: tuple[str, ...]


def trimmed(texts: Any) -> Any:
    """One Arrow array of strings without outer spaces; null for what is no string."""
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array([text if isinstance(text, str) else None for text in texts], pa.string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return pc.utf8_trim_whitespace(texts)


def matches(column: Any, pattern: str) -> tuple[Integers, dict[str, Any]]:
    """The rows that match, and what each named group holds there ("" where it takes no part)."""
    found = pc.extract_regex(column, pattern)
    rows = np.flatnonzero(np.asarray(found.is_valid()))
    taken = found if len(rows) == len(found) else found.take(rows)
    return rows, {field.name: taken.field(i) for i, field in enumerate(found.type)}


def integers(texts: Any) -> Integers:
    """Texts of digits as numbers, 0 for empty ones."""
    return pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64()).to_numpy()


def lengths(texts: Any) -> Integers:
    """How many characters each text has."""
    return pc.utf8_length(texts).to_numpy()


def is_used(fields: dict[str, Any], name: str) -> bool:
    """Whether the pattern has that group and any row fills it."""
    return name in fields and bool(lengths(fields[name]).any())


def since_midnight(fields: dict[str, Any]) -> tuple[Integers, Booleans]:
    """Microseconds since midnight, and where there is such a time; 24:00 is the next midnight, as ISO 8601 has it."""
    none = np.zeros(len(next(iter(fields.values()))), np.int64)
    hour, minute, second = (integers(fields[name]) if name in fields else none for name in ("hour", "minute", "second"))
    if is_used(fields, "half"):
        letter = pc.utf8_lower(fields["half"]).to_numpy(zero_copy_only=False)
        hour = np.where(letter != "", hour % 12 + np.where(letter == "p", 12, 0), hour)
    micros = ((hour * 60 + minute) * 60 + second) * SECOND
    if is_used(fields, "fraction"):
        digits = pc.utf8_slice_codeunits(pc.utf8_rpad(fields["fraction"], 6, "0"), 0, 6)
        micros = micros + integers(digits)
    possible = (minute < 60) & (second < 60) & ((hour < 24) | (micros == 24 * 3600 * SECOND))
    return micros, possible


def times_of_fields(fields: dict[str, Any], **numbers: Integers) -> Times:
    """Times of what a pattern's groups hold, NaT where there is no such date.

    `numbers` are the year, month or day where no group of that name has it. Years of two digits are those of POSIX:
    from 69 on they are of the 20th century.
    """
    year, month, day = (numbers[name] if name in numbers else integers(fields[name]) for name in _DATE)
    year = np.where(year < 69, year + 2000, np.where(year < 100, year + 1900, year))
    micros, possible = since_midnight(fields)
    possible = possible & (month >= 1) & (month <= 12)
    months = ((year - 1970) * 12 + np.where(possible, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    possible &= (day >= 1) & (days.astype("datetime64[M]") == months)
    times = days.astype(f"datetime64[{UNIT}]") + (micros - _offsets(fields)).astype(f"timedelta64[{UNIT}]")
    times[~possible] = np.datetime64("NaT")
    return times


def _offsets(fields: dict[str, Any]) -> Any:
    """Microseconds by which each zone is ahead of UTC."""
    if not is_used(fields, "zone"):
        return np.int64(0)
    zones = fields["zone"].dictionary_encode()
    return np.array([_offset(zone) for zone in zones.dictionary.to_pylist()], np.int64)[zones.indices.to_numpy()]


def _offset(zone: str) -> int:
    if not re.match(r"[+-]", zone):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].replace(":", "") or 0)
    return (-1 if zone[0] == "-" else 1) * (hours * 60 + minutes) * 60 * SECOND
