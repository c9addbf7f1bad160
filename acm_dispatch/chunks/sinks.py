"""Where a stream of results goes: Parquet, `.npy`, Arrow and with it Polars; a file is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidInput


class Rows(NamedTuple):
    """Consecutive rows of a result: its parts, each an array whose first axis are the rows, and their times if any."""

    parts: tuple[np.ndarray[Any, Any], ...]
    times: Any = None


@contextmanager
def written_beside(path: Any) -> Iterator[Path]:
    """A path next to `path` to write to: it becomes `path` in the end, and nothing is left of it where that fails."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        yield beside
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def to_parquet(path: Any, blocks: Iterable[Rows], names: Sequence[Sequence[str]], time: str | None) -> None:
    """A Parquet file of a row group for each block."""
    from pyarrow import parquet

    writer = None
    with written_beside(path) as beside:
        try:
            for table in to_tables(blocks, names, time):
                writer = writer or parquet.ParquetWriter(beside, table.schema, use_dictionary=False)
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            raise InvalidInput("to_parquet", "path", "would be a file of no rows; expected at least one")


def to_tables(blocks: Iterable[Rows], names: Sequence[Sequence[str]], time: str | None) -> Iterator[Any]:
    """Arrow tables of blocks: the column of times first, then those of every part."""
    import pyarrow

    for block in blocks:
        columns = {} if time is None else {time: block.times}
        for part, own in zip(block.parts, names, strict=True):
            matrix = np.ascontiguousarray(part.reshape(len(part), -1).T)
            columns.update(zip(own, matrix, strict=True))
        yield pyarrow.table(columns)


def to_reader(blocks: Iterable[Rows], names: Sequence[Sequence[str]], time: str | None) -> Any:
    """A `pyarrow.RecordBatchReader`, which computes as it is read."""
    import pyarrow

    tables = to_tables(blocks, names, time)
    first = next(tables, None)
    if first is None:
        raise InvalidInput("to_arrow", "chunks", "have no rows; expected at least one")
    batches = (batch for table in _with(first, tables) for batch in table.to_batches())
    return pyarrow.RecordBatchReader.from_batches(first.schema, batches)


def _with(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def to_npy(path: Any, blocks: Iterable[Rows]) -> None:
    """A file of NumPy's format, of a result that is a single array."""
    rows = 0
    with written_beside(path) as beside, beside.open("wb") as file:
        part = None
        for block in blocks:
            if len(block.parts) != 1:
                problem = f"would hold a result of {len(block.parts)} arrays; expected one"
                raise InvalidInput("to_npy", "path", problem)
            (part,) = block.parts
            if rows == 0:
                _write_header(file, part, 0)
            part.tofile(file)
            rows += len(part)
        if part is None:
            raise InvalidInput("to_npy", "path", "would be a file of no rows; expected at least one")
        file.seek(0)
        _write_header(file, part, rows)


def _write_header(file: Any, part: np.ndarray[Any, Any], rows: int) -> None:
    """NumPy leaves room in it for a longer first axis, so that the header of the finished array is as long."""
    described = np.lib.format.header_data_from_array_1_0(part)
    np.lib.format.write_array_header_1_0(file, {**described, "shape": (rows, *part.shape[1:])})
