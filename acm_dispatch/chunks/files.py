"""Files of tables: Parquet, Arrow IPC, CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import shortened
from .source import by_number, refused

#: Bytes of a page of a Parquet file, where its writer was not told otherwise.
_PAGE = 1 << 20

#: Bytes that are read at once of each column of a Parquet file, and of a CSV file.
_BUFFER, _CSV_BLOCK = 1 << 16, 1 << 18


class ParquetPart:
    """A Parquet file, whose footer knows its rows and, of each row group, the least and greatest values."""

    repeatable = True

    def __init__(self, path: Any, filesystem: Any = None) -> None:
        self.label = Path(path).name
        self._path, self._filesystem = path, filesystem
        with _opened(self.label, self._file) as file:
            self._metadata, self.schema = file.metadata, file.schema_arrow
        self.rows: int | None = self._metadata.num_rows

    def _file(self) -> Any:
        from pyarrow import parquet

        options = {"pre_buffer": False, "buffer_size": _BUFFER, "filesystem": self._filesystem}
        return parquet.ParquetFile(self._path, **options)

    def nbytes(self, columns: Sequence[str]) -> int | None:
        return sum(chunk.total_compressed_size for name in columns for chunk in self._chunks(name))

    def held(self, columns: Sequence[str]) -> int:
        """A page of each column, compressed and not; of how many values one is, only the pages say."""
        sizes = [max([0, *(chunk.total_uncompressed_size for chunk in self._chunks(name))]) for name in columns]
        return 2 * sum(min(size, _PAGE) for size in sizes)

    def spans(self, column: str) -> list[tuple[Any, Any]]:
        known = [chunk.statistics for chunk in self._chunks(column) if chunk.num_values]
        if not all(statistics is not None and statistics.has_min_max for statistics in known):
            return []
        return [(statistics.min, statistics.max) for statistics in known]

    def _chunks(self, name: str) -> Iterator[Any]:
        """What the footer says of a column in each row group."""
        leaves = self._metadata.schema
        column = next(i for i in range(len(leaves)) if leaves.column(i).path == name)
        return (self._metadata.row_group(i).column(column) for i in range(self._metadata.num_row_groups))

    def batches(self, columns: Sequence[str], rows: int, *, threads: bool) -> Iterator[Any]:
        with self._file() as file:
            for batch in file.iter_batches(rows, columns=list(columns), use_threads=threads):
                yield batch.select(list(columns))


class ArrowPart:
    """An Arrow IPC file (Feather is one), or a stream of batches in a file."""

    repeatable = True
    rows: int | None = None

    def __init__(self, path: Path) -> None:
        self.label = path.name
        self._path = path
        with _opened(self.label, self._reader) as reader:
            self.schema = reader.schema

    def _reader(self, options: Any = None) -> Any:
        from pyarrow import ArrowInvalid, OSFile, ipc

        try:
            return ipc.open_file(OSFile(str(self._path)), options=options)
        except ArrowInvalid:
            return ipc.open_stream(OSFile(str(self._path)), options=options)

    def nbytes(self, columns: Sequence[str]) -> int | None:
        """All of the file, of which the columns are a part that is told only by reading it."""
        return self._path.stat().st_size

    def held(self, columns: Sequence[str]) -> int:
        return 0

    def spans(self, column: str) -> list[tuple[Any, Any]]:
        return []

    def batches(self, columns: Sequence[str], rows: int, *, threads: bool) -> Iterator[Any]:
        from pyarrow import ipc

        included = [self.schema.names.index(name) for name in columns]
        with self._reader(ipc.IpcReadOptions(included_fields=included, use_threads=False)) as reader:
            stream = isinstance(reader, ipc.RecordBatchStreamReader)
            batches = iter(reader) if stream else map(reader.get_batch, range(reader.num_record_batches))
            for batch in batches:
                yield batch.select(list(columns))


class CsvPart:
    """A CSV file with a line of names; what its columns hold is told by its first lines."""

    repeatable = True
    rows: int | None = None

    def __init__(self, path: Path) -> None:
        self.label = path.name
        self._path = path
        with _opened(self.label, self._reader) as reader:
            self.schema = _numbers_in_float64(reader.schema)

    def _reader(self, columns: Sequence[str] = (), kinds: Any = None) -> Any:
        from pyarrow import csv

        convert = csv.ConvertOptions(include_columns=list(columns), column_types=kinds)
        reading = csv.ReadOptions(block_size=_CSV_BLOCK, use_threads=False)
        return csv.open_csv(self._path, read_options=reading, convert_options=convert)

    def nbytes(self, columns: Sequence[str]) -> int | None:
        return self._path.stat().st_size

    def held(self, columns: Sequence[str]) -> int:
        return 2 * _CSV_BLOCK

    def spans(self, column: str) -> list[tuple[Any, Any]]:
        return []

    def batches(self, columns: Sequence[str], rows: int, *, threads: bool) -> Iterator[Any]:
        with self._reader(columns, self.schema) as reader:
            yield from reader


def _numbers_in_float64(schema: Any) -> Any:
    """The types of CSV columns: whole numbers and gaps at the beginning may be followed by others."""
    import pyarrow

    for i, field in enumerate(schema):
        if pyarrow.types.is_integer(field.type) or pyarrow.types.is_null(field.type):
            schema = schema.set(i, field.with_type(pyarrow.float64()))
    return schema


def _opened(label: str, opened: Any) -> Any:
    """What `opened` opens; a damaged file is a refusal that names it."""
    from pyarrow import ArrowException

    try:
        return opened()
    except (ArrowException, OSError) as error:
        raise refused(f"cannot be opened in {label} ({shortened(str(error))})") from error


#: The endings of files, and what reads them.
KINDS: dict[str, Any] = {
    ".parquet": ParquetPart,
    ".pq": ParquetPart,
    ".arrow": ArrowPart,
    ".feather": ArrowPart,
    ".ipc": ArrowPart,
    ".csv": CsvPart,
}


def parts_of(paths: Sequence[Path]) -> list[Any]:
    """A part for each file."""
    return [KINDS[path.suffix.lower()](path) for path in paths]


def files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """The files of a folder and the folders in it that end so, in the order in which people count."""
    found = [path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file()]
    return sorted(found, key=lambda path: by_number(str(path.relative_to(folder))))
