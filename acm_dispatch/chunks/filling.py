"""Columns of Arrow batches of any size, as matrices of rows of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..contract.arrays import as_array
from .source import Block


def blocks_of_batches(batches: Iterable[Any], width: int, dtype: np.dtype[Any], rows: int) -> Iterator[Block]:
    """Blocks of `rows` rows; batches have `width` columns of numbers, and may have one of times behind them."""
    matrix, filled, times = np.empty((rows, width), dtype), 0, []
    columns = np.empty((width, 0), dtype)
    for batch in batches:
        columns = columns if columns.shape[1] >= batch.num_rows else np.empty((width, batch.num_rows), dtype)
        _fill(columns, batch.columns[:width], batch.num_rows)
        taken = 0
        while taken < batch.num_rows:
            count = min(rows - filled, batch.num_rows - taken)
            matrix[filled : filled + count] = columns[:, taken : taken + count].T
            if batch.num_columns > width:
                times.append(batch.column(width).slice(taken, count))
            filled, taken = filled + count, taken + count
            if filled == rows:
                yield Block(matrix, _joined(times))
                matrix, filled, times = np.empty((rows, width), dtype), 0, []
    if filled:
        yield Block(matrix[:filled], _joined(times))


def _fill(values: np.ndarray[Any, Any], columns: list[Any], rows: int) -> None:
    """Write each column into a row: NumPy transposes a whole matrix faster than it scatters columns."""
    for own, column in zip(values, columns, strict=True):
        own[:rows] = _numbers(column)


def _numbers(column: Any) -> np.ndarray[Any, Any]:
    """A column's values; missing ones are NaN."""
    if column.null_count == 0 and str(column.type) in ("float", "double"):
        return column.to_numpy()
    return as_array("scan", "source", column)


def _joined(arrays: list[Any]) -> Any:
    if len(arrays) < 2:
        return arrays[0] if arrays else None
    import pyarrow

    return pyarrow.concat_arrays(arrays)
