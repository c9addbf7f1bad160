"""The columns of a table beside the time, on their way to a matrix of sensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData, printable
from ..recording import Floats, Times, counted, shortened
from .cells import Cells
from .labels import flags_of, is_label
from .names import is_counter, listed
from .number_columns import read_numbers
from .numbers import tidy
from .tags import counts_rows, pivoted, tags_of
from .time_columns import TimeColumn

#: Fewer rows say nothing.
_LEAST_ROWS = 20


class Reading(NamedTuple):
    """What a user may say of a file instead of letting it be found out."""

    time_column: str | None = None
    day_first: bool | None = None
    decimal: str | None = None
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    #: As `datetime.strptime` takes it: ``%d.%m.%Y %H:%M``.
    time_format: str | None = None

    def as_shown(self) -> Reading:
        """With names as they are shown, which is how columns are told apart."""
        shown = {name: tuple(map(printable, getattr(self, name))) for name in ("labels", "columns", "exclude")}
        return self._replace(time_column=self.time_column and printable(self.time_column), **shown)


class Table:
    """The columns beside the time, on their way to a matrix of sensors."""

    def __init__(self, path: Path, cells: Cells, time: TimeColumn, names: list[str], notes: list[str]) -> None:
        self.path, self.cells, self.notes = path, cells, notes
        self.times = time.parsed.times
        self.rows = np.flatnonzero(~np.isnat(self.times))
        kept = [i for i, name in enumerate(names) if name not in time.names]
        self.names, self.columns = [names[i] for i in kept], [cells.columns[i] for i in kept]
        self._tell_rows_without_time(cells.columns[names.index(time.names[0])])

    def sensors(self, reading: Reading) -> tuple[str, Times, tuple[str, ...], Floats, list[str], dict[str, Floats]]:
        """Source, times, names, values, notes, and the labels' values."""
        self._choose(reading)
        if len(self.rows) < _LEAST_ROWS:
            raise UnusableData(
                f"{self.path} has {len(self.rows)} usable rows; at least {_LEAST_ROWS} are needed to say anything"
            )
        columns = {name: self._used(column) for name, column in zip(self.names, self.columns, strict=True)}
        labels = {name: columns.pop(name) for name in self._labelled(columns, reading)}
        if labels:
            self.notes.append(f"left out, labels and no sensors (by their names): {listed(list(labels))}")
        flags = {name: flags_of(column) for name, column in labels.items()}
        self._leave_out_counters(columns)
        read = read_numbers(columns, reading.decimal, self._first, self.notes)
        times = self.times[self.rows]
        tags = tags_of(columns, list(read), times) if read and not reading.columns else None
        if tags is not None:
            times, read = pivoted(
                times, {name: read[name] for name in read if name not in tags.names}, tags, self.notes
            )
            flags = {}
        if not read:
            told = listed(self.names)
            raise UnusableData(f"{self.path} has no numeric column beside the time; it has {told}")
        names = shortened([printable(name) for name in read])
        values = np.empty((len(times), len(read)))
        for j, name in enumerate(list(read)):
            values[:, j] = read.pop(name)
        return printable(self.path.name), times, names, values, self.notes, flags

    def _labelled(self, columns: dict[str, Any], reading: Reading) -> list[str]:
        """The columns that are labels: those the user names, and those whose names and cells say so."""
        return [
            name
            for name, column in columns.items()
            if name in reading.labels or (name not in reading.columns and is_label(name, column))
        ]

    def _leave_out_counters(self, columns: dict[str, Any]) -> None:
        counters = [name for name, column in columns.items() if is_counter(name) and counts_rows(tidy(column))]
        if counters and len(counters) < len(columns):
            self.notes.append(f"left out, they count the rows: {listed(counters)}")
            for name in counters:
                del columns[name]

    def _choose(self, reading: Reading) -> None:
        """Only the columns that the user wants."""
        for name in (*reading.columns, *reading.exclude, *reading.labels):
            if name not in self.names:
                raise UnusableData(f"{self.path} has no column {name!r}; it has {listed(self.names)}")
        wanted = {*reading.columns, *reading.labels} if reading.columns else set(self.names)
        kept = [i for i, name in enumerate(self.names) if name in wanted and name not in reading.exclude]
        self.names, self.columns = [self.names[i] for i in kept], [self.columns[i] for i in kept]

    def _used(self, column: Any) -> Any:
        """Its cells in the rows that have a time."""
        return column if len(self.rows) == len(column) else column.take(self.rows)

    def _first(self, mask: Any, text: Any) -> tuple[str, str]:
        row = int(np.flatnonzero(mask)[0])
        return self.cells.place(int(self.rows[row])), text[row].as_py()[:80]

    def _tell_rows_without_time(self, stamps: Any) -> None:
        unread = np.flatnonzero(np.isnat(self.times))
        if not len(unread):
            self.notes.append(f"{len(self.times):,} rows, each with its time")
            return
        examples = ", ".join(
            f"{self.cells.place(int(row))}: {str(stamps[row].as_py() or '')[:80]!r}" for row in unread[:3]
        )
        self.notes.append(f"{counted(len(unread), 'row')} kept out, the time cannot be read ({examples})")
