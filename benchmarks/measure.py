"""One case in one process: every candidate checked, then all of them timed in turns, in random order."""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

import acm_dispatch
from acm_dispatch.execution.timing import batch_size, timed, timed_batch, wait_for_idle_threads

from .accuracy import Oracle, judge
from .case import Case
from .cases import find
from .peers import peers_of
from .process import load_average, pin, without_paths

#: Before a sample: the longest wait for threads of the one before that still spin (OpenBLAS' do for 30 to 100 ms), how
#: long a look at them takes, and the part of it for which a quiet process is busy at most.
WAIT = {"patience": 0.25, "look": 0.01, "share": 0.1}

#: A sample of a quick call is a batch of about this long, after one call outside the clock.
_BATCH_SECONDS = 0.004

MAX_ROUNDS = 200
OURS = "acm_dispatch"

#: Our own call of the same case in float64, with which a float32 case is compared.
OURS_IN_FLOAT64 = f"{OURS} in float64"


@dataclass
class Candidate:
    """A candidate for the case: `times` by round, in seconds a call."""

    name: str
    package: str
    start: Callable[..., Callable[[], Any]]
    finish: Callable[[Any], Any] = lambda result: result
    accuracy: str = ""
    deviation: float | None = None
    first_seconds: float = 0.0
    failed: str = ""
    batch: int = 1
    spent: float = 0.0
    times: dict[int, float] = field(default_factory=dict)
    call: Callable[[], Any] | None = None

    def prepare(self, case: Case, arrays: tuple[np.ndarray, ...], oracle: Oracle) -> None:
        """First call (compiles), verdict on its numbers, size of a batch."""
        try:
            self.call = self.start(*arrays)
            self.first_seconds, result = timed(self.call)
            if self.package != OURS_IN_FLOAT64:
                self._judge(case, self.finish(result), oracle)
            del result
            self._choose_batch()
        except Exception as error:  # a peer that cannot do the case is a line in the report
            self.failed = without_paths(f"{type(error).__name__}: {error}")

    def _judge(self, case: Case, result: Any, oracle: Oracle) -> None:
        deviation = oracle.deviation(result)
        self.accuracy = judge(deviation, [self._trap(case, trap) for trap in case.traps()])
        self.deviation = deviation[0] if np.isfinite(deviation[0]) else None

    def _trap(self, case: Case, arrays: tuple[np.ndarray, ...]) -> float:
        try:
            return Oracle(case, arrays).deviation(self.finish(self.start(*arrays)()))[0]
        except Exception:  # refuses the trap
            return np.inf

    def _choose_batch(self) -> None:
        if self.first_seconds < 1 or self.package == "numba":
            seconds = min(timed(self.call)[0] for _ in range(2))
            self.batch = batch_size(seconds, _BATCH_SECONDS, 1000)

    def sample(self, number: int) -> None:
        """One time of this round, its threads' predecessors asleep."""
        begun = time.perf_counter()
        wait_for_idle_threads(**WAIT)
        if self.batch > 1:
            self.call()
        self.times[number] = _batched(self.call, self.batch)
        self.spent += time.perf_counter() - begun


def _batched(call: Callable[[], Any], count: int) -> float:
    """Seconds a call; of a single one, without giving back the memory of its result."""
    return timed(call)[0] if count == 1 else timed_batch(call, [()] * count) / count


def ours(case: Case) -> Candidate:
    """The dispatched call."""
    return Candidate(OURS, OURS, case.call)


def ours_in_float64(case: Case) -> Candidate:
    """The dispatched call with the same numbers in float64."""
    wide = case.in_float64()
    return Candidate(OURS_IN_FLOAT64, OURS_IN_FLOAT64, lambda *_: wide.call(*wide.draw()))


def interleave(candidates: Sequence[Candidate], budget: float, min_rounds: int) -> int:
    """Rounds of all candidates in random order until the budget is spent; one that used its share sits the rest out."""
    if not candidates:
        return 0
    order = random.Random(0)
    end = time.perf_counter() + budget
    number = 0
    while number < min_rounds or (time.perf_counter() < end and number < MAX_ROUNDS):
        share = budget / len(candidates)
        playing = [c for c in candidates if len(c.times) < min_rounds or c.spent < share or c.package == OURS]
        for candidate in order.sample(playing, len(playing)):
            candidate.sample(number)
        number += 1
    return number


def measure(case: Case, backend: str | None, budget: float, min_rounds: int, only: str = "") -> dict[str, Any]:
    """Everything about a case, ready for JSON; of the peers those with `only` in their names."""
    load = load_average()
    arrays = case.draw()
    oracle = Oracle(case, arrays)
    present, absent = peers_of(case)
    candidates = [ours(case), *(Candidate(p.name, p.package, p.start, p.finish) for p in present if only in p.name)]
    candidates += [ours_in_float64(case)] if case.dtype != "float64" else []
    with acm_dispatch.use(backend, strict=True) if backend else nullcontext():
        for candidate in candidates:
            candidate.prepare(case, arrays, oracle)
        ran_on = _backend(case, arrays)
        able = [candidate for candidate in candidates if not candidate.failed]
        rounds = interleave(able, budget, min_rounds)
    return {
        "backend": ran_on,
        "rounds": rounds,
        "load_average": [load, load_average()],
        "absent": [peer.name for peer in absent],
        "candidates": [_plain(candidate) for candidate in candidates],
    }


def _backend(case: Case, arrays: tuple[np.ndarray, ...]) -> str:
    """Where dispatch runs the call, or why it does not."""
    try:
        with acm_dispatch.trace() as trace:
            case.call(*arrays)()
    except acm_dispatch.DispatchError as error:
        return f"none ({without_paths(str(error))})"
    return trace.records[-1].backend


def _plain(candidate: Candidate) -> dict[str, Any]:
    candidate.call = candidate.start = candidate.finish = None
    return asdict(candidate)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--backend")
    parser.add_argument("--budget", type=float, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    pin(asked.threads)
    print(json.dumps(measure(find(asked.case), asked.backend, asked.budget, asked.rounds, asked.only)))


if __name__ == "__main__":
    main()
