"""Tables that other libraries hand over batch by batch: Arrow streams and datasets, Polars, DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .files import ParquetPart
from .source import refused


class StreamPart:
    """Batches of a reader that is made anew for each reading.

    Parameters
    ----------
    label : str
        What sentences call it.
    schema : pyarrow.Schema
    reader : callable
        Takes rows a batch and gives a `pyarrow.RecordBatchReader`.
    rows : int, optional
        Where that is known.
    repeatable : bool
        Whether `reader` may be called again.
    """

    def __init__(
        self,
        label: str,
        schema: Any,
        reader: Callable[[int], Any],
        rows: int | None = None,
        *,
        repeatable: bool = True,
    ) -> None:
        self.label, self.schema, self.rows, self.repeatable = label, schema, rows, repeatable
        self._reader, self._was_read = reader, False

    def nbytes(self, columns: Sequence[str]) -> int | None:
        return None

    def held(self, columns: Sequence[str]) -> int:
        return 0

    def spans(self, column: str) -> list[tuple[Any, Any]]:
        return []

    def batches(self, columns: Sequence[str], rows: int, *, threads: bool) -> Iterator[Any]:
        if self._was_read and not self.repeatable:
            raise refused(f"is {self.label} that was read before; it can be read once")
        self._was_read = True
        with self._reader(rows) as reader:
            for batch in reader:
                yield batch.select(list(columns))


def of_arrow(value: Any) -> list[Any]:
    """Anything with Arrow's stream interface; what knows its number of rows is a table, which can be read again."""
    import pyarrow

    rows = next((int(getattr(value, name)) for name in ("num_rows", "height") if hasattr(value, name)), None)
    label = f"a {type(value).__name__}"
    if rows is None:
        stream = pyarrow.RecordBatchReader.from_stream(value)
        return [StreamPart(label, stream.schema, lambda _: stream, repeatable=False)]

    def reader(_: int) -> Any:
        return pyarrow.RecordBatchReader.from_stream(value)

    return [StreamPart(label, reader(0).schema, reader, rows)]


def of_duckdb(relation: Any) -> list[Any]:
    """A relation, which DuckDB runs for each reading, in the order of its rows."""
    name = "to_arrow_reader" if hasattr(relation, "to_arrow_reader") else "fetch_record_batch"
    with getattr(relation.limit(0), name)() as nothing:
        schema = nothing.read_all().schema
    return [StreamPart("a DuckDB relation", schema, getattr(relation, name))]


def of_polars(frame: Any) -> list[Any]:
    """A lazy frame, which Polars runs for each reading, in the order of its rows."""
    schema = frame.collect_schema().to_frame().to_arrow().schema
    return [StreamPart("a lazy frame", schema, lambda rows: _polars_reader(frame, schema, rows))]


def _polars_reader(frame: Any, schema: Any, rows: int) -> Any:
    import pyarrow

    frames = frame.collect_batches(chunk_size=rows, maintain_order=True, lazy=True)
    batches = (batch for part in frames for batch in part.to_arrow().cast(schema).to_batches())
    return pyarrow.RecordBatchReader.from_batches(schema, batches)


def of_dataset(dataset: Any) -> list[Any]:
    """A dataset of Arrow: its Parquet files one by one; others as Arrow scans them."""
    import pyarrow

    if getattr(getattr(dataset, "format", None), "default_extname", "") == "parquet":
        return [ParquetPart(Path(path), dataset.filesystem) for path in dataset.files]

    def reader(rows: int) -> Any:
        batches = dataset.to_batches(batch_size=rows, batch_readahead=1, fragment_readahead=1)
        return pyarrow.RecordBatchReader.from_batches(dataset.schema, batches)

    return [StreamPart("a dataset", dataset.schema, reader, dataset.count_rows())]
