"""Blocks of rows that BLAS multiplies on the calling thread."""

from __future__ import annotations

from collections.abc import Iterator

#: Elementary steps of a product that BLAS leaves to one thread: with more, the last digits depend on their number.
_STEPS = 1 << 17


def row_blocks(rows: int, steps: int) -> Iterator[slice]:
    """Rows in blocks that BLAS multiplies on one thread, where each row takes so many steps."""
    height = max(_STEPS // steps, 1)
    return (slice(start, start + height) for start in range(0, rows, height))
