"""Calls in progress: their steps are answered from readings that all calls on a source share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from ..contract.parts import Apply, Columns, Count, Fold, Found, Outcome, Scan, Step, Take
from ..execution import parts
from .calls import Call
from .source import Block, Source


class RowsToCome(NamedTuple):
    """What a step that gives rows has given: a way to compute them, once they are asked for."""

    call: Call
    step: Step


class Job:
    """A call of which some steps are answered.

    Attributes
    ----------
    call : Call
    waiting : Step or None
        The step that needs a reading.
    outcome : Outcome or None
        Once no step is left.
    least : int or None
        What the blocks of its readings so far were not to be shorter than: later ones are to be the same blocks, since
        rows may follow from what was found of each. None before the first one.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.waiting: Step | None = None
        self.outcome: Outcome | None = None
        self.least: int | None = None
        self._steps = call.parts.steps(call.others)
        self.advance(None)

    def advance(self, given: Any) -> None:
        """Hand over what the last step gave, and go on to the next one that needs a reading."""
        while True:
            try:
                step = self._steps.send(given)
            except StopIteration as end:
                self.waiting, self.outcome = None, cast("Outcome", end.value)
                return
            if isinstance(step.what, Fold | Take | Columns) or (
                isinstance(step.what, Count) and self.call.source.rows is None
            ):
                self.waiting = step
                return
            given = self._at_once(step)

    def _at_once(self, step: Step) -> Any:
        if isinstance(step.what, Apply):
            return parts.applied(step.what, step.found)
        return self.call.source.rows if isinstance(step.what, Count) else RowsToCome(self.call, step)


class _Taker(Protocol):
    """What takes the blocks of one reading, in order."""

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        """The next block, whose first row has this number."""
        ...

    def result(self) -> Any:
        """Once all blocks are taken."""
        ...


class _Folding:
    """A fold: pieces of blocks are merged as they come, in order, so that there is one."""

    def __init__(self, call: Call, fold: Fold, found: Found) -> None:
        self._call, self._fold, self._found = call, fold, found
        self._piece: Any = None
        self._tail: parts.Tail | None = None

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        self._add(self._call.block(values, start))

    def _add(self, block: parts.Block) -> None:
        call, fold = self._call, self._fold
        if fold.halo is not None:
            block, _, self._tail = parts.extended(fold.halo, block, call.others, self._tail)
        piece = parts.piece_of(call.subject, fold, block, call.others, self._found)
        self._piece = piece if self._piece is None else parts.merged(fold, self._piece, piece)

    def result(self) -> Any:
        if self._piece is None:
            self._add(self._call.nothing)
        return parts.finished(self._fold, self._piece, self._call.others, self._found)


class _Taking:
    """Rows by their numbers."""

    def __init__(self, call: Call, take: Take) -> None:
        self._call, self._numbers = call, np.asarray(take.numbers, dtype=np.int64)
        self._rows = np.empty((len(self._numbers), call.source.width), call.source.dtype)

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        within = (self._numbers >= start) & (self._numbers < start + len(values))
        self._rows[within] = values[self._numbers[within] - start]

    def result(self) -> Any:
        return self._call.picked(self._rows, self._numbers)


class _TakingColumns:
    """All rows of some columns."""

    def __init__(self, call: Call, columns: Columns) -> None:
        self._call, self._numbers = call, np.asarray(columns.numbers, dtype=np.int64)
        self._blocks: list[Any] = []

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        self._blocks.append(values[:, self._numbers])

    def result(self) -> Any:
        nothing = np.empty((0, len(self._numbers)), self._call.source.dtype)
        return self._call.block(np.concatenate([nothing, *self._blocks]), 0)


class _Counting:
    """The number of rows, where it is not known beforehand."""

    def __init__(self) -> None:
        self._rows = 0

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        self._rows = start + len(values)

    def result(self) -> int:
        return self._rows


class States:
    """What each block leaves to those before it, for a scan that runs backwards."""

    def __init__(self, call: Call, scan: Scan) -> None:
        self._call, self._scan = call, scan
        self._states: list[Any] = []

    def take(self, values: np.ndarray[Any, Any], start: int) -> None:
        self._states.append(parts.state_of(self._scan, self._call.block(values, start), self._call.others))

    def result(self) -> list[Any]:
        """For each block what all blocks after it leave; None for the last."""
        after, state = [], None
        for own in reversed(self._states):
            after.append(state)
            state = own if state is None else self._scan.join(state, own)
        return after[::-1]


def _taker(call: Call, step: Step) -> _Taker:
    what = step.what
    if isinstance(what, Fold):
        return _Folding(call, what, step.found)
    if isinstance(what, Columns):
        return _TakingColumns(call, what)
    return _Taking(call, what) if isinstance(what, Take) else _Counting()


def read(blocks: Iterable[Block], takers: Sequence[_Taker]) -> None:
    """Serve them all from one reading."""
    start = 0
    for block in blocks:
        for taker in takers:
            taker.take(block.values, start)
        start += len(block.values)


def complete(jobs: Sequence[Job], blocks_of: Callable[[Source, int], Iterable[Block]]) -> None:
    """Answer every step; those of different calls that wait for the same source are answered by one reading.

    `blocks_of` reads a source, in blocks that are not shorter than so many rows.
    """
    while waiting := [job for job in jobs if job.waiting is not None]:
        first = waiting[0]
        same = [job for job in waiting if job.call.source is first.call.source]
        begun = first.least
        group = [job for job in same if begun is None or job.least in (None, begun)]
        least = max(job.call.rows_before for job in group) if begun is None else begun
        takers = [_taker(job.call, cast("Step", job.waiting)) for job in group]
        read(blocks_of(first.call.source, least), takers)
        for job, taker in zip(group, takers, strict=True):
            job.least = least if job.least is None else job.least
            job.advance(taker.result())
