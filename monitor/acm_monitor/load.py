"""A recording from a CSV or Parquet file; nothing is dropped without a note saying so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .csv_layout import Layout, layout_of
from .errors import UnusableData
from .recording import Floats, Recording, Times, counted, lasting, shortened, when
from .timestamps import ParsedTimes, from_numbers, parse_times

_TIME_NAMES = re.compile(
    r"(ts|t|time|times|timestamp|date|datetime|zeit|zeitstempel|datum|uhrzeit|index)"
    r"|.*(time ?stamp|date ?time|[_ ]time|[_ ]date|time[_ ].*utc)",
    re.IGNORECASE,
)
_PARQUET = {".parquet", ".pq"}
_LEAST_ROWS = 20

#: A text column in which at least this share of the cells are numbers is a sensor with unreadable cells.
_MOSTLY_NUMBERS = 0.5


class TimeColumn(NamedTuple):
    """Which column holds the time, how it was found, and its values."""

    name: str
    how: str
    parsed: ParsedTimes


def load(path: str | Path, *, time_column: str | None = None, day_first: bool | None = None) -> Recording:
    """The recording in a file.

    Parameters
    ----------
    path : str or Path
        ``.parquet`` or ``.pq`` is read as Parquet, everything else as CSV, delimiter and decimal sign found out.
    time_column : str, optional
        By default the column that is named like a time, or whose cells can be read as times.
    day_first : bool, optional
        See `parse_times`.

    Raises
    ------
    UnusableData
        If the file is missing, empty or unreadable, or has no time column or no numeric column.
    """
    path = Path(path)
    if not path.is_file():
        raise UnusableData(f"{path} does not exist" if not path.exists() else f"{path} is not a file")
    if path.stat().st_size == 0:
        raise UnusableData(f"{path} is empty")
    try:
        frame, notes = _read_parquet(path) if path.suffix.lower() in _PARQUET else _read_csv(path)
    except OSError as error:
        raise UnusableData(f"{path} cannot be read: {error.strerror or error}") from error
    if not len(frame):
        raise UnusableData(f"{path} has a header but no rows")
    found = _time_column(frame, path, time_column, day_first)
    notes += [f"time is column {found.name!r} ({found.how})", *found.parsed.notes]
    names, values = _sensors(frame.drop(columns=found.name), path, notes)
    return _ordered(path, _texts(frame[found.name]), found.parsed.times, names, values, notes)


def _read_parquet(path: Path) -> tuple[Any, list[str]]:
    import pandas

    try:
        frame = pandas.read_parquet(path)
    except ValueError as error:  # Arrow's errors, but for those of the system
        raise UnusableData(f"{path} cannot be read as Parquet: {error}") from error
    if not isinstance(frame.index, pandas.RangeIndex):
        frame = frame.reset_index()
    return _text_names(frame), []


def _read_csv(path: Path) -> tuple[Any, list[str]]:
    import pandas

    layout = layout_of(path)
    try:
        frame = pandas.read_csv(
            path,
            sep=layout.delimiter,
            decimal=layout.decimal,
            encoding=layout.encoding,
            skipinitialspace=True,
            low_memory=False,
            index_col=False,
        )
    except (ValueError, pandas.errors.ParserError) as error:
        reason = str(error).removeprefix("Error tokenizing data. C error: ").strip()
        raise UnusableData(f"{path} cannot be read as CSV: {reason}") from error
    return _text_names(frame), _layout_notes(layout)


def _layout_notes(layout: Layout) -> list[str]:
    said = [f"fields are separated by {layout.delimiter_name}"]
    if layout.decimal == ",":
        said.append("decimal comma")
    if layout.encoding != "utf-8-sig":
        said.append(f"text is {layout.encoding}, not UTF-8")
    return [", ".join(said)]


def _text_names(frame: Any) -> Any:
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame


def _time_column(frame: Any, path: Path, wanted: str | None, day_first: bool | None) -> TimeColumn:
    columns = list(frame.columns)
    if wanted is not None and wanted not in columns:
        raise UnusableData(f"{path} has no column {wanted!r}; it has {_listed(columns)}")
    named = [name for name in columns if _TIME_NAMES.fullmatch(name)] if wanted is None else [wanted]
    for name in named:
        parsed = _parsed(frame[name], day_first, least=0.5, numbers=True)
        if parsed is not None:
            return TimeColumn(name, "by its name" if wanted is None else "asked for", parsed)
    if wanted is not None:
        raise UnusableData(f"{path}: most cells of column {wanted!r} are no times, such as {frame[wanted].iloc[0]!r}")
    for name in columns:
        parsed = _parsed(frame[name], day_first, least=0.9, numbers=False)
        if parsed is not None:
            return TimeColumn(name, "its cells read as times", parsed)
    raise UnusableData(
        f"{path} has no time column: none of {_listed(columns)} is named like a time and holds dates; "
        "say which one it is with --time-column"
    )


def _parsed(column: Any, day_first: bool | None, *, least: float, numbers: bool) -> ParsedTimes | None:
    """The column as times if at least that share of its filled cells can be read, else None."""
    kind = column.dtype.kind
    if kind == "M":
        if getattr(column.dtype, "tz", None) is not None:
            column = column.dt.tz_convert("UTC").dt.tz_localize(None)
            return ParsedTimes(column.to_numpy("datetime64[ms]"), ("times were converted to UTC",))
        return ParsedTimes(column.to_numpy("datetime64[ms]"), ())
    if kind in "iuf":
        times = from_numbers(column.to_numpy()) if numbers else None
        return None if times is None else ParsedTimes(times, ("times are counted from 1970 in UTC",))
    texts = _texts(column)
    if not _readable(texts[:: max(1, len(texts) // 500)], least, day_first):
        return None
    return parse_times(texts, day_first=day_first)


def _texts(column: Any) -> list[Any]:
    """The cells as text; None where there is nothing."""
    return [None if missing else str(cell) for cell, missing in zip(column, column.isna(), strict=True)]


def _readable(texts: list[Any], least: float, day_first: bool | None) -> bool:
    filled = [text for text in texts if text is not None]
    times = parse_times(filled, day_first=day_first).times
    return len(filled) > 0 and (~np.isnat(times)).mean() >= least


def _sensors(frame: Any, path: Path, notes: list[str]) -> tuple[tuple[str, ...], Floats]:
    """The numeric columns as one matrix; what is left out, or only partly readable, is noted."""
    import pandas

    kept: dict[str, Any] = {}
    left_out: list[str] = []
    for name in frame.columns:
        column = frame[name]
        numbers: Any = pandas.to_numeric(column, errors="coerce") if column.dtype.kind not in "Mm" else column.isna()
        filled = int(column.notna().sum())
        readable = int(numbers.notna().sum()) if column.dtype.kind not in "Mm" else 0
        if readable < _MOSTLY_NUMBERS * filled:
            left_out.append(name)
            continue
        kept[name] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        if bad := filled - readable:
            example = column[column.notna() & numbers.isna()].iloc[0]
            notes.append(f"{name}: {counted(bad, 'cell')} not a number, such as {str(example)!r}, taken as gaps")
    if left_out:
        notes.append(f"left out, not numeric: {_listed(left_out)}")
    if not kept:
        raise UnusableData(f"{path} has no numeric column beside the time; it has {_listed(list(frame.columns))}")
    return shortened(list(kept)), np.column_stack(list(kept.values()))


def _ordered(
    path: Path, texts: list[Any], times: Times, names: tuple[str, ...], values: Floats, notes: list[str]
) -> Recording:
    """Rows with a time, in the order of time."""
    unreadable = np.flatnonzero(np.isnat(times))
    if len(unreadable):
        first_row = 1 if path.suffix.lower() in _PARQUET else 2  # a CSV's header is line 1
        examples = ", ".join(f"row {row + first_row}: {texts[row] or ''!r}" for row in unreadable[:3])
        notes.append(f"{counted(len(unreadable), 'row')} kept out, the time cannot be read ({examples})")
    else:
        notes.append(f"{len(times):,} rows, each with its time")
    times, values = times[~np.isnat(times)], values[~np.isnat(times)]
    if len(times) < _LEAST_ROWS:
        raise UnusableData(f"{path} has {len(times)} usable rows; at least {_LEAST_ROWS} are needed to say anything")
    backwards = int((np.diff(times) < np.timedelta64(0)).sum())
    if backwards:
        notes.append(f"rows were not in order of time ({counted(backwards, 'step')} backwards); they were sorted")
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
    recording = Recording(path.name, times, names, values, ())
    return recording._replace(notes=(*notes, *_notes_on_steps(recording)))


def _notes_on_steps(recording: Recording) -> list[str]:
    steps = np.diff(recording.times)
    notes: list[str] = []
    if repeated := int((steps == np.timedelta64(0)).sum()):
        notes.append(f"{counted(repeated, 'row')} with the time of the row before, kept")
    gaps = np.flatnonzero(steps > 1.5 * recording.step)
    if len(gaps):
        longest = int(gaps[steps[gaps].argmax()])
        start = when(recording.times[longest])
        notes.append(f"{counted(len(gaps), 'gap')} in time, the longest {lasting(steps[longest])} from {start}")
    return notes


def _listed(names: list[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
