"""The columns of a table beside the time, on their way to a matrix of sensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import UnusableData, printable
from ..recording import Floats, Times, counted, shortened
from .arrow import pa, pc
from .cells import Cells
from .names import is_label, listed
from .numbers import Numbers, decimal_of, marks_of, numbers, tidy
from .tags import tag_of
from .time_columns import TimeColumn

#: Fewer rows say nothing.
_LEAST_ROWS = 20

#: A text column in which at least this share of the cells are numbers is a sensor with unreadable cells.
_MOSTLY_NUMBERS = 0.5


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
        labelled = [i for i, name in enumerate(self.names) if name in reading.labels or is_label(name)]
        read = self._read([i for i in range(len(self.names)) if i not in labelled], reading.decimal)
        texts = {self.names[i]: self._text(i) for i in labelled}
        labels = {name: numbers(text, marks_of(text), "").values for name, text in texts.items()}
        if labelled:
            told = listed([self.names[i] for i in labelled])
            self.notes.append(f"left out, labels and no sensors (by their names): {told}")
        times = self.times[self.rows]
        if (
            len(read) == 1
            and (tag := tag_of(self.names, [self._used(column) for column in self.columns], times)) is not None
        ):
            name, value = next(iter(read.items()))
            return self._pivoted(times, tag, name, value)
        if not read:
            told = listed(self.names)
            raise UnusableData(f"{self.path} has no numeric column beside the time; it has {told}")
        values = np.column_stack(list(read.values()))
        return printable(self.path.name), times, shortened(list(read)), values, self.notes, labels

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

    def _text(self, i: int) -> Any:
        return tidy(self._used(self.columns[i]))

    def _read(self, chosen: Sequence[int], decimal: str | None) -> dict[str, Floats]:
        """The numeric columns; what is left out, or only partly readable, is noted."""
        numeric = {i: self._used(self.columns[i]) for i in chosen if not _is_text(self.columns[i])}
        texts = {i: self._text(i) for i in chosen if i not in numeric}
        marks = {i: marks_of(text) for i, text in texts.items()}
        of_file = decimal or decimal_of(list(marks.values()))
        if of_file == ",":
            self.notes.append("decimal comma")
        kept: dict[str, Floats] = {}
        left_out: list[str] = []
        for i in chosen:
            name = self.names[i]
            if i in numeric:
                kept[name] = _floats(numeric[i])
                continue
            found = numbers(texts[i], marks[i], of_file)
            filled = len(texts[i]) - texts[i].null_count
            if filled - int(found.bad.sum()) < _MOSTLY_NUMBERS * filled:
                left_out.append(name)
                continue
            kept[name] = found.values
            self._tell(name, texts[i], found, of_file)
        if left_out:
            self.notes.append(f"left out, not numeric: {listed(left_out)}")
        return kept

    def _tell(self, name: str, text: Any, found: Numbers, of_file: str) -> None:
        if count := int(found.bad.sum()):
            row, cell = self._first(found.bad, text)
            self.notes.append(
                f"{name}: {counted(count, 'cell')} not a number, such as {cell!r} in {row}, taken as gaps"
            )
        if count := int(found.ambiguous.sum()):
            row, cell = self._first(found.ambiguous, text)
            read = f"read with {cell[-4]!r} as decimal sign" if found.decimal else "taken as gaps"
            self.notes.append(
                f"{name}: {counted(count, 'cell')} such as {cell!r} in {row} may group thousands or be decimal; "
                f"{read}; --decimal settles it"
            )
        if found.decimal and of_file and found.decimal != of_file:
            self.notes.append(f"{name}: its decimal sign is {found.decimal!r}, unlike the others'")
        if not found.decimal:
            self.notes.append(f"{name}: point and comma are both decimal signs, each cell is read by its own")

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

    def _pivoted(self, times: Times, tag: int, name: str, value: Floats) -> Any:
        """A sensor for each tag, of a file with one value a row."""
        tags = tidy(self._used(self.columns[tag])).combine_chunks().dictionary_encode()
        stamps, row = np.unique(times, return_inverse=True)
        column = tags.indices.to_numpy()
        values = np.full((len(stamps), len(tags.dictionary)), np.nan)
        values[row, column] = value
        repeated = len(value) - len(np.unique(row * len(tags.dictionary) + column))
        self.notes.append(f"one value a row: {self.names[tag]!r} names the sensor, {name!r} holds its value")
        if repeated:
            self.notes.append(f"{counted(repeated, 'row')} with the time and the tag of another, the last one counts")
        names = shortened([printable(name) for name in tags.dictionary.to_pylist()])
        return printable(self.path.name), stamps, names, values, self.notes, {}


def _is_text(column: Any) -> bool:
    kind = column.type
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_temporal(kind)
        or pa.types.is_nested(kind)
    )


def _floats(column: Any) -> Floats:
    return pc.cast(column, pa.float64(), safe=False).to_numpy().astype(np.float64)
