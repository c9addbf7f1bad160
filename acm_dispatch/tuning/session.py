"""A measuring run: cells in order of need, until the time is spent; what is known is kept as it becomes known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from ..backends.backend import Backend
from ..execution.dispatch import find
from ..selection import sources
from ..selection.keeping import update
from ..selection.profile import Entry, Key, merged, read
from .cells import Cell, place_of, variant_of_cell
from .measuring import TOO_LONG, Measurer, Verdict

#: Least and most seconds for the rounds of one cell.
_LEAST, _MOST = 0.004, 0.25

#: Seconds after which what is measured is written.
_SAVE_EVERY = 5.0


class Progress(NamedTuple):
    """How far a run is: cells done and in all, seconds spent and allowed, and what is measured now."""

    done: int
    cells: int
    spent: float
    budget: float
    cell: Cell


class Session:
    """One run of the tuner on one profile.

    Attributes
    ----------
    verdicts : list of Verdict
        What each cell gave, in the order of measuring.
    wrong : dict
        Kernels whose results differ from the reference, with the sentence how.
    """

    def __init__(self, path: Path, backends: Sequence[Backend], longest: float = TOO_LONG) -> None:
        self.path = path
        self.verdicts: list[Verdict] = []
        self.wrong: dict[Key, str] = {}
        self._measurer = Measurer(backends, longest)
        self._fresh: dict[Key, Entry] = {}

    def run(self, cells: Iterable[Cell], budget: float, show: Callable[[Progress], None] | None = None) -> None:
        """Measure until `budget` seconds are spent; whatever ends the run, nothing that was measured is lost."""
        queue = self.ordered(cells)
        typical = sum(not cell.is_variant for cell in queue) or len(queue)
        share = min(max(_LEAST, budget / max(typical, 1) / 2), _MOST)
        begun = saved = time.perf_counter()
        try:
            for number, cell in enumerate(queue):
                now = time.perf_counter()
                if now - begun > budget:
                    break
                if show:
                    show(Progress(number, len(queue), now - begun, budget, cell))
                self._take(cell, share)
                if now - saved > _SAVE_EVERY:
                    self.save()
                    saved = now
        finally:
            self.save()

    def ordered(self, cells: Iterable[Cell]) -> list[Cell]:
        """The undecided first, then what was never measured, then the oldest; variants last of these each time.

        Operations take turns.
        """
        days: dict[tuple[str, str, int, str, int, int], str] = {}
        for entry in read(self.path).entries.values() if self.path.exists() else ():
            about = entry.key.operation, entry.key.dtype, entry.key.threads, entry.key.variant
            days.update({(*about, work, width): entry.measured for work, width, _ in entry.points})
            days.update({(*about, work, width): "" for work, width in entry.undecided})
        groups: dict[str, list[Cell]] = {}
        for cell in cells:
            groups.setdefault(cell.operation, []).append(cell)
        in_turns = [cell for turn in zip_longest(*groups.values()) for cell in turn if cell is not None]

        def need(cell: Cell) -> tuple[int, bool, str]:
            operation = find(cell.operation)
            variant = variant_of_cell(operation, cell)
            day = days.get((cell.operation, cell.dtype, cell.threads, variant, *place_of(operation, cell)))
            rank = 1 if day is None else 2 if day else 0
            return rank, cell.is_variant, day or ""

        return sorted(in_turns, key=need)

    def save(self) -> None:
        """Merge what is new into the file, and let this process use it."""
        fresh, self._fresh = self._fresh, {}
        if fresh:
            update(self.path, lambda entries: merged(entries, fresh.values()))
            sources.read_again()

    def _take(self, cell: Cell, share: float) -> None:
        measured = self._measurer.measure(find(cell.operation), cell, share)
        if measured is None:
            return
        self.verdicts.append(measured.verdict)
        self.wrong.update({entry.key: entry.wrong for entry in measured.entries if entry.wrong})
        self._fresh = merged(self._fresh, measured.entries)
