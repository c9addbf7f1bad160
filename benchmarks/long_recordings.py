"""Recordings of any length, written row group by row group: sensors that drift, stick, die and have long gaps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow
from pyarrow import parquet

#: Rows of a row group; among the first are two odd ones and an empty one.
ROWS_OF_GROUP = 1 << 16
_ODD = {1: 7919, 3: 1, 5: 0}

#: Bytes of a page, of which a reader holds one of each column.
_PAGE = 1 << 16

#: Of every eight sensors one drifts, one sticks, one is dead in the second half, one has gaps longer than a row group.
_DRIFTS, _STICKS, _DIES, _GAPS = range(4)
_GAP = 3 * ROWS_OF_GROUP // 2


def groups(rows: int, columns: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Matrices of float32, of the rows of each row group."""
    start, number = 0, 0
    while start < rows:
        size = min(_ODD.get(number, ROWS_OF_GROUP), rows - start)
        yield _group(np.random.default_rng([seed, number]), start, size, rows, columns)
        start, number = start + size, number + 1


def _group(rng: np.random.Generator, start: int, size: int, rows: int, columns: int) -> np.ndarray:
    x = rng.standard_normal((size, columns), dtype=np.float32)
    place = np.arange(start, start + size, dtype=np.float64)
    kind = np.arange(columns) % 8
    x[:, kind == _DRIFTS] += (20.0 * place / rows)[:, None].astype(np.float32)
    x[:, kind == _STICKS] = np.floor(place / 5000)[:, None].astype(np.float32) % 7
    x[np.ix_(place > rows / 2, kind == _DIES)] = np.nan
    x[np.ix_(place % (4 * _GAP) < _GAP, kind == _GAPS)] = np.nan
    x[rng.random(x.shape, np.float32) < 0.01] = np.nan
    return x


def write(path: Path, rows: int, columns: int, seed: int = 0) -> None:
    """A Parquet file with a column of times, `t`, a second apart."""
    names = [f"s{j:02}" for j in range(columns)]
    schema = pyarrow.schema([("t", pyarrow.timestamp("ms")), *((name, pyarrow.float32()) for name in names)])
    start = 0
    with parquet.ParquetWriter(path, schema, use_dictionary=False, data_page_size=_PAGE) as writer:
        for x in groups(rows, columns, seed):
            times = pyarrow.array(np.arange(start, start + len(x)).astype("datetime64[s]").astype("datetime64[ms]"))
            writer.write_table(pyarrow.table([times, *(pyarrow.array(column) for column in x.T)], schema))
            start += len(x)
