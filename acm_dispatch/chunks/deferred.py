"""Results of all rows of a recording together, to be computed by readings that they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import InvalidInput
from . import memory as budget
from .computed import Computed
from .jobs import Job, complete
from .plan import Plan, total_reads
from .reader import Reader
from .results import assembled
from .source import Source


class Deferred:
    """A result of all rows together, to be computed: alone, or with others by `compute`."""

    def __init__(self, job: Job, reader: Reader, chunks: Callable[[Job, int | None], Any]) -> None:
        self._job, self._reader, self._chunks = job, reader, chunks

    def __repr__(self) -> str:
        return f"<{self._job.call.subject.name} of {self._job.call.source.label}, to be computed>"

    def plan(self) -> Plan:
        """What it takes to compute it."""
        call = self._job.call
        return planned(call.source, call.reads, call.rows_before, self._reader)

    def compute(self) -> Any:
        """The result, as the operation gives it; what has a row for each row of the source is `Chunks`."""
        (result,) = compute(self)
        return result


def compute(*deferred: Deferred) -> tuple[Any, ...]:
    """Several results, of which those on the same recording share their readings.

    Parameters
    ----------
    *deferred : Deferred
        What `Chunks.apply` has given.

    Returns
    -------
    tuple
        The result of each.

    Examples
    --------
    >>> import numpy as np
    >>> import acm_dispatch as acm
    >>> from acm_dispatch.chunks import scan
    >>> recording = scan(np.arange(6.0).reshape(3, 2))
    >>> moments, sums = compute(recording.apply(acm.column_moments), recording.apply(acm.column_sums))
    >>> moments.mean, sums.maximum
    (array([2., 3.]), array([4., 5.]))
    """
    _require_deferred("compute", deferred)
    jobs = [each._job for each in deferred]
    complete(jobs, deferred[0]._reader if deferred else Reader(budget.USUAL, show=False))
    return tuple(assembled(each._job, each._chunks) for each in deferred)


def plan(*deferred: Deferred) -> Plan:
    """What it takes to `compute` several results of one recording together.

    Parameters
    ----------
    *deferred : Deferred
        At least one.

    Returns
    -------
    Plan

    Examples
    --------
    >>> import numpy as np
    >>> import acm_dispatch as acm
    >>> from acm_dispatch.chunks import scan
    >>> recording = scan(np.zeros((500, 2)))
    >>> plan(recording.apply(acm.column_moments), recording.apply(acm.column_sums)).reads
    1
    """
    _require_deferred("plan", deferred)
    calls = [each._job.call for each in deferred]
    sources = {id(call.source) for call in calls}
    if len(sources) != 1:
        raise InvalidInput("plan", "deferred", f"are of {len(sources)} recordings; expected results of one")
    reads = total_reads([call.reads for call in calls])
    return planned(calls[0].source, reads, max(call.rows_before for call in calls), deferred[0]._reader)


def _require_deferred(name: str, deferred: Sequence[Any]) -> None:
    for each in deferred:
        if not isinstance(each, Deferred):
            problem = f"holds a {type(each).__name__}; expected what `apply` gives of operations on all rows"
            raise InvalidInput(name, "deferred", problem)


def planned(source: Source, reads: int | str, before: int, reader: Reader) -> Plan:
    """The plan of reading `source` so often, through all operations that it is made of."""
    copies = 2.0
    while isinstance(source, Computed):
        call = source.call
        before = max(before, call.rows_before)
        own = call.reads
        reads = own + reads - 1 if isinstance(own, int) and isinstance(reads, int) else own
        copies += 2.0 + source.width / max(1, call.source.width)
        source = call.source
    rows = budget.rows_of_block(source, reader.memory, before)
    block = (rows + before) * source.width * source.dtype.itemsize
    nbytes = source.nbytes * reads if source.nbytes is not None and isinstance(reads, int) else None
    blocks = None if source.rows is None else -(-source.rows // rows)
    return Plan(reads, nbytes, source.rows, rows, blocks, int((copies + 1) * block) + source.held)
