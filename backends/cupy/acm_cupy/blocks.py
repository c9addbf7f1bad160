"""Ranges that keep a temporary array within a bounded share of the device's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Numbers in the largest temporary array: 128 MB in float64. It fills any GPU, and three of them fit a small one.
NUMBERS = 1 << 24


def blocks(count: int, numbers: int) -> Iterator[slice]:
    """`count` items of `numbers` numbers each, in ranges of at least one item."""
    length = max(NUMBERS // max(numbers, 1), 1)
    for start in range(0, count, length):
        yield slice(start, min(start + length, count))


def pairs(rows: int, columns: int, numbers: int) -> Iterator[tuple[slice, Iterator[slice]]]:
    """A `rows` x `columns` table of items of `numbers` numbers each: ranges of rows, each with ranges of columns."""
    widest = min(columns, max(NUMBERS // max(numbers, 1), 1))
    for block in blocks(rows, widest * numbers):
        yield block, blocks(columns, numbers)
