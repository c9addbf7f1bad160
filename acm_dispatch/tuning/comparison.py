"""One call on several backends, timed in turns: for who writes a kernel and asks whether it pays."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any, NamedTuple

from ..backends.backend import Backend
from ..errors import BackendError, InvalidInput, Unsupported
from ..execution.dispatch import Operation
from ..execution.draws import Draw
from ..execution.timing import wait_for_idle_threads
from ..selection.bound import BoundCall
from .candidates import Candidate, candidate_of, fault_of, incumbent_of, rotated
from .cells import drawn_in, usual
from .racing import Racer, race, ratios_of

#: How often arguments are drawn, should the contract refuse them.
_DRAWS = 20


class Standing(NamedTuple):
    """How one backend did: its seconds, and its time over the fastest's by rounds (quartiles); or why it did not."""

    backend: str
    kernel: str = ""
    first_seconds: float = 0.0
    seconds: float = 0.0
    ratio: tuple[float, float, float] = (1.0, 1.0, 1.0)
    chosen: bool = False
    problem: str = ""


class Asked(NamedTuple):
    """The call to compare: sizes by dimension, element type, options, threads."""

    operation: Operation
    sizes: Mapping[str, int]
    dtype: str
    options: Mapping[str, Any]
    threads: int


def compared(asked: Asked, backends: Sequence[Backend], seconds: float) -> list[Standing]:
    """The standings, the fastest first and those without a time last.

    Raises
    ------
    InvalidInput
        If no arguments of these sizes and options are a call of the operation.
    """
    call, nbytes = _drawn(asked)
    entrants: list[Candidate] = []
    out: list[Standing] = []
    for backend in backends:
        entrant = _entrant(asked, call, backend)
        if isinstance(entrant, Standing):
            out.append(entrant)
        else:
            entrants.append(entrant)
    if not entrants:
        return out
    wait_for_idle_threads()
    race([entrant.racer for entrant in entrants], rotated(call.values, nbytes), seconds, random.Random(0))
    entrants.sort(key=lambda entrant: entrant.racer.seconds)
    usual = incumbent_of(call, asked.threads, {entrant.backend.name for entrant in entrants})
    return [*(_standing(entrant, entrants[0].racer, usual) for entrant in entrants), *out]


def _drawn(asked: Asked) -> tuple[BoundCall, int]:
    """A call on ordinary arguments, and how many bytes its arrays hold."""
    operation = asked.operation
    options, absent = usual(operation)
    refused: InvalidInput | None = None
    for seed in range(_DRAWS):
        draw = Draw(seed, dict(asked.sizes), "normal", {**options, **asked.options}, absent)
        arguments, nbytes = drawn_in(asked.dtype, operation, draw)
        try:
            return operation.bound(*operation.bind(**arguments)), nbytes
        except InvalidInput as error:  # all labels equal, say: another draw may differ
            refused = error
    raise refused or AssertionError


def _entrant(asked: Asked, call: BoundCall, backend: Backend) -> Candidate | Standing:
    """The backend's kernel, warmed up and found right; or the standing that says why it does not take part."""
    try:
        entrant = candidate_of(call, backend, asked.threads)
        problem = fault_of(asked.operation, entrant, call)
    except (BackendError, Unsupported) as error:
        return Standing(backend.name, problem=str(error))
    return Standing(backend.name, entrant.kernel.name, problem=problem) if problem else entrant


def _standing(entrant: Candidate, best: Racer, usual: str | None) -> Standing:
    racer, name = entrant.racer, entrant.backend.name
    low, middle, high = quantiles(ratios_of(racer, best), n=4, method="inclusive")
    chosen = name == usual
    return Standing(name, entrant.kernel.name, racer.first_seconds, racer.seconds, (low, middle, high), chosen)
