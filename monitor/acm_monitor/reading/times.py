"""Times from text, a column at once: formats may be mixed, and the order of month and day is decided by evidence."""

from __future__ import annotations

import re
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData
from ..recording import Booleans, Integers, Times, counted
from .arrow import pa, pc

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:](?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_ISO = rf"^(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[T ]+{_CLOCK}{_ZONE})?$"
_ISO_LABEL = "YYYY-MM-DD ... (ISO 8601)"
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    rf"{_ZONE})?$"
)
_SHORT = r"^(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?$"
_NUMERIC = (
    rf"^(?P<first>\d{{1,2}})(?P<mark>[-/. ])(?P<other>\d{{1,2}})[-/. ](?P<year>\d{{4}}|\d{{2}})"
    rf"(?:[ T,]+{_CLOCK}(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?{_ZONE})?$"
)
_CLOCK_ALONE = rf"^{_CLOCK}(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?$"
_MONTH_NAME = r"(?i)jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

#: Beyond this many undecided formats the number of readings to compare gets out of hand.
_MOST_UNDECIDED = 8

_UNIT = "us"
_SECOND = 1_000_000

#: Counted times: what one is counted in, the least and the most plausible number, ticks a second, seconds to 1970.
_COUNTED = (
    ("seconds since 1970", 3e8, 5e9, 1.0, 0),
    ("milliseconds since 1970", 3e11, 5e12, 1e3, 0),
    ("microseconds since 1970", 3e14, 5e15, 1e6, 0),
    ("100 ns since the year 1 (.NET ticks)", 6.2e17, 6.6e17, 1e7, 62_135_596_800),
    ("100 ns since 1601 (Windows file time)", 1.2e17, 1.5e17, 1e7, 11_644_473_600),
    ("nanoseconds since 1970", 3e17, 5e18, 1e9, 0),
    ("days since 1899-12-30 (a spreadsheet's)", 2.5e4, 7.3e4, 1 / 86_400, 2_209_161_600),
)
#: A column is counted times where so many of its filled cells are; the others cannot be read.
_MOST_COUNTED = 0.9


class ParsedTimes(NamedTuple):
    """The time of each row (NaT where it cannot be read), and what was decided."""

    times: Times
    notes: tuple[str, ...]


class _Format:
    """All rows of one numeric format, read both ways."""

    def __init__(self, rows: Integers, fields: dict[str, Any]) -> None:
        self.rows = rows
        self.example = {name: column[0].as_py() for name, column in fields.items()}
        self.padded = bool(np.all((_lengths(fields["first"]) == 2) & (_lengths(fields["other"]) == 2)))
        self.padded_hour = bool(np.all(_lengths(fields["hour"]) == 2))
        first, other = _integers(fields["first"]), _integers(fields["other"])
        self.readings = {
            "month": _times(fields, month=first, day=other),
            "day": _times(fields, month=other, day=first),
        }

    @property
    def customary(self) -> tuple[str, str]:
        """Both orders, first the one to assume: dates with points have the day first wherever they are written."""
        return ("day", "month") if self.example["mark"] == "." else ("month", "day")

    def label(self, order: str) -> str:
        """The format as it is written: ``M/D/YYYY H:MM``."""
        month, day = ("MM", "DD") if self.padded else ("M", "D")
        parts = (month, day) if order == "month" else (day, month)
        date = self.example["mark"].join([*parts, "Y" * len(self.example["year"])])
        if not self.example["hour"]:
            return date
        hour = "HH" if self.padded_hour else "H"
        return f"{date} {hour}:MM{':SS' if self.example['second'] else ''}{' AM/PM' if self.example['half'] else ''}"


def parse_times(texts: Any, *, day_first: bool | None = None) -> ParsedTimes:
    """The time that each text means, in UTC where it carries an offset.

    Parameters
    ----------
    texts : sequence or Arrow array of strings
        Anything else counts as unreadable.
    day_first : bool, optional
        The order of day and month in numeric dates; by default it is found out, format by format: impossible months
        decide, then the reading under which time takes the shortest way through the file.

    Returns
    -------
    ParsedTimes
        With one note a format: how many rows, and on which evidence it was read so.
    """
    column = _trimmed(texts)
    if (at_once := _iso_at_once(column)) is not None:
        return at_once
    times = np.full(len(column), "NaT", f"datetime64[{_UNIT}]")
    notes = _parse_one_way(column, times)
    notes += _decide(_numeric_formats(column), times, day_first)
    return ParsedTimes(times, tuple(notes))


def _iso_at_once(column: Any) -> ParsedTimes | None:
    """Arrow's own reading, many times as fast, of a column that is ISO 8601 without offsets throughout."""
    try:
        times = pc.cast(column, pa.timestamp(_UNIT)).to_numpy(zero_copy_only=False).astype(f"datetime64[{_UNIT}]")
    except pa.ArrowInvalid:
        return None
    return ParsedTimes(times, (f"{counted(int((~np.isnat(times)).sum()), 'row')} as {_ISO_LABEL}",))


def formatted_times(texts: Any, form: str) -> ParsedTimes:
    """The times that are written in one format of `datetime.strptime`, in UTC where it has an offset.

    Raises
    ------
    UnusableData
        If it is no such format.
    """
    import pandas

    try:
        cells = pandas.Series(texts.to_pylist(), dtype=object)
        parsed = pandas.to_datetime(cells, format=form, errors="coerce", utc=True, exact=True)
    except (ValueError, TypeError, re.error) as error:
        raise UnusableData(f"the time format {form!r} cannot be used: {error}") from error
    times = parsed.dt.tz_localize(None).to_numpy(f"datetime64[{_UNIT}]")
    return ParsedTimes(times, (f"{counted(int((~np.isnat(times)).sum()), 'row')} as {form}",))


def clock_times(texts: Any) -> np.ndarray[Any, np.dtype[np.timedelta64]]:
    """Times of day without a date, as the time since midnight; NaT where there is none."""
    column = _trimmed(texts)
    since = np.full(len(column), "NaT", f"timedelta64[{_UNIT}]")
    rows, fields = _matches(column, _CLOCK_ALONE)
    if len(rows):
        micros, possible = _since_midnight(fields)
        since[rows[possible]] = micros[possible].astype(f"timedelta64[{_UNIT}]")
    return since


def from_numbers(values: Any) -> ParsedTimes | None:
    """Times counted from an epoch in a usual unit; None if most of the numbers are not.

    Parameters
    ----------
    values : array or Arrow array
        Integers are read exactly, also beyond 2**53.
    """
    numbers = np.asarray(values)
    known = np.isfinite(numbers.astype(np.float64))
    size = numbers[known].astype(np.float64)
    for name, least, most, per_second, origin in _COUNTED:
        plausible = (size >= least) & (size < most)
        if len(size) and plausible.mean() >= _MOST_COUNTED:
            times = np.full(len(numbers), "NaT", f"datetime64[{_UNIT}]")
            rows = np.flatnonzero(known)[plausible]
            times[rows] = _counted(numbers[rows], per_second, origin)
            return ParsedTimes(times, (f"times are counted in {name}, UTC",))
    return None


def _counted(numbers: Any, per_second: float, origin: int) -> Times:
    if numbers.dtype.kind in "iu" and per_second >= _SECOND:
        micros = numbers.astype(np.int64) // int(per_second // _SECOND)
    else:
        micros = np.round(numbers.astype(np.longdouble) / np.longdouble(per_second) * _SECOND).astype(np.int64)
    return (micros - origin * _SECOND).astype(f"datetime64[{_UNIT}]")


def _trimmed(texts: Any) -> Any:
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        texts = pa.array([text if isinstance(text, str) else None for text in texts], pa.string())
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return pc.utf8_trim_whitespace(texts)


def _matches(column: Any, pattern: str) -> tuple[Integers, dict[str, Any]]:
    """The rows that match, and what each named group holds there ("" where it takes no part)."""
    found = pc.extract_regex(column, pattern)
    rows = np.flatnonzero(np.asarray(found.is_valid()))
    taken = found if len(rows) == len(found) else found.take(rows)
    return rows, {field.name: taken.field(i) for i, field in enumerate(found.type)}


def _integers(texts: Any) -> Integers:
    return pc.cast(pc.if_else(pc.equal(texts, ""), "0", texts), pa.int64()).to_numpy()


def _lengths(texts: Any) -> Integers:
    return pc.utf8_length(texts).to_numpy()


def _is_used(fields: dict[str, Any], name: str) -> bool:
    """Whether the pattern has that group and any row fills it."""
    return name in fields and bool(_lengths(fields[name]).any())


def _since_midnight(fields: dict[str, Any]) -> tuple[Integers, Booleans]:
    """Microseconds since midnight, and where there is such a time; 24:00 is the next midnight, as ISO 8601 has it."""
    none = np.zeros(len(fields["hour"]), np.int64)
    hour, minute, second = (
        _integers(fields[name]) if name in fields else none for name in ("hour", "minute", "second")
    )
    if _is_used(fields, "half"):
        letter = pc.utf8_lower(fields["half"]).to_numpy(zero_copy_only=False)
        hour = np.where(letter != "", hour % 12 + np.where(letter == "p", 12, 0), hour)
    micros = ((hour * 60 + minute) * 60 + second) * _SECOND
    if _is_used(fields, "fraction"):
        digits = pc.utf8_slice_codeunits(pc.utf8_rpad(fields["fraction"], 6, "0"), 0, 6)
        micros = micros + _integers(digits)
    possible = (minute < 60) & (second < 60) & ((hour < 24) | (micros == 24 * 3600 * _SECOND))
    return micros, possible


def _times(fields: dict[str, Any], *, month: Integers | None = None, day: Integers | None = None) -> Times:
    """Times of what a pattern's groups hold, NaT where there is no such date."""
    year = _integers(fields["year"])
    year = np.where(year < 100, year + 2000, year)
    month = _integers(fields["month"]) if month is None else month
    day = _integers(fields["day"]) if day is None else day
    micros, possible = _since_midnight(fields)
    possible = possible & (month >= 1) & (month <= 12)
    months = ((year - 1970) * 12 + np.where(possible, month, 1) - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    possible &= (day >= 1) & (days.astype("datetime64[M]") == months)
    times = days.astype(f"datetime64[{_UNIT}]") + (micros - _offsets(fields)).astype(f"timedelta64[{_UNIT}]")
    times[~possible] = np.datetime64("NaT")
    return times


def _offsets(fields: dict[str, Any]) -> Any:
    """Microseconds by which each zone is ahead of UTC."""
    if not _is_used(fields, "zone"):
        return np.int64(0)
    zones = fields["zone"].dictionary_encode()
    return np.array([_offset(zone) for zone in zones.dictionary.to_pylist()], np.int64)[zones.indices.to_numpy()]


def _offset(zone: str) -> int:
    if not re.match(r"[+-]", zone):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].replace(":", "") or 0)
    return (-1 if zone[0] == "-" else 1) * (hours * 60 + minutes) * 60 * _SECOND


def _parse_one_way(column: Any, times: Times) -> list[str]:
    """Fill in what can be read in one way only: ISO 8601, dates without marks, and dates with the month in letters."""
    notes: list[str] = []
    for pattern, label in ((_ISO, _ISO_LABEL), (_COMPACT, "YYYYMMDD..."), (_SHORT, "YYMMDDhhmm")):
        rows, fields = _matches(column, pattern)
        open_rows = np.isnat(times[rows])
        if not len(rows) or not open_rows.any():
            continue
        times[rows[open_rows]] = _times(fields)[open_rows]
        if found := int((~np.isnat(times[rows])).sum()):
            notes.append(f"{counted(found, 'row')} as {label}")
        if _is_used(fields, "zone"):
            notes.append("times with an offset were converted to UTC")
    return notes + _parse_month_names(column, times)


def _parse_month_names(column: Any, times: Times) -> list[str]:
    import pandas

    named = np.asarray(pc.fill_null(pc.match_substring_regex(column, _MONTH_NAME), False))
    if not named.any():
        return []
    texts = column.take(np.flatnonzero(named)).to_pylist()
    parsed = pandas.to_datetime(pandas.Series(texts, dtype=object), format="mixed", errors="coerce", utc=True)
    times[named] = parsed.dt.tz_localize(None).to_numpy(f"datetime64[{_UNIT}]")
    found = int((~np.isnat(times[named])).sum())
    return [f"{counted(found, 'row')} as month in letters"] if found else []


def _numeric_formats(column: Any) -> list[_Format]:
    """The rows whose order of day and month is to be found out, by the form of what is written."""
    rows, fields = _matches(column, _NUMERIC)
    if not len(rows):
        return []
    marks = np.unique(fields["mark"].to_numpy(zero_copy_only=False), return_inverse=True)[1]
    shapes = marks * 100 + _lengths(fields["year"]) * 10
    for i, name in enumerate(("hour", "second", "half")):
        shapes += (_lengths(fields[name]) > 0) * 2**i
    _, first, of_row = np.unique(shapes, return_index=True, return_inverse=True)
    chosen = [np.flatnonzero(of_row == i) for i in np.argsort(first)]
    return [_Format(rows[own], {name: column.take(own) for name, column in fields.items()}) for own in chosen]


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
    for choice in product(*(formats[i].customary for i in undecided[:_MOST_UNDECIDED])):
        trial = fixed.copy()
        for i, order in zip(undecided, choice, strict=False):
            _fill(trial, formats[i], order)
        ways[choice] = _way(trial)
    best = min(ways, key=lambda choice: ways[choice])
    for position, i in enumerate(undecided):
        decided = position < len(best)
        orders[i] = best[position] if decided else formats[i].customary[0]
        reasons[i] += _evidence(ways, best, position) if decided else "assumed, there are too many formats to compare"


def _way(times: Times) -> tuple[float, int]:
    """Length of the way through time in days, and how often it runs backwards."""
    steps = np.diff(times[~np.isnat(times)]).astype(np.int64) / (86_400 * _SECOND)
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
