"""The result of a call as the operation gives it, with what has rows still to be computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..contract.parts import Outcome
from ..execution import parts
from .calls import is_composed
from .jobs import Job, RowsToCome


def assembled(job: Job, chunks: Callable[[Job, int | None], Any]) -> Any:
    """The result; `chunks` makes what stands for rows, of the part of this number where several results have some."""
    outcome, call = cast("Outcome", job.outcome), job.call
    if outcome.result is not None:
        return _each(outcome.result, lambda part: chunks(_of_rows(job, part), None))
    if isinstance(outcome.rows, RowsToCome):
        if outcome.whole is None:
            return chunks(job, None)
        several = sum(call.subject.row_results)
        stand_ins = tuple(chunks(job, i if several > 1 else None) for i in range(several))
        outcome = outcome._replace(rows=stand_ins)
    dtype = None if is_composed(call) else parts.dtype_of(call.subject, call.nothing, call.others)
    return parts.assembled(call.subject, outcome, dtype)


def _each(result: Any, made: Callable[[RowsToCome], Any]) -> Any:
    """The result with its parts that are rows to come replaced."""
    if isinstance(result, RowsToCome):
        return made(result)
    if not isinstance(result, tuple):
        return result
    replaced = [_each(part, made) for part in cast("tuple[Any, ...]", result)]
    fields: Any = type(result)
    return fields._make(replaced) if hasattr(fields, "_make") else tuple(replaced)


def _of_rows(job: Job, to_come: RowsToCome) -> Job:
    """A job that has come to these rows alone."""
    own = Job.__new__(Job)
    own.call, own.waiting, own.outcome, own.least = job.call, None, Outcome(rows=to_come), job.least
    return own
