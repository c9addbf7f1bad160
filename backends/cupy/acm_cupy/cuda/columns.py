"""How kernels of columns are laid out: neighbouring threads for columns, blocks for chunks of rows."""

from __future__ import annotations

from typing import NamedTuple

from .program import blocks

#: As in columns.cuh and sums.cuh: threads of a block, and rows that one of them takes at a time.
THREADS, BATCH = 256, 8

#: Columns of a block at most, and of one that merges what chunks have found: more threads a column.
_WIDEST, _FEW = 32, 8

#: Rows of a thread that computes each number anew.
_ROWS = 16

#: Blocks that keep any GPU busy.
_BLOCKS = 1024


class Layout(NamedTuple):
    """Columns of a block, blocks that cover all of them, rows of a chunk, chunks."""

    width: int
    tiles: int
    length: int
    chunks: int


def narrow(d: int, widest: int = _FEW) -> tuple[int, int]:
    """A power of two of columns for a block, and how many blocks these are."""
    width = min(widest, 1 << max(d - 1, 0).bit_length())
    return width, blocks(d, width)


def layout(n: int, d: int) -> Layout:
    """Chunks of which every thread has a batch of rows at least."""
    width, tiles = narrow(d, _WIDEST)
    least = THREADS // width * BATCH
    length = max(blocks(n, max(_BLOCKS // tiles, 1)), least)
    return Layout(width, tiles, length, blocks(n, length))


def rows_of(n: int, d: int) -> Layout:
    """Chunks of which every thread has some rows, so that what it reads of the column is little beside them."""
    width, tiles = narrow(d, _WIDEST)
    length = THREADS // width * _ROWS
    return Layout(width, tiles, length, blocks(n, length))
