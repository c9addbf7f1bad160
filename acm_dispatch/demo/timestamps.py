"""Times from text, row by row: formats may be mixed, and the order of month and day is decided by evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .extras import optional_module
from .recording import Times, counted

_NUMERIC = re.compile(
    r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})"
    r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?"
)
_ISO = re.compile(r"\d{4}([-/])\d{1,2}\1\d{1,2}(?!\d)")
_MONTH_NAME = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)

#: Beyond this many undecided formats the number of readings to compare gets out of hand.
_MOST_UNDECIDED = 8


class ParsedTimes(NamedTuple):
    """The time of each row (NaT where it cannot be read), and what was decided."""

    times: Times
    notes: tuple[str, ...]


class _Format:
    """All rows of one numeric format, read both ways."""

    def __init__(self, n_rows: int) -> None:
        self.rows: list[int] = []
        self.matches: list[re.Match[str]] = []
        self.readings = {order: np.full(n_rows, "NaT", "datetime64[ms]") for order in ("month", "day")}

    def add(self, row: int, match: re.Match[str]) -> None:
        self.rows.append(row)
        self.matches.append(match)
        self.readings["month"][row] = _read(match, month_first=True)
        self.readings["day"][row] = _read(match, month_first=False)

    def label(self, order: str) -> str:
        """The format as it is written: ``M/D/YYYY H:MM``."""
        first = self.matches[0]
        padded = all(len(match[1]) == 2 == len(match[3]) for match in self.matches)
        month, day = ("MM", "DD") if padded else ("M", "D")
        parts = (month, day) if order == "month" else (day, month)
        date = first[2].join([*parts, "Y" * len(first[4])])
        if first[5] is None:
            return date
        hour = "HH" if all(len(match[5]) == 2 for match in self.matches) else "H"
        return f"{date} {hour}:MM{':SS' if first[7] else ''}{' AM/PM' if first[9] else ''}"


def _read(match: re.Match[str], *, month_first: bool) -> np.datetime64:
    month, day = (int(match[1]), int(match[3])) if month_first else (int(match[3]), int(match[1]))
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    hour, minute, second = (int(match[i] or 0) for i in (5, 6, 7))
    if match[9]:
        hour = hour % 12 + (12 if match[9] in "pP" else 0)
    milliseconds = int((match[8] or "0").ljust(3, "0")[:3])
    next_day = hour == 24 and minute == second == 0  # how some historians write midnight
    try:
        time = datetime(year, month, day, 0 if next_day else hour, minute, second)
    except ValueError:
        return np.datetime64("NaT", "ms")
    return np.datetime64(time + timedelta(days=next_day, milliseconds=milliseconds), "ms")


def parse_times(texts: Sequence[Any], *, day_first: bool | None = None) -> ParsedTimes:
    """The time that each text means.

    Parameters
    ----------
    texts : sequence
        Strings; anything else counts as unreadable.
    day_first : bool, optional
        The order of day and month in numeric dates; by default it is found out, format by format: impossible months
        decide, then the reading under which time takes the shortest way through the file.

    Returns
    -------
    ParsedTimes
        With one note a format: how many rows, and on which evidence it was read so.
    """
    cleaned = [text.strip() if isinstance(text, str) else "" for text in texts]
    times = np.full(len(cleaned), "NaT", "datetime64[ms]")
    formats: dict[tuple[Any, ...], _Format] = {}
    for row, text in enumerate(cleaned):
        if match := _NUMERIC.fullmatch(text):
            shape = match[2], len(match[4]), *(match[i] is not None for i in (5, 7, 9))
            formats.setdefault(shape, _Format(len(cleaned))).add(row, match)
    notes = _parse_standard(cleaned, times)
    notes += _decide(list(formats.values()), times, day_first)
    return ParsedTimes(times, tuple(notes))


def _parse_standard(texts: list[str], times: Times) -> list[str]:
    """Fill in what can be read in one way only: ISO 8601, and dates with the month in letters."""
    notes: list[str] = []
    iso = np.array([bool(_ISO.match(text)) for text in texts], dtype=bool)
    named = ~iso & np.array([bool(_MONTH_NAME.search(text)) for text in texts], dtype=bool)
    for rows, label in ((iso, "YYYY-MM-DD ... (ISO 8601)"), (named, "month in letters")):
        if rows.any():
            times[rows] = _by_pandas([text.replace("/", "-") for text in np.array(texts, object)[rows]])
            if found := int((~np.isnat(times[rows])).sum()):
                notes.append(f"{counted(found, 'row')} as {label}")
    if any(re.search(r":\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)$", text) for text in texts[:1000]):
        notes.append("times with an offset were converted to UTC")
    return notes


def _by_pandas(texts: list[str]) -> Times:
    pandas = optional_module("pandas", "reading a file")
    parsed = pandas.to_datetime(pandas.Series(texts, dtype=object), format="mixed", errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).to_numpy("datetime64[ms]")


def _decide(formats: list[_Format], times: Times, day_first: bool | None) -> list[str]:
    """Fill in each numeric format in the order that its evidence speaks for."""
    reasons: list[str] = []
    orders: list[str] = []
    for found in formats:
        order, reason = _by_impossible_dates(found) if day_first is None else ("day" if day_first else "month", "asked")
        orders.append(order)
        reasons.append(reason)
    if undecided := [i for i, order in enumerate(orders) if not order]:
        _by_shortest_way(formats, orders, reasons, undecided, times)
    notes: list[str] = []
    for found, order, reason in zip(formats, orders, reasons, strict=True):
        _fill(times, found, order)
        if day_first is None:
            _fill(times, found, "day" if order == "month" else "month")  # rows that are a date only the other way round
        notes.append(f"{counted(len(found.rows), 'row')} as {found.label(order)}, {order} first ({reason})")
    return notes


def _fill(times: Times, found: _Format, order: str) -> None:
    rows = np.array(found.rows)
    empty = rows[np.isnat(times[rows])]
    times[empty] = found.readings[order][empty]


def _by_impossible_dates(found: _Format) -> tuple[str, str]:
    """The order that dates like 13/25 leave, or "" if every row can be read both ways or they contradict each other."""
    month, day = ~np.isnat(found.readings["month"]), ~np.isnat(found.readings["day"])
    only_month, only_day = int((month & ~day).sum()), int((day & ~month).sum())
    if only_month and only_day:
        return "", f"{only_month:,} rows can only be month first and {only_day:,} only day first; for the others: "
    if only_month or only_day:
        return "month" if only_month else "day", f"{only_month or only_day:,} of them are no date the other way round"
    return "", ""


def _by_shortest_way(
    formats: list[_Format], orders: list[str], reasons: list[str], undecided: list[int], times: Times
) -> None:
    """Choose the orders under which the times, in the order of the file, move least."""
    fixed = times.copy()
    for found, order in zip(formats, orders, strict=True):
        if order:
            _fill(fixed, found, order)
    ways: dict[tuple[str, ...], tuple[float, int]] = {}
    for choice in product(("month", "day"), repeat=min(len(undecided), _MOST_UNDECIDED)):
        trial = fixed.copy()
        for i, order in zip(undecided, choice, strict=False):
            _fill(trial, formats[i], order)
        ways[choice] = _way(trial)
    best = min(ways, key=lambda choice: ways[choice])
    for position, i in enumerate(undecided):
        decided = position < len(best)
        orders[i] = best[position] if decided else "month"
        reasons[i] += _evidence(ways, best, position) if decided else "assumed, there are too many formats to compare"


def _way(times: Times) -> tuple[float, int]:
    """Length of the way through time in days, and how often it runs backwards."""
    steps = np.diff(times[~np.isnat(times)]).astype(np.int64) / 86_400_000
    return float(np.abs(steps).sum()), int((steps < 0).sum())


def _evidence(ways: dict[tuple[str, ...], tuple[float, int]], best: tuple[str, ...], position: int) -> str:
    flipped = "day" if best[position] == "month" else "month"
    other = ways[(*best[:position], flipped, *best[position + 1 :])]
    chosen = ways[best]
    if other == chosen:
        return "assumed: both readings fit equally well; --day-first or --month-first settles it"
    if other[1] > chosen[1]:
        return f"read {flipped} first, time would run backwards {other[1]:,} times instead of {chosen[1]:,}"
    return f"read {flipped} first, the recording would span {other[0]:,.0f} days instead of {chosen[0]:,.0f}"


def from_numbers(values: Any) -> Times | None:
    """Times from seconds, milliseconds, microseconds or nanoseconds since 1970; None if they are neither."""
    finite = np.asarray(values, dtype=np.float64)
    known = finite[np.isfinite(finite)]
    if not len(known):
        return None
    for per_second in (1.0, 1e3, 1e6, 1e9):
        if np.all((known >= 3e8 * per_second) & (known < 5e9 * per_second)):  # 1979 to 2128
            times = np.full(len(finite), "NaT", "datetime64[ms]")
            milliseconds = finite[np.isfinite(finite)] / per_second * 1e3
            times[np.isfinite(finite)] = milliseconds.round().astype(np.int64).astype("datetime64[ms]")
            return times
    return None
