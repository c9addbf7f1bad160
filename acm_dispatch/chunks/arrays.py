"""Arrays as recordings: `.npy` files, arrays and frames in memory, and iterators of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..contract.arrays import as_array, canonicalise
from ..contract.labels import Order
from ..contract.shapes import parse
from ..errors import shortened
from .source import Block, Source, common_dtype, refused

#: Rows of an array or a frame in memory that are made canonical at once.
_ROWS_OF_A_PART = 1 << 14

_MATRIX = parse("n d -> d").inputs


class NpyFiles(Source):
    """Files of NumPy's format, read and not mapped: pages of a mapped file count as memory in use."""

    def __init__(self, paths: list[Path], label: str) -> None:
        self.label = label
        self._files = [_Npy(path) for path in paths]
        self.width = self._files[0].shape[1]
        for file in self._files:
            if file.shape[1] != self.width:
                first = f"{self._files[0].label} has {self.width}"
                raise refused(f"has {file.shape[1]} columns in {file.label}; {first}")
        self.dtype = common_dtype([file.dtype for file in self._files])
        self.rows = sum(file.shape[0] for file in self._files)
        self.nbytes = sum(file.shape[0] * file.shape[1] * file.dtype.itemsize for file in self._files)

    def blocks(self, rows: int) -> Iterator[Block]:
        return _reblocked((part for file in self._files for part in file.parts(rows)), self.width, self.dtype, rows)


class _Npy:
    """One file: where its matrix begins, and how it lies there."""

    def __init__(self, path: Path) -> None:
        self.label, self._path = path.name, path
        try:
            with path.open("rb") as file:
                version = np.lib.format.read_magic(file)
                reader = (
                    np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                )
                self.shape, self._by_column, self.dtype = reader(file)
                self._start = file.tell()
        except (OSError, ValueError) as error:
            raise refused(f"cannot be opened in {self.label} ({shortened(str(error))})") from error
        if len(self.shape) != 2 or self.dtype.kind not in "biuf" or self.dtype.itemsize > 8:
            found = f"{len(self.shape)} dimensions of {self.dtype}"
            raise refused(f"has {found} in {self.label}; expected a matrix of real numbers of at most 64 bits")
        self._require_size(path.stat().st_size)

    def _require_size(self, size: int) -> None:
        expected = self._start + self.shape[0] * self.shape[1] * self.dtype.itemsize
        if size < expected:
            raise refused(f"is cut off in {self.label}, which has {size:,} bytes; expected {expected:,}")

    def parts(self, rows: int) -> Iterator[np.ndarray[Any, Any]]:
        n, d = self.shape
        with self._path.open("rb") as file:
            for start in range(0, n, rows):
                count = min(rows, n - start)
                if not self._by_column:
                    yield self._at(file, start * d, count * d).reshape(count, d)
                else:
                    yield np.stack([self._at(file, j * n + start, count) for j in range(d)], axis=1)

    def _at(self, file: Any, number: int, count: int) -> np.ndarray[Any, Any]:
        """So many numbers of the matrix from the one of this number."""
        file.seek(self._start + number * self.dtype.itemsize)
        return np.fromfile(file, self.dtype, count)


class Matrices(Source):
    """Arrays or frames one after the other, each in memory while it is needed.

    Parameters
    ----------
    label : str
        What sentences call it.
    parts : callable
        Gives an iterator of them.
    first : array or frame
        Tells columns and type of all.
    rows : int, optional
        In all, where that is known.
    repeatable : bool
        Whether `parts` may be called again.
    """

    def __init__(
        self,
        label: str,
        parts: Callable[[], Iterable[Any]],
        first: Any,
        *,
        rows: int | None = None,
        repeatable: bool = True,
    ) -> None:
        self.label, self.rows, self.repeatable = label, rows, repeatable
        self._parts, self._order = parts, None
        matrix = self._canonical(first)
        self.names = None if self._order is None else tuple(map(str, self._order.labels))
        self.width, self.dtype = matrix.shape[1], matrix.dtype

    def _canonical(self, part: Any) -> np.ndarray[Any, Any]:
        """A part as a matrix, its columns in the order of the first part's."""
        orders = {} if self._order is None else {"d": self._order}
        (matrix,) = canonicalise("scan", ["source"], _MATRIX, [part], orders)
        if matrix.ndim != 2:
            raise refused(f"has a part of {matrix.ndim} dimensions; expected matrices of rows")
        if "d" in orders:
            self._order = Order("the first part", list(orders["d"].labels))
        return matrix

    def blocks(self, rows: int) -> Iterator[Block]:
        matrices = (self._checked(part) for part in self._parts())
        return _reblocked(matrices, self.width, self.dtype, rows)

    def _checked(self, part: Any) -> np.ndarray[Any, Any]:
        matrix = self._canonical(part)
        if matrix.shape[1] != self.width:
            raise refused(f"has a part of {matrix.shape[1]} columns; the first has {self.width}")
        if matrix.dtype.itemsize > self.dtype.itemsize:
            raise refused(f"has a part of {matrix.dtype} numbers; the first has {self.dtype}")
        return matrix


def of_matrix(value: Any) -> Matrices:
    """An array or frame in memory, or mapped into it."""
    matrix = value if hasattr(value, "iloc") else as_array("scan", "source", value)
    if matrix.ndim != 2:
        raise refused(f"has {matrix.ndim} dimensions; expected a matrix of rows")
    rows = matrix.iloc if hasattr(matrix, "iloc") else matrix
    starts = range(0, len(matrix), _ROWS_OF_A_PART)
    return Matrices(
        f"a {type(value).__name__}",
        lambda: (rows[start : start + _ROWS_OF_A_PART] for start in starts),
        rows[:1],
        rows=len(matrix),
    )


def of_iterable(value: Any) -> Matrices:
    """A list of arrays or frames, a function that gives an iterator of them, or an iterator, which is read once."""
    if callable(value):
        make = cast("Callable[[], Iterable[Any]]", value)
        return Matrices("the arrays of a function", make, _first_of(iter(make())))
    if isinstance(value, list | tuple):
        return Matrices("a list of arrays", lambda: value, _first_of(iter(value)))
    rest = iter(value)
    first = _first_of(rest)
    unread = [first]

    def once() -> Iterator[Any]:
        if not unread:
            raise refused("is an iterator that was read before; it can be read once")
        yield unread.pop()
        yield from rest

    return Matrices("an iterator of arrays", once, first, repeatable=False)


def _first_of(parts: Iterator[Any]) -> Any:
    try:
        return next(parts)
    except StopIteration:
        raise refused("has no arrays; expected at least one, if only to tell the columns") from None


def _reblocked(
    matrices: Iterable[np.ndarray[Any, Any]], width: int, dtype: np.dtype[Any], rows: int
) -> Iterator[Block]:
    """The rows of matrices of any length in blocks of `rows`; a matrix of that length and type is one as it is."""
    block, filled = None, 0
    for matrix in matrices:
        taken = 0
        while taken < len(matrix):
            if filled == 0 and len(matrix) - taken >= rows:
                whole = np.require(matrix[taken : taken + rows], dtype, ["C", "A"])
                yield Block(whole)
                taken += rows
                continue
            block = np.empty((rows, width), dtype) if block is None else block
            count = min(rows - filled, len(matrix) - taken)
            block[filled : filled + count] = matrix[taken : taken + count]
            filled, taken = filled + count, taken + count
            if filled == rows:
                yield Block(block)
                block, filled = None, 0
    if block is not None and filled:
        yield Block(block[:filled])
