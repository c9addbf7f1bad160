"""Which columns hold the time: by their names, else by their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData
from .arrow import pa
from .clocks import continued, dates_of_parts
from .epochs import counts_of, from_numbers, numbers_of
from .fields import ParsedTimes
from .names import is_time, listed
from .numbers import tidy
from .times import formatted_times, parse_times

_MOST_LOOKED_AT = 500
#: Counted times are dates without marks, too, by chance; hardly any column of them is throughout.
_MOST_DATES = 0.99


class TimeColumn(NamedTuple):
    """Which columns hold the time, how they were found, and the time of each row."""

    names: tuple[str, ...]
    how: str
    parsed: ParsedTimes

    @property
    def named(self) -> str:
        """``column 'TS'``, ``columns 'Date' and 'Time'``."""
        return f"column{'s' if len(self.names) > 1 else ''} {' and '.join(map(repr, self.names))}"


class _Columns:
    """The columns of a table, on the look-out for the time."""

    def __init__(self, names: Sequence[str], columns: Sequence[Any], day_first: bool | None) -> None:
        self.names, self.columns, self.day_first = list(names), columns, day_first
        self.named = [i for i, name in enumerate(names) if is_time(name)]

    def by_name(self, *, digits: bool, days: bool = False) -> TimeColumn | None:
        """The first column named like a time that holds times: as they are written, or counted."""
        for i in self.named:
            parsed = times_of(self.columns[i], self.day_first, least=0.5, digits=digits, days=days)
            if parsed is not None:
                return TimeColumn((self.names[i],), "by its name", parsed)
        return None

    def by_cells(self, *, digits: bool) -> TimeColumn | None:
        """The first column whose cells read as times, or that counts them and never turns."""
        for name, column in zip(self.names, self.columns, strict=True):
            parsed = times_of(column, self.day_first, least=0.9, digits=digits)
            if parsed is not None and (not digits or _runs_on(parsed)):
                return TimeColumn((name,), "its cells read as times", parsed)
        return None

    def by_parts(self) -> TimeColumn | None:
        """The date that columns named year, month and day hold together."""
        found = dates_of_parts(self.names, self.columns)
        if found is None:
            return None
        return TimeColumn(tuple(found[0]), "by their names", ParsedTimes(found[1], ()))

    def whole(self, found: TimeColumn) -> TimeColumn:
        """With the clock or the milliseconds of further columns."""
        times, added = continued(found.parsed.times, found.names, self.names, self.columns)
        return found._replace(names=(*found.names, *added), parsed=found.parsed._replace(times=times))


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
    table = _Columns(names, columns, day_first)
    if form is not None:
        named = table.named if wanted is None else [table.names.index(wanted)]
        return _as_asked(names, columns, source, named, form)
    if wanted is not None:
        column = columns[table.names.index(wanted)]
        parsed = times_of(column, day_first, least=0.5, digits=True, days=True)
        if parsed is None:
            raise UnusableData(
                f"{source}: most cells of column {wanted!r} are no times, such as {_example(column)!r}; "
                "say how they are written with --time-format"
            )
        return table.whole(TimeColumn((wanted,), "asked for", parsed))
    found = (
        table.by_name(digits=False)
        or table.by_name(digits=True)
        or table.by_cells(digits=False)
        or table.by_name(digits=True, days=True)
        or table.by_cells(digits=True)
        or table.by_parts()
    )
    if found is None:
        raise _no_time(source, table)
    return table.whole(found)


def _no_time(source: str, table: _Columns) -> UnusableData:
    """What to do about it: name the column, or how its times are written."""
    told = f"{source} has no time column: none of {listed(table.names)} is named like a time and holds dates"
    if table.named:
        i = table.named[0]
        return UnusableData(
            f"{told}; {table.names[i]!r} holds {_example(table.columns[i])!r}: say how it is written with "
            "--time-format, such as '%d.%m.%Y %H:%M', or which other column it is with --time-column"
        )
    return UnusableData(f"{told}; say which one it is with --time-column")


def _example(column: Any) -> str:
    return next((str(cell) for cell in column.slice(0, _MOST_LOOKED_AT).to_pylist() if cell is not None), "")[:80]


def _as_asked(names: Sequence[str], columns: Sequence[Any], source: str, named: Sequence[int], form: str) -> TimeColumn:
    """The column that is named like a time, else the first, that can be read in the format that the user gives."""
    for i in [*named, *(i for i in range(len(names)) if i not in named)]:
        parsed = formatted_times(tidy(columns[i]), form)
        if not np.isnat(parsed.times).all():
            return TimeColumn((names[i],), "read in the format asked for", parsed)
    example = _example(columns[named[0] if named else 0])
    raise UnusableData(f"{source}: no cell is a time in the format {form!r}, such as {example!r}")


def times_of(
    column: Any, day_first: bool | None, *, least: float, digits: bool, days: bool = False
) -> ParsedTimes | None:
    """A column as times if at least that share of its filled cells can be read, else None.

    `digits` says whether cells of digits alone may be times: counted ones, or dates without marks; `days` whether
    they may be days.
    """
    if (stamps := _stamps(column)) is not None:
        return stamps
    text = tidy(column)
    filled = text.drop_null()
    if not len(filled):
        return None
    head = filled.take(np.arange(0, len(filled), max(1, len(filled) // _MOST_LOOKED_AT)))
    if (len(head) - counts_of(head).null_count) > 0.8 * len(head):
        return _in_digits(text, len(filled), day_first, least, days) if digits else None
    if not _readable(parse_times(head, day_first=day_first), len(head), least):
        return None
    return parse_times(text, day_first=day_first)


def _in_digits(text: Any, filled: int, day_first: bool | None, least: float, days: bool) -> ParsedTimes | None:
    """Dates without marks, where all but a few cells are such, else counted times."""
    dates = parse_times(text, day_first=day_first)
    if (~np.isnat(dates.times)).sum() >= _MOST_DATES * filled:
        return dates
    counted = from_numbers(numbers_of(counts_of(text)), days=days)
    return counted or (dates if _readable(dates, filled, max(least, 0.5)) else None)


def _stamps(column: Any) -> ParsedTimes | None:
    """A column that is of times already, as Parquet has them."""
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
        return None
    zone = getattr(column.type, "tz", None)
    times = column.cast(pa.timestamp("us", zone), safe=False).to_numpy().astype("datetime64[us]")
    return ParsedTimes(times, ("times were converted to UTC",) if zone else ())


def _readable(parsed: ParsedTimes, filled: int, least: float) -> bool:
    return int((~np.isnat(parsed.times)).sum()) >= least * filled


def _runs_on(parsed: ParsedTimes) -> bool:
    """Whether time never turns: a sensor that counts nothing hardly does so."""
    steps = np.diff(parsed.times[~np.isnat(parsed.times)])
    still = np.timedelta64(0)
    return bool(((steps >= still).all() or (steps <= still).all()) and (steps != still).any())
