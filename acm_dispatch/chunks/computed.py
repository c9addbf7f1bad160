"""Rows that follow from those of another source: computed block by block as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import numpy as np

from ..contract.parts import Halo, Rows, Scan
from ..errors import InvalidInput
from ..execution import parts
from .calls import Call, is_composed
from .jobs import Job, RowsToCome, States, complete, read
from .sinks import Rows as RowsOfParts
from .source import Block, Source

_Blocks = Iterable[Block]


class Computed(Source):
    """The results of a call that have rows.

    Parameters
    ----------
    job : Job
        Which gives rows in the end.
    blocks_of : callable
        Takes a source and the least number of rows of a block, and reads it.
    part : int, optional
        Of several results that have rows, the number of the one that is meant; all by default.
    """

    def __init__(self, job: Job, blocks_of: Callable[[Source, int], _Blocks], part: int | None = None) -> None:
        self._job, self._blocks_of, self._part = job, blocks_of, part
        self.call = call = job.call
        self.label = call.subject.name
        self.by_row = not isinstance(call.parts, Halo) or call.parts.by_row
        self.rows = call.source.rows if self.by_row else None
        self.nbytes, self.repeatable = call.source.nbytes, call.source.repeatable
        shape = None if is_composed(call) else _shape(call, part)
        if shape is not None:
            self.width, self.dtype = shape
            self.names = call.source.names if self.width == call.source.width else None

    def blocks(self, rows: int) -> Iterator[Block]:
        for results in self.results(rows):
            if len(results.parts) != 1:
                count = len(results.parts)
                raise InvalidInput(self.label, "x", f"has {count} results in chunks; expected one to go on with")
            (matrix,) = results.parts
            yield Block(np.ascontiguousarray(matrix.reshape(len(matrix), -1)), results.times)

    def results(self, rows: int) -> Iterator[RowsOfParts]:
        """The results of each block of the source, of no fewer rows where that is free: a tuple of arrays."""
        complete([self._job], self._blocks_of)
        to_come = self._to_come()
        least = max(rows, to_come.call.rows_before) if self._job.least is None else self._job.least
        states = self._states(to_come, least)
        for found, times in _rows(to_come, self._blocks_of(to_come.call.source, least), states):
            several = found if isinstance(found, tuple) else (found,)
            chosen = several if self._part is None else several[self._part : self._part + 1]
            if len(chosen[0]):
                yield RowsOfParts(chosen, times if self.by_row else None)

    def _to_come(self) -> RowsToCome:
        outcome = self._job.outcome
        if outcome is None or not isinstance(outcome.rows, RowsToCome):
            raise InvalidInput(self.label, "x", "has no rows of results; expected `.compute()`")
        return outcome.rows

    def _states(self, to_come: RowsToCome, least: int) -> list[Any] | None:
        """Of a scan that runs backwards, what every block is given by those after it: a reading of its own."""
        call, what = to_come.call, to_come.step.what
        if not (isinstance(what, Scan) and what.backwards):
            return None
        states = States(call, what)
        read(self._blocks_of(call.source, least), [states])
        return states.result()


def _rows(to_come: RowsToCome, blocks: _Blocks, states: list[Any] | None) -> Iterator[tuple[Any, Any]]:
    """The results of each block and its times."""
    call, (what, found) = to_come
    subject, others = call.subject, call.others
    start, tail, state = 0, None, None
    for number, (values, times) in enumerate(blocks):
        block = call.block(values, start)
        start += len(values)
        if isinstance(what, Halo):
            extended, before, tail = parts.extended(what, block, others, tail)
            yield parts.halo_rows(subject, what, extended, before, others), times
        elif isinstance(what, Scan):
            state = states[number] if states is not None else state
            yield parts.scanned(what, block, others, state), times
            own = None if states is not None else parts.state_of(what, block, others)
            state = own if state is None or own is None else what.join(state, own)
        else:
            yield parts.rows_of(subject, cast("Rows", what), block, others, found, number), times


def _shape(call: Call, part: int | None) -> tuple[int, np.dtype[Any]] | None:
    """Columns and type of the result that has rows, if it is one; None where only data can tell."""
    subject = call.subject
    with_rows = [i for i, has in enumerate(subject.row_results) if has] or [0]
    if part is None and len(with_rows) > 1:
        return None
    spec = with_rows[part or 0]
    given = {**call.others, **call.nothing}
    values, dims = subject.canonical(tuple(given.get(name) for name in subject.parameters))
    rows = subject.shapes.inputs[0].dims[0]
    sizes = subject.result_shapes({**dims, rows: 1 << 30}, values)[spec][1:]
    if any(size is None for size in sizes):
        return None
    dtype = parts.dtype_of(subject, call.nothing, call.others)
    output = subject.shapes.outputs[spec]
    kind = np.dtype(np.int64) if output.integer else np.dtype(np.float64) if subject.widens else dtype
    return int(np.prod([1, *cast("list[int]", sizes)])), kind
