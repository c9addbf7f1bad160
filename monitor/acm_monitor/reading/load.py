"""A recording from a CSV or Parquet file; nothing is dropped or changed without a note saying so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UnusableData, printable
from ..recording import Floats, Recording, Times, counted, lasting, when
from .arrow import pa
from .cells import Cells, cells_of
from .layout import layout_of
from .names import distinct
from .table import Reading, Table
from .text import as_utf8
from .time_columns import time_of

_PARQUET = {".parquet", ".pq"}

_FOUND_OUT = Reading()


def load(path: str | Path, reading: Reading = _FOUND_OUT) -> Recording:
    """The recording in a file.

    Parameters
    ----------
    path : str or Path
        ``.parquet`` or ``.pq`` is read as Parquet, everything else as CSV, its layout found out.
    reading : Reading
        What is known of it.

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
        cells = _parquet_cells(path) if path.suffix.lower() in _PARQUET else _csv_cells(path)
    except OSError as error:
        raise UnusableData(f"{path} cannot be read: {error.strerror or error}") from error
    return _recording(cells, path, reading)


def from_frame(frame: Any, reading: Reading = _FOUND_OUT, source: str = "frame") -> Recording:
    """The recording in a pandas frame, its index included, or in anything that Arrow makes a table of.

    Raises
    ------
    UnusableData
        If it has no time column or no numeric column.
    """
    if hasattr(frame, "reset_index"):
        kept = frame if type(frame.index).__name__ == "RangeIndex" else frame.reset_index(names=_index_names(frame))
        table = pa.Table.from_pandas(kept, preserve_index=False)
    else:
        table = pa.table(frame)
    return _recording(
        Cells([str(name).strip() for name in table.column_names], list(table.columns), None, ()), Path(source), reading
    )


def _index_names(frame: Any) -> list[str]:
    """Names for the levels of an index that no column has."""
    taken = {str(name) for name in frame.columns}
    names: list[str] = []
    for name in frame.index.names:
        told = "index" if name is None else str(name)
        while told in taken:
            told = f"{told} (index)"
        taken.add(told)
        names.append(told)
    return names


def _recording(cells: Cells, path: Path, reading: Reading) -> Recording:
    if not cells.columns or not len(cells.columns[0]):
        raise UnusableData(f"{path} has a header but no rows")
    names, notes = distinct([printable(name) for name in cells.names])
    reading = reading.as_shown()
    time = time_of(names, cells.columns, str(path), reading.time_column, reading.day_first, reading.time_format)
    notes = [*cells.notes, *notes, f"time is {time.named} ({time.how})", *time.parsed.notes]
    return _ordered(*Table(path, cells, time, names, notes).sensors(reading))


def _csv_cells(path: Path) -> Cells:
    with as_utf8(path) as text:
        cells = cells_of(layout_of(text, path), path)
    return cells._replace(notes=(*cells.notes, *text.notes))


def _parquet_cells(path: Path) -> Cells:
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (ValueError, pa.ArrowException) as error:  # Arrow's errors, but for those of the system
        raise UnusableData(f"{path} cannot be read as Parquet: {error}") from error
    return Cells([name.strip() for name in table.column_names], list(table.columns), None, ())


def _ordered(
    source: str, times: Times, names: tuple[str, ...], values: Floats, notes: list[str], labels: dict[str, Floats]
) -> Recording:
    """Rows in the order of time."""
    backwards = int((np.diff(times) < np.timedelta64(0)).sum())
    if backwards:
        notes.append(f"rows were not in order of time ({counted(backwards, 'step')} backwards); they were sorted")
        order = np.argsort(times, kind="stable")
        times, values = times[order], values[order]
        labels = {name: label[order] for name, label in labels.items()}
    recording = Recording(source, times, names, values, (), labels=labels)
    return recording._replace(notes=(*notes, *_notes_on_steps(recording)))


def _notes_on_steps(recording: Recording) -> list[str]:
    steps = np.diff(recording.times)
    notes: list[str] = []
    if repeated := int((steps == np.timedelta64(0)).sum()):
        notes.append(f"{counted(repeated, 'row')} with the time of the row before, kept")
    gaps = np.flatnonzero(steps > 1.5 * recording.step)
    if recording.step > np.timedelta64(0) and len(gaps):
        longest = int(gaps[steps[gaps].argmax()])
        start = when(recording.times[longest])
        notes.append(f"{counted(len(gaps), 'gap')} in time, the longest {lasting(steps[longest])} from {start}")
    return notes
