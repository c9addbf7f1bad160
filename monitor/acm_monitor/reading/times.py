"""Times from text, a column at once; formats may be mixed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import UnusableData
from ..recording import Times, counted
from .adornments import unadorned
from .arrow import pa, pc
from .day_order import fill_in_order
from .fields import (
    CLOCK,
    HALF,
    UNIT,
    ZONE,
    ParsedTimes,
    integers,
    is_used,
    matches,
    times_of_fields,
    trimmed,
)
from .month_names import fill_in_months

_ISO = rf"^(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[Tt ]+{CLOCK}{HALF}{ZONE})?$"
_ISO_LABEL = "YYYY-MM-DD ... (ISO 8601)"
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T _-]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]?(?P<fraction>\d{1,9}))?)?"
    rf"{ZONE})?$"
)
_ORDINAL = (
    r"^(?P<year>(?:19|20)\d{2})-?(?P<ordinal>\d{3})"
    r"(?:[T :_]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    rf"{ZONE})?$"
)


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
    column = trimmed(texts)
    if (at_once := _iso_at_once(column)) is not None:
        return at_once
    times, notes = _parsed(column, day_first)
    unread = np.flatnonzero(np.isnat(times) & np.asarray(pc.fill_null(pc.not_equal(column, ""), False)))
    if len(unread):
        bare, said = unadorned(column.take(unread))
        times[unread], more = _parsed(bare, day_first)
        notes += [*said, *more] if more else []
    return ParsedTimes(times, tuple(dict.fromkeys(notes)))


def _parsed(column: Any, day_first: bool | None) -> tuple[Times, list[str]]:
    times = np.full(len(column), "NaT", f"datetime64[{UNIT}]")
    notes = _fill_in_iso(column, times)
    if np.isnat(times).any():
        notes += fill_in_order(column, times, day_first)
    if np.isnat(times).any():
        notes += fill_in_months(column, times)
    return times, notes


def _iso_at_once(column: Any) -> ParsedTimes | None:
    """Arrow's own reading, many times as fast, of a column that is ISO 8601 without offsets throughout."""
    try:
        times = pc.cast(column, pa.timestamp(UNIT)).to_numpy(zero_copy_only=False).astype(f"datetime64[{UNIT}]")
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
    times = parsed.dt.tz_localize(None).to_numpy(f"datetime64[{UNIT}]")
    return ParsedTimes(times, (f"{counted(int((~np.isnat(times)).sum()), 'row')} as {form}",))


def _fill_in_iso(column: Any, times: Times) -> list[str]:
    """Fill in what can be read in one way only: ISO 8601 and dates without marks, the year first."""
    notes: list[str] = []
    for pattern, label in ((_ISO, _ISO_LABEL), (_COMPACT, "YYYYMMDD..."), (_ORDINAL, "YYYY-DDD...")):
        rows, fields = matches(column, pattern)
        open_rows = np.isnat(times[rows])
        if not len(rows) or not open_rows.any():
            continue
        times[rows[open_rows]] = times_of_fields(fields)[open_rows] if "day" in fields else _ordinal(fields)[open_rows]
        if found := int((~np.isnat(times[rows])).sum()):
            notes.append(f"{counted(found, 'row')} as {label}")
            if is_used(fields, "zone"):
                notes.append("times with an offset were converted to UTC")
    return notes


def _ordinal(fields: dict[str, Any]) -> Times:
    """Dates by the number of the day in the year."""
    day = integers(fields["ordinal"])
    one = np.ones_like(day)
    times = times_of_fields(fields, month=one, day=one)
    times[(day < 1) | (day > 366)] = np.datetime64("NaT")
    return times + (day - 1).astype("timedelta64[D]")
