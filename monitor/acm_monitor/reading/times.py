"""Times from text, a column at once; formats may be mixed."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import UnusableData
from ..recording import Times, counted
from .arrow import pa, pc
from .day_order import fill_in_order
from .fields import CLOCK, UNIT, ZONE, ParsedTimes, is_used, matches, since_midnight, times_of_fields, trimmed

_ISO = rf"^(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}})(?:[T ]+{CLOCK}{ZONE})?$"
_ISO_LABEL = "YYYY-MM-DD ... (ISO 8601)"
_COMPACT = (
    r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    rf"{ZONE})?$"
)
_SHORT = r"^(?P<year>\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?$"
_CLOCK_ALONE = rf"^{CLOCK}(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?$"
_MONTH_NAME = r"(?i)jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"


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
    times = np.full(len(column), "NaT", f"datetime64[{UNIT}]")
    notes = _parse_one_way(column, times)
    notes += fill_in_order(column, times, day_first)
    return ParsedTimes(times, tuple(notes))


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


def clock_times(texts: Any) -> np.ndarray[Any, np.dtype[np.timedelta64]]:
    """Times of day without a date, as the time since midnight; NaT where there is none."""
    column = trimmed(texts)
    since = np.full(len(column), "NaT", f"timedelta64[{UNIT}]")
    rows, fields = matches(column, _CLOCK_ALONE)
    if len(rows):
        micros, possible = since_midnight(fields)
        since[rows[possible]] = micros[possible].astype(f"timedelta64[{UNIT}]")
    return since


def _parse_one_way(column: Any, times: Times) -> list[str]:
    """Fill in what can be read in one way only: ISO 8601, dates without marks, and dates with the month in letters."""
    notes: list[str] = []
    for pattern, label in ((_ISO, _ISO_LABEL), (_COMPACT, "YYYYMMDD..."), (_SHORT, "YYMMDDhhmm")):
        rows, fields = matches(column, pattern)
        open_rows = np.isnat(times[rows])
        if not len(rows) or not open_rows.any():
            continue
        times[rows[open_rows]] = times_of_fields(fields)[open_rows]
        if found := int((~np.isnat(times[rows])).sum()):
            notes.append(f"{counted(found, 'row')} as {label}")
        if is_used(fields, "zone"):
            notes.append("times with an offset were converted to UTC")
    return notes + _parse_month_names(column, times)


def _parse_month_names(column: Any, times: Times) -> list[str]:
    import pandas

    named = np.asarray(pc.fill_null(pc.match_substring_regex(column, _MONTH_NAME), False))
    if not named.any():
        return []
    texts = column.take(np.flatnonzero(named)).to_pylist()
    parsed = pandas.to_datetime(pandas.Series(texts, dtype=object), format="mixed", errors="coerce", utc=True)
    times[named] = parsed.dt.tz_localize(None).to_numpy(f"datetime64[{UNIT}]")
    found = int((~np.isnat(times[named])).sum())
    return [f"{counted(found, 'row')} as month in letters"] if found else []
