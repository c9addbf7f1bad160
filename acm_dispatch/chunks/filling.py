"""Columns of Arrow batches of any size, as matrices of rows of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..contract.arrays import as_array
from .source import Block

#: Rows that are transposed at once: the part of the matrix that they fill stays in the cache while columns are copied.
_ROWS_AT_ONCE = 2048


def blocks_of_batches(batches: Iterable[Any], width: int, dtype: np.dtype[Any], rows: int) -> Iterator[Block]:
    """Blocks of `rows` rows; batches have `width` columns of numbers, and may have one of times behind them."""
    matrix, filled, times = np.empty((rows, width), dtype), 0, []
    for batch in batches:
        columns = [numbers(batch.column(j)) for j in range(width)]
        taken = 0
        while taken < batch.num_rows:
            count = min(rows - filled, batch.num_rows - taken)
            _fill(matrix[filled : filled + count], [column[taken : taken + count] for column in columns])
            if batch.num_columns > width:
                times.append(batch.column(width).slice(taken, count))
            filled, taken = filled + count, taken + count
            if filled == rows:
                yield Block(matrix, _joined(times))
                matrix, filled, times = np.empty((rows, width), dtype), 0, []
    if filled:
        yield Block(matrix[:filled], _joined(times))


def numbers(column: Any) -> np.ndarray[Any, Any]:
    """A column's values; missing ones are NaN."""
    from pyarrow import types

    plain = column.null_count == 0 and types.is_floating(column.type)
    return column.to_numpy(zero_copy_only=False) if plain else as_array("scan", "source", column)


def _fill(matrix: np.ndarray[Any, Any], columns: list[np.ndarray[Any, Any]]) -> None:
    for start in range(0, len(matrix), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        for j, column in enumerate(columns):
            matrix[rows, j] = column[rows]


def _joined(arrays: list[Any]) -> Any:
    if len(arrays) < 2:
        return arrays[0] if arrays else None
    import pyarrow

    return pyarrow.concat_arrays(arrays)
