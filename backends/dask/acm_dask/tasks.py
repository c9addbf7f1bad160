"""What runs in a task: one step of an operation on one block, on one thread, under the policy of the caller.

A `Task` travels with the graph. It names its operation, which the worker has of its own, and never tunes: a worker's
measurements would be of a busy machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acm_dispatch import propagate, registry, use
from acm_dispatch.contract.parts import Step
from acm_dispatch.execution import parts


class Task:
    """A step of a call, for any of its blocks."""

    def __init__(self, subject: Any, row_names: Sequence[str], others: Mapping[str, Any], step: Step) -> None:
        self.name = subject.name
        self.row_names = tuple(row_names)
        self.others = dict(others)
        self.what = step.what
        #: What earlier steps came to, where that is known.
        self.found: tuple[Any, ...] = ()
        self.run = propagate(_under_one_thread)

    def __dask_tokenize__(self) -> Any:
        return self.name, self.row_names, sorted(self.others.items()), repr(self.what)

    @property
    def subject(self) -> Any:
        return registry.operations.get(self.name) or registry.compositions[self.name]

    def block(self, arrays: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self.row_names, arrays, strict=True))


def _under_one_thread(function: Any, *arguments: Any) -> Any:
    with use(threads=1, tune="off"):
        return function(*arguments)


def rows(task: Task, arrays: Sequence[Any], found: Sequence[Any], number: int) -> Any:
    """The results of a block by itself."""
    return task.run(
        parts.rows_of, task.subject, task.what, task.block(arrays), task.others, tuple(found) or task.found, number
    )


def tail(task: Task, arrays: Sequence[Any], before: Any) -> Any:
    """What blocks up to this one leave to the next one."""
    return parts.left_by(task.what, task.block(arrays), task.others, before)


def windows(task: Task, arrays: Sequence[Any], before: Any) -> Any:
    """The results of a block with rows before it."""
    extended, count, _ = parts.extended(task.what, task.block(arrays), task.others, before)
    return task.run(parts.halo_rows, task.subject, task.what, extended, count, task.others)


def state(task: Task, arrays: Sequence[Any], before: Any) -> Any:
    """What blocks up to this one leave to the next one in a scan."""
    own = task.run(parts.state_of, task.what, task.block(arrays), task.others)
    return own if before is None else task.run(task.what.join, before, own)


def scanned(task: Task, arrays: Sequence[Any], before: Any) -> Any:
    """The results of a block after others."""
    return task.run(parts.scanned, task.what, task.block(arrays), task.others, before)


def piece(task: Task, arrays: Sequence[Any], found: Sequence[Any], before: Any = None) -> Any:
    """What a block adds to a fold, with rows before it where the fold has a halo."""
    block = task.block(arrays)
    if task.what.halo is not None:
        block = parts.extended(task.what.halo, block, task.others, before)[0]
    return task.run(parts.piece_of, task.subject, task.what, block, task.others, tuple(found) or task.found)


def tail_of_fold(task: Task, arrays: Sequence[Any], before: Any) -> Any:
    """As `tail`, of a fold's halo."""
    return parts.left_by(task.what.halo, task.block(arrays), task.others, before)


def merged(task: Task, pieces: Sequence[Any]) -> Any:
    """What neighbouring blocks add together."""
    total = pieces[0]
    for other in pieces[1:]:
        total = task.run(parts.merged, task.what, total, other)
    return total


def finished(task: Task, total: Any, found: Sequence[Any]) -> Any:
    """What all blocks come to."""
    return task.run(parts.finished, task.what, total, task.others, tuple(found) or task.found)


def applied(task: Task, found: Sequence[Any]) -> Any:
    """What follows from what was found."""
    return task.run(parts.applied, task.what, tuple(found) or task.found)


def whole(task: Task, result: Any, dtype: Any) -> Any:
    """The results of all rows together, in the dtype of the call."""
    return parts.in_dtype_of(task.subject, result, dtype)


def assembled(task: Task, result: Any, dtype: Any) -> Any:
    """The operation's result."""
    return parts.assembled(task.subject, parts.Outcome(whole=result), dtype)


def part(results: Any, number: int) -> Any:
    """One of several results."""
    return results[number] if isinstance(results, tuple) else results
