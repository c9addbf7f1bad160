"""How the sources of a job are read: in blocks of what size, one block ahead, and whether a bar shows it."""

from __future__ import annotations

from collections.abc import Iterable

from . import memory as budget
from . import progress
from .computed import Computed
from .reading import ahead
from .source import Block, Source


class Reader:
    """Reads any source.

    Parameters
    ----------
    memory : int
        Bytes that blocks may take in all.
    show : bool
        Whether a bar shows how far it is.
    """

    def __init__(self, memory: int, show: bool) -> None:
        self.memory, self.show = memory, show

    def __call__(self, source: Source, least: int = 0) -> Iterable[Block]:
        if isinstance(source, Computed):
            return source.blocks(least)
        rows = budget.rows_of_block(source, self.memory, least)
        return progress.shown(ahead(lambda: source.blocks(rows)), source.label, source.rows, wanted=self.show)
