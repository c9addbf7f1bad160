"""What a recording larger than memory is read from: its columns, what is known of its rows, and its blocks in order."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..errors import InvalidInput


class Block(NamedTuple):
    """Consecutive rows: a matrix in C order, and their times, an Arrow array, where a column of times was named."""

    values: np.ndarray[Any, Any]
    times: Any = None


class Source(ABC):
    """Rows in order, read block by block.

    Attributes
    ----------
    label : str
        What sentences call it.
    names : tuple of str, or None
        Of its columns, where these have names.
    width : int
        Columns.
    dtype : numpy.dtype
        Of every block.
    rows : int or None
        In all; None where that is known only once they are read.
    nbytes : int or None
        What one reading takes from the disk, as far as that is known beforehand.
    held : int
        Bytes that reading holds beside the blocks, as far as that is known.
    repeatable : bool
        Whether it can be read more than once.
    """

    label: str = "source"
    names: tuple[str, ...] | None = None
    width: int = 0
    dtype: np.dtype[Any] = np.dtype(np.float64)
    rows: int | None = None
    nbytes: int | None = None
    held: int = 0
    repeatable: bool = True

    @abstractmethod
    def blocks(self, rows: int) -> Iterator[Block]:
        """All rows in order, `rows` of them in each block but the last, which may have fewer."""


def refused(problem: str) -> InvalidInput:
    """The error of a source that cannot be read as one recording."""
    return InvalidInput("scan", "source", problem)


def common_dtype(dtypes: list[np.dtype[Any]]) -> np.dtype[Any]:
    """float32 where all columns are narrow floating-point numbers, as for arrays in memory; else float64."""
    narrow = bool(dtypes) and all(dtype.kind == "f" and dtype.itemsize <= 4 for dtype in dtypes)
    return np.dtype(np.float32 if narrow else np.float64)


def by_number(name: str) -> list[Any]:
    """A key that sorts names as people count: part-2 before part-10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
