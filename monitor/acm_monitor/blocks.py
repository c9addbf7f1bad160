"""Long recordings go through the analysis in blocks, and what is usual is learnt of a part of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .recording import Integers

#: Numbers that a block holds: a few of them are in use at a time, and one is still worth a parallel call.
_NUMBERS = 1 << 19
_LEAST_ROWS = 1 << 10
#: Models are fitted on so many rows at most: more of them change no digit that is shown.
FITTED_ROWS = 20_000
#: Rows of each of the stretches that stand for a longer recording; long enough for what looks back.
_STRETCH = 80

Block = tuple[int, int]


def row_blocks(n_rows: int, width: int) -> Iterator[Block]:
    """Start and end of blocks of whole rows of `width` numbers."""
    size = max(_NUMBERS // width, _LEAST_ROWS)
    for start in range(0, n_rows, size):
        yield start, min(start + size, n_rows)


def column_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of whole columns."""
    size = max(2 * _NUMBERS // n_rows, 1)
    for start in range(0, n_columns, size):
        yield slice(start, min(start + size, n_columns))


def fitted_blocks(n_rows: int, seed: int = 0) -> list[Block]:
    """Stretches that stand for all rows where those are many, from every part of the recording."""
    if n_rows <= FITTED_ROWS:
        return [(0, n_rows)]
    count = FITTED_ROWS // _STRETCH
    bounds = np.linspace(0, n_rows - _STRETCH, count + 1)
    starts = bounds[:-1] + np.random.default_rng(seed).random(count) * np.maximum(np.diff(bounds) - _STRETCH, 0)
    return [(int(start), int(start) + _STRETCH) for start in starts]


def thinned(rows: Integers, most: int = FITTED_ROWS) -> Integers:
    """`most` of the row numbers, evenly spread, or all where they are fewer."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]
