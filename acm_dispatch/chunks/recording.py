"""Recordings of rows that are never in memory together: `scan` makes one, operations make others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..contract.parts import Halo, Passes, Rows, Scan
from . import memory as budget
from . import sinks
from .calls import Call
from .computed import Computed
from .deferred import Deferred, planned
from .jobs import Job
from .opening import opened
from .plan import Plan
from .reader import Reader
from .source import Source, refused


class Chunks:
    """Rows in order, of which a block at a time is read and computed: of a source, or of an operation on one.

    `scan` makes one; `apply` gives others. Nothing is read before rows or results are asked for, and rows that are
    asked for twice are read twice.

    Examples
    --------
    >>> import numpy as np
    >>> import acm_dispatch as acm
    >>> from acm_dispatch import chunks
    >>> recording = chunks.scan([np.zeros((3, 2)), np.ones((1, 2))])
    >>> recording.apply(acm.column_mean_variance).compute().mean
    array([0.25, 0.25])
    >>> recording.apply(acm.rolling_max, 2).to_numpy()[-1]
    array([1., 1.])
    """

    def __init__(self, source: Source, reader: Reader, time: str | None) -> None:
        self._source, self._reader, self._time = source, reader, time

    def __repr__(self) -> str:
        rows, width = self.shape
        return f"<chunks of {self._source.label}: {'?' if rows is None else rows} x {width}, {self.dtype}>"

    @property
    def shape(self) -> tuple[int | None, int]:
        """Rows, None where their number is known only once they are read; and columns."""
        return self._source.rows, self._source.width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""
        return self._source.dtype

    @property
    def names(self) -> tuple[str, ...] | None:
        """Of the columns, where they have some."""
        return self._source.names

    def apply(self, operation: Any, /, *args: Any, **kwargs: Any) -> Any:
        """An operation on these rows, to be computed later.

        Parameters
        ----------
        operation : operation or str
            The function, or its name. These rows are its first argument.
        *args, **kwargs
            Its other arguments, as in a call. Arrays that have a row for each row are given whole.

        Returns
        -------
        Chunks or Deferred
            `Chunks` where each row has a result of its own, which can be applied to, iterated, and written to a file.
            Else what `compute` computes.

        Raises
        ------
        InvalidInput
            If the operation has no result that is made of parts, or an argument breaks its contract.
        """
        call = Call(operation, self._source, args, kwargs)
        job = Job(call)
        if isinstance(call.parts, Rows | Halo | Scan) or _gives_rows_alone(call):
            return self._of(job)
        return Deferred(job, self._reader, self._of)

    def _of(self, job: Job, part: int | None = None) -> Chunks:
        """The rows that a job on these gives."""
        computed = Computed(job, self._reader, part)
        return Chunks(computed, self._reader, self._time if computed.by_row else None)

    def plan(self) -> Plan:
        """What it takes to read or compute these rows once."""
        return planned(self._source, 1, 0, self._reader)

    def __iter__(self) -> Iterator[Any]:
        """The rows, or the tuple of arrays where the operation gives several, block by block."""
        for rows in self._results():
            yield _one_or_all(rows.parts)

    def _results(self) -> Iterator[sinks.Rows]:
        if isinstance(self._source, Computed):
            return self._source.results(0)
        return (sinks.Rows((block.values,), block.times) for block in self._reader(self._source))

    def to_numpy(self) -> Any:
        """All rows as one array in memory, or as several where the operation gives several."""
        blocks = [rows.parts for rows in self._results()]
        if not blocks:
            return np.empty((0, self._source.width), self.dtype)
        arrays = tuple(np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
        return _one_or_all(arrays)

    def to_parquet(self, path: Any) -> None:
        """Write a Parquet file, with the column of times if there is one.

        It is written beside `path` and renamed in the end, so that the file is there whole or not at all.
        """
        sinks.to_parquet(path, *self._named())

    def to_npy(self, path: Any) -> None:
        """Write a file that `numpy.load` reads; whole or not at all."""
        sinks.to_npy(path, self._results())

    def to_arrow(self) -> Any:
        """A `pyarrow.RecordBatchReader` that computes as it is read, once."""
        return sinks.to_reader(*self._named())

    def to_polars(self) -> Any:
        """A Polars frame, in memory."""
        import polars

        return polars.from_arrow(self.to_arrow().read_all())

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _named(self) -> tuple[Iterator[sinks.Rows], list[tuple[str, ...]], str | None]:
        """The blocks, the names of the columns of each part, and that of the column of times."""
        blocks = self._results()
        first = next(blocks, None)
        if first is None:
            return iter(()), [], self._time
        several = len(first.parts) > 1
        names = [self._names_of(part, i if several else None) for i, part in enumerate(first.parts)]
        return _with(first, blocks), names, self._time

    def _names_of(self, part: np.ndarray[Any, Any], number: int | None) -> tuple[str, ...]:
        width = int(np.prod(part.shape[1:], dtype=int))
        own = self._source.names
        if own is not None and len(own) == width and number is None:
            return own
        stem = self._source.label + ("" if number is None else f"_{number}")
        return (stem,) if part.ndim == 1 else tuple(f"{stem}_{j}" for j in range(width))


def scan(
    source: Any,
    *,
    columns: Sequence[str] | None = None,
    time: str | None = None,
    memory: int | str = budget.USUAL,
    progress: bool = False,
) -> Chunks:
    """A recording that is read block by block.

    Parameters
    ----------
    source : path, sequence of paths, table, array, iterator, or function
        A file or a folder of files (Parquet, Arrow IPC, CSV, `.npy`), or a pattern of names; several in the order
        given, those of a folder as people count. A `pyarrow` dataset, table or reader, or what else has
        ``__arrow_c_stream__``; a lazy frame of Polars; a relation of DuckDB. An array or frame in memory; a list of
        such, an iterator, or a function that gives an iterator. Readers and iterators can be read once.
    columns : sequence of str, optional
        Those of a table that are read, in this order; all but `time` by default.
    time : str, optional
        A column of times: rows have to be in their order, which the statistics of Parquet files show before anything is
        read. It goes along into files of results.
    memory : int or str
        What blocks may take in all, in bytes or as "200MB". Results that are kept come on top.
    progress : bool
        Show a bar on the terminal while rows are read, where rich is installed.

    Returns
    -------
    Chunks

    Raises
    ------
    InvalidInput
        Naming the file: it is damaged, lacks a column that others have, holds what are no numbers, or is not in the
        order of time.

    Examples
    --------
    >>> import numpy as np
    >>> scan(np.eye(3)).shape
    (3, 3)
    """
    if columns is not None and (isinstance(columns, str) or not all(isinstance(name, str) for name in columns)):
        raise refused(f"is given with columns={columns!r}; expected a sequence of names")
    reader = Reader(budget.in_bytes(memory), progress)
    return Chunks(opened(source, columns, time), reader, time)


def _gives_rows_alone(call: Call) -> bool:
    """Whether each row has a result of its own, and nothing else comes with it."""
    return isinstance(call.parts, Passes) and call.parts.rows is not None and call.parts.whole is None


def _one_or_all(arrays: tuple[Any, ...]) -> Any:
    """The only array of a result, or all that it has."""
    first, *others = arrays
    return arrays if others else first


def _with(first: sinks.Rows, rest: Iterator[sinks.Rows]) -> Iterator[sinks.Rows]:
    yield first
    yield from rest
