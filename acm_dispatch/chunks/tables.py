"""Tables in one or more parts (files, streams) as one recording: the same columns in each, times in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from ..errors import shortened
from .filling import blocks_of_batches
from .order import InOrder, require_order
from .source import Block, Source, common_dtype, refused

#: Batches of a block: what readers hold for one grows with it several times over.
_BATCHES = 4

#: Bytes of a block from which on columns are read by several threads, each of which has buffers of its own.
_ON_THREADS = 1 << 21


class Part(Protocol):
    """A table that is read batch by batch.

    Attributes
    ----------
    label : str
        Its file, or what else sentences call it.
    schema : pyarrow.Schema
    rows : int or None
    repeatable : bool
    """

    label: str
    schema: Any
    rows: int | None
    repeatable: bool

    def nbytes(self, columns: Sequence[str]) -> int | None:
        """What reading these columns takes from the disk."""
        ...

    def held(self, columns: Sequence[str]) -> int:
        """Bytes that its reader holds at the most, beside the batches."""
        ...

    def spans(self, column: str) -> list[tuple[Any, Any]]:
        """Least and greatest value of each stretch of rows, in order, as far as it is written down; else nothing."""
        ...

    def batches(self, columns: Sequence[str], rows: int, *, threads: bool) -> Iterator[Any]:
        """Record batches of these columns, about `rows` rows each, read by several threads if that may cost memory."""
        ...


class Tables(Source):
    """Parts one after the other.

    Parameters
    ----------
    label : str
        What sentences call them.
    parts : sequence of Part
        At least one.
    columns : sequence of str, optional
        Those to be read; all of the first part's, but `time`, where it is not given.
    time : str, optional
        The column of times, in whose order the rows have to be.

    Raises
    ------
    InvalidInput
        If a part lacks one of the columns, has others or such as hold no numbers, or begins before its predecessor
        ends.
    """

    def __init__(self, label: str, parts: Sequence[Part], columns: Sequence[str] | None, time: str | None) -> None:
        self.label = label
        self._parts, self._time = parts, time
        first = parts[0]
        self.names = tuple(columns) if columns is not None else tuple(n for n in first.schema.names if n != time)
        self._read = [*self.names, *([] if time is None else [time])]
        self.width = len(self.names)
        for part in parts:
            _require_columns(part, first, self._read, whole=columns is None)
        self.dtype = common_dtype([_dtype(part, name) for part in parts for name in self.names])
        if time is not None:
            require_order([(part.label, part.spans(time)) for part in parts])
        self.rows = _total([part.rows for part in parts])
        self.nbytes = _total([part.nbytes(self._read) for part in parts])
        self.held = max(part.held(self._read) for part in parts)
        self.repeatable = all(part.repeatable for part in parts)

    def blocks(self, rows: int) -> Iterator[Block]:
        threads = rows * self.width * self.dtype.itemsize >= _ON_THREADS
        batches = self._batches(max(1, rows // _BATCHES), threads=threads)
        return blocks_of_batches(batches, self.width, self.dtype, rows)

    def _batches(self, rows: int, *, threads: bool) -> Iterator[Any]:
        order = InOrder()
        for part in self._parts:
            for batch in _or_refused(part, part.batches(self._read, rows, threads=threads)):
                if self._time is not None:
                    order.follow(part.label, batch.column(batch.num_columns - 1))
                yield batch


def _require_columns(part: Part, first: Part, names: Sequence[str], *, whole: bool) -> None:
    """`part` has the columns `names` once each, and no others where `whole`."""
    found = part.schema.names
    if missing := [name for name in names if name not in found]:
        problem = f"has no column {missing[0]!r} in {part.label}"
        raise refused(problem + ("; it has " + shortened(", ".join(found)) if part is first else _which_has(first)))
    if twice := [name for name in names if found.count(name) > 1]:
        raise refused(f"has two columns {twice[0]!r} in {part.label}; expected names that differ")
    if whole and (others := [name for name in found if name not in names]):
        raise refused(f"has a column {others[0]!r} in {part.label}{_which_lacks(first)}; `columns=` chooses some")


def _which_has(first: Part) -> str:
    return f", which {first.label} has"


def _which_lacks(first: Part) -> str:
    return f", which {first.label} lacks"


def _dtype(part: Part, name: str) -> np.dtype[Any]:
    """NumPy's type of a column of numbers."""
    from pyarrow import types

    kind = part.schema.field(name).type
    if types.is_null(kind):
        return np.dtype(np.float32)
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        problem = f"has a column {name!r} of type {shortened(str(kind))} in {part.label}; expected numbers"
        raise refused(f"{problem} (`columns=` chooses some, `time=` names a column of times)")
    return np.dtype(kind.to_pandas_dtype())


def _or_refused(part: Part, batches: Iterator[Any]) -> Iterator[Any]:
    """The batches; what stops them is told with the part's name."""
    from pyarrow import ArrowException

    number = 0
    try:
        for batch in batches:
            yield batch
            number += batch.num_rows
    except (ArrowException, OSError) as error:
        raise refused(f"cannot be read in {part.label} after {number:,} rows ({shortened(str(error))})") from error


def _total(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
