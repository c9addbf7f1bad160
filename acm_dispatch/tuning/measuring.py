"""One cell measured: what each kernel takes, who is the fastest, and how that changes what is known."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from ..backends.backend import Backend
from ..contract.widths import nearest_width
from ..errors import InvalidInput, Unsupported
from ..execution.dispatch import Operation
from ..execution.timing import wait_for_idle_threads
from ..selection.bound import BoundCall
from ..selection.costs import variant_of
from ..selection.curves import Point
from ..selection.machine import facts_of
from ..selection.profile import Entry, Key
from .candidates import Candidate, candidates_of, fault_of, incumbent_of, rotated
from .cells import Cell, drawn
from .racing import MARGIN, beats, race

#: Cells, and candidates that have no chance, of which a call takes longer than this are left out: the last slope of
#: a curve says what they cost. Of what a program is known to call, longer ones are measured, too.
TOO_LONG = 0.05

#: How many times longer than the best a candidate takes that has no chance.
_NO_CHANCE = 2.0

#: How often arguments are drawn, should the contract refuse them.
_DRAWS = 5

#: How much slower a kernel counts as that did not show a lead over the one in use.
_BEHIND = 1.001


class Verdict(NamedTuple):
    """What one cell gave: `before` ran it until now, `after` is to run it; `decided` where the rounds tell."""

    cell: Cell
    before: str
    after: str
    decided: bool
    seconds: Mapping[str, float]


class Measured(NamedTuple):
    """A verdict, the entries that say so, and kernels that gave wrong results."""

    verdict: Verdict
    entries: list[Entry]


class Measurer:
    """Measures cells, remembering what was checked and about how long things take."""

    def __init__(self, backends: Sequence[Backend], longest: float = TOO_LONG) -> None:
        self._backends = list(backends)
        self._longest = longest
        self._rng = random.Random(0)
        self._faults: dict[Key, str | None] = {}
        self._largest: dict[tuple[str, str, str], tuple[int, float]] = {}
        self._importing: dict[str, float] = {}

    def measure(self, operation: Operation, cell: Cell, budget: float) -> Measured | None:
        """The outcome of racing all kernels for about `budget` seconds; None where there is nothing to race."""
        for seed in range(_DRAWS):
            arguments, nbytes = drawn(operation, cell, seed)
            try:
                call = operation.bound(*operation.bind(**arguments))
                return self.measure_call(operation, cell, call, nbytes, budget) if call.work else None
            except InvalidInput:  # all labels equal, say; or such sizes are no call of this operation
                continue
        return None

    def measure_call(
        self, operation: Operation, cell: Cell, call: BoundCall, nbytes: int, budget: float
    ) -> Measured | None:
        """The same on arguments that are there already."""
        entrants = self._with_a_chance(candidates_of(call, self._backends, cell.threads), call)
        entries: list[Entry] = []
        right: list[Candidate] = []
        for entrant in entrants:
            try:
                fault = self._fault(operation, entrant, call, cell)
            except Unsupported:
                continue
            if fault is None:
                right.append(entrant)
            else:
                entries.append(_entry(entrant, call, cell, wrong=fault))
        if not right:
            return None
        wait_for_idle_threads()
        race([entrant.racer for entrant in right], rotated(call.values, nbytes), budget, self._rng)
        names = {entrant.backend.name for entrant in right}
        for entrant in right:
            self._remember(call, entrant)
        verdict, undecided = _verdict(cell, right, incumbent_of(call, cell.threads, names))
        for entrant in right:
            seconds = verdict.seconds[entrant.backend.name]
            entries.append(_entry(entrant, call, cell, seconds, undecided=undecided))
        return Measured(verdict, entries)

    def _with_a_chance(self, entrants: list[Candidate], call: BoundCall) -> list[Candidate]:
        """Those that will not take long, or at least not much longer than the best; none where even that takes long."""
        guesses = {entrant.backend.name: self._guess(entrant, call) for entrant in entrants}
        best = min(guesses.values(), default=0.0)
        if best > self._longest:
            return []
        return [e for e in entrants if guesses[e.backend.name] <= max(TOO_LONG, _NO_CHANCE * best)]

    def _remember(self, call: BoundCall, entrant: Candidate) -> None:
        """Keep the time of the largest call: small ones cost more than their work, and make larger ones seem long."""
        task = _task(entrant, call)
        if call.work >= self._largest.get(task, (0, 0.0))[0]:
            self._largest[task] = call.work, entrant.racer.seconds

    def _guess(self, entrant: Candidate, call: BoundCall) -> float:
        work, seconds = self._largest.get(_task(entrant, call), (1, 0.0))
        return seconds * max(call.work / work, 1.0)

    def _fault(self, operation: Operation, entrant: Candidate, call: BoundCall, cell: Cell) -> str | None:
        """Why the kernel is not to be used; it is compared with the reference on the first cell of each dtype."""
        key = key_of(entrant, call, cell.threads)._replace(threads=1)
        if key not in self._faults:
            entrant.racer.starts = _start_of(entrant.backend, call.contract.name, call.dtype)
            self._faults[key] = fault_of(operation, entrant, call)
        elif self._faults[key] is None:
            entrant.racer.warm_up(call.values)
        return self._faults[key]


def _task(entrant: Candidate, call: BoundCall) -> tuple[str, str, str]:
    """What a candidate takes about the same time for, unit by unit."""
    return call.contract.name, variant_of(call.contract, call.values), entrant.backend.name


def _start_of(backend: Backend, operation: str, dtype: str) -> str:
    """What makes the first call longer: "loading" machine code, "compiling", or nothing."""
    if backend.compiled is None or (operation, dtype) in backend.started:
        return ""
    return "loading" if (operation, dtype) in backend.compiled else "compiling"


def key_of(entrant: Candidate, call: BoundCall, threads: int) -> Key:
    """What an entry of a candidate is about."""
    variant = variant_of(call.contract, call.values)
    return Key(call.contract.name, entrant.backend.name, entrant.kernel.name, call.dtype, threads, variant)


def _verdict(cell: Cell, entrants: list[Candidate], incumbent: str | None) -> tuple[Verdict, bool]:
    """The fastest, unless the kernel in use may be as fast: then that one stays, and counts as just ahead."""
    seconds = {entrant.backend.name: entrant.racer.seconds for entrant in entrants}
    racers = {entrant.backend.name: entrant.racer for entrant in entrants}
    best = min(seconds, key=lambda name: seconds[name])
    if incumbent is None or incumbent == best:
        return Verdict(cell, incumbent or best, best, True, seconds), False
    lead = beats(racers[best], racers[incumbent])
    if lead or seconds[best] * MARGIN < seconds[incumbent]:
        return Verdict(cell, incumbent, best, bool(lead), seconds), lead is None
    ahead = seconds[incumbent] * _BEHIND
    seconds = {name: max(own, ahead) if name != incumbent else own for name, own in seconds.items()}
    return Verdict(cell, incumbent, incumbent, lead is False, seconds), lead is None


def _entry(
    entrant: Candidate, call: BoundCall, cell: Cell, seconds: float = 0.0, undecided: bool = False, wrong: str = ""
) -> Entry:
    width = nearest_width(call.dims.get(call.contract.width, 1))
    backend, racer = entrant.backend, entrant.racer
    start = max(racer.first_seconds - seconds, 0.0)
    return Entry(
        key_of(entrant, call, cell.threads),
        facts_of(backend),
        call.contract.work,
        datetime.now(UTC).date().isoformat(),
        (Point(call.work, width, seconds),) if not wrong else (),
        importing=backend.importing if backend.compiled is not None else 0.0,
        loading=start if racer.starts == "loading" else 0.0,
        compiling=start if racer.starts == "compiling" else 0.0,
        undecided=((call.work, width),) if undecided else (),
        wrong=wrong,
    )
