"""Times from text, row by row: formats may be mixed, and the order of month and day is decided by evidence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from .recording import Booleans, Integers, Times, counted

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

    def __init__(self, rows: list[int], matches: list[re.Match[str]]) -> None:
        self.rows = np.array(rows)
        self.matches = matches
        first, second, *rest = (_numbers(matches, group) for group in (1, 3, 4, 5, 6, 7, 8))
        afternoon = np.array([(match[9] or "").lower() == "p" for match in matches])
        half_day = matches[0][9] is not None
        self.readings = {
            "month": _times(first, second, *rest, half_day=half_day, afternoon=afternoon),
            "day": _times(second, first, *rest, half_day=half_day, afternoon=afternoon),
        }

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


def _numbers(matches: list[re.Match[str]], group: int) -> Integers:
    """A group of each match as a number, 0 where it is left out; of group 8 (a fraction) the thousandths."""
    texts = [match[group] or "0" for match in matches]
    return np.array([text.ljust(3, "0")[:3] for text in texts] if group == 8 else texts).astype(np.int64)


def _times(
    month: Integers,
    day: Integers,
    year: Integers,
    hour: Integers,
    minute: Integers,
    second: Integers,
    thousandth: Integers,
    *,
    half_day: bool,
    afternoon: Booleans,
) -> Times:
    """Times of numbers, NaT where there is no such date; 24:00 is the next midnight, as some historians write it."""
    year = np.where(year < 100, year + 2000, year)
    hour = np.where(afternoon, hour % 12 + 12, hour % 12) if half_day else hour
    possible = (month >= 1) & (month <= 12) & (minute < 60) & (second < 60)
    possible &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    months = ((year - 1970) * 12 + np.where(possible, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    possible &= (day >= 1) & (days.astype("datetime64[M]") == months)
    milliseconds = ((hour * 60 + minute) * 60 + second) * 1000 + thousandth
    times = days.astype("datetime64[ms]") + milliseconds.astype("timedelta64[ms]")
    times[~possible] = np.datetime64("NaT")
    return times


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
    formats: dict[tuple[Any, ...], tuple[list[int], list[re.Match[str]]]] = {}
    for row, text in enumerate(cleaned):
        if match := _NUMERIC.fullmatch(text):
            shape = match[2], len(match[4]), *(match[i] is not None for i in (5, 7, 9))
            rows, matches = formats.setdefault(shape, ([], []))
            rows.append(row)
            matches.append(match)
    notes = _parse_standard(cleaned, times)
    notes += _decide([_Format(*found) for found in formats.values()], times, day_first)
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
    import pandas

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
    times[found.rows] = np.where(np.isnat(times[found.rows]), found.readings[order], times[found.rows])


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
