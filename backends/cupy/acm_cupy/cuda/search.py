"""How columns are searched by rank: few rows by a block at once, many after a sample and a pass that gathers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..blocks import NUMBERS
from .columns import THREADS, layout
from .program import check_sizes, launcher

#: Rows that a block searches at once whatever their columns, and at most.
FEW, MANY = 1 << 11, 1 << 16

#: Numbers of a matrix that stays in the cache while its columns are searched one by one.
_CACHED = 1 << 22

#: Share of a column for which there is room: as wide as a bracket of the median is, and a quarter more.
_ROOM = 0.09

#: 64-bit numbers of a `Bracket` (`brackets.cuh`).
_BRACKET = 4


class Search(NamedTuple):
    """Some columns of a matrix, and where what a pass finds of them goes; of few rows there is no such pass."""

    start: int
    columns: int
    bracketed: bool
    room: int
    brackets: Any
    present: Any
    gathered: Any

    def lookup(self) -> tuple[Any, ...]:
        """Arguments of the kernels that search."""
        return int(self.bracketed), self.brackets, self.present, self.gathered, self.room


def searches(
    xp: Any, operation: str, x: Any, levels: Any, level: float, count: int, infinities: bool
) -> Iterator[Search]:
    """Columns in as large parts as memory has room for, searched for `count` of `levels`, or for the one `level`."""
    n, d = x.shape
    bracketed = n > MANY or (n > FEW and x.size > _CACHED)
    room = int(n * _ROOM) + 64 if bracketed else 0
    most = max(NUMBERS // (count * room), 1) if bracketed else d
    check_sizes(operation, n=n, d=d, searches=min(most, d) * count)
    for start in range(0, d, most):
        columns = min(most, d - start)
        brackets = xp.empty((count, columns, _BRACKET), xp.int64)
        present, gathered = xp.empty(columns, xp.int32), xp.empty((count, columns, room), xp.int64)
        search = Search(start, columns, bracketed, room, brackets, present, gathered)
        if bracketed:
            given = levels, np.float64(level), count, int(infinities), brackets, present, n, d, start, columns
            launcher(xp, "quantiles", x.dtype)("quantile_brackets", (columns,), THREADS, x, *given)
            gather(xp, x, search, x, count, infinities=infinities, from_median=False)
        yield search


def gather(xp: Any, x: Any, search: Search, medians: Any, count: int, *, infinities: bool, from_median: bool) -> None:
    """One pass over the columns of a search, or over the distances from their medians."""
    (n, d), rows = x.shape, layout(len(x), search.columns)
    what = int(from_median), count, int(infinities), search.brackets, search.present, search.gathered, search.room
    where = n, d, search.start, search.columns, rows.width, rows.tiles, rows.length
    launch = launcher(xp, "quantiles", x.dtype)
    launch("quantile_candidates", (rows.tiles * rows.chunks,), THREADS, x, medians, *what, *where)
