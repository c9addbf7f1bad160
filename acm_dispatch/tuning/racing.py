"""Candidates against each other on one cell: in turns, in random order, judged by ratios within a round.

Times of one machine drift (clocks, neighbours, thermal limits) by more than kernels differ; ratios of calls that
follow each other do not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from math import comb
from statistics import median
from typing import Any

from ..execution.timing import batch_size, timed, timed_batch, wait_for_idle_threads

#: A sample of a quick call is a batch of about this many seconds.
_BATCH_SECONDS = 2e-4
_MOST_CALLS = 200

#: Rounds in which everyone takes part, before those that are slower by this factor in each of them leave.
_ROUNDS_FOR_ALL, _HOPELESS = 5, 1.6
_MOST_ROUNDS = 25

#: After so many rounds of slow calls it ends before everyone has had theirs, if that takes more seconds than allowed.
_LEAST_ROUNDS, _MOST_LATE = 3, 0.2

#: A challenger has to be faster than the incumbent by this factor.
MARGIN = 1.1

#: How probable a lead by chance may be.
_CHANCE = 0.05


@dataclass(eq=False)
class Racer:
    """One candidate: what calls it, seconds a call by round, and whether the system took the processor away in it."""

    name: str
    call: Callable[..., Any]
    first_seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    disturbed: list[bool] = field(default_factory=list)
    batch: int = 1
    spins: bool = False
    left: bool = False
    #: How its first call began: by "loading" machine code, or by "compiling"; empty where it was not the first.
    starts: str = ""

    def warm_up(self, arguments: Sequence[Any]) -> Any:
        """The result of the first call, which is timed apart; the size of a batch follows from the second."""
        self.first_seconds, result = timed(self.call, arguments)
        if self.first_seconds < 1:
            self.batch = batch_size(timed(self.call, arguments)[0], _BATCH_SECONDS, _MOST_CALLS)
        return result

    def sample(self, rotation: Any) -> None:
        """The time of this round."""
        batch = [next(rotation) for _ in range(self.batch)]
        busy, switches = time.process_time(), _interruptions()
        seconds = timed_batch(self.call, batch)
        self.disturbed.append(_interruptions() > switches)
        self.times.append(seconds / self.batch)
        self.spins = time.process_time() - busy > 1.2 * seconds

    @property
    def seconds(self) -> float:
        """The median of the quiet rounds; where these are too few, what a quarter of all rounds stayed below."""
        quiet = [seconds for seconds, disturbed in zip(self.times, self.disturbed, strict=True) if not disturbed]
        return median(quiet) if len(quiet) >= _LEAST_ROUNDS else sorted(self.times)[len(self.times) // 4]


def race(racers: Sequence[Racer], rotation: Sequence[Sequence[Any]], budget: float, rng: random.Random) -> None:
    """Let everyone run in turns on the arguments of `rotation` until `budget` seconds are spent, or all is clear."""
    end = time.perf_counter() + budget
    turns = cycle(rotation)
    for number in range(_MOST_ROUNDS):
        late = time.perf_counter() - end
        if (number >= _ROUNDS_FOR_ALL and late > 0) or (number >= _LEAST_ROUNDS and late > _MOST_LATE):
            break
        playing = [racer for racer in racers if not racer.left]
        for racer in rng.sample(playing, len(playing)):
            racer.sample(turns)
            if racer.spins:
                wait_for_idle_threads()
        if number + 1 == _ROUNDS_FOR_ALL:
            _dismiss(racers)


def _dismiss(racers: Sequence[Racer]) -> None:
    """Who was slower than the fastest in every round, and by much, has nothing to win."""
    best = min(racers, key=lambda racer: racer.seconds)
    for racer in racers:
        ratios = ratios_of(racer, best)
        racer.left = racer is not best and bool(ratios) and min(ratios) > _HOPELESS


def ratios_of(racer: Racer, other: Racer) -> list[float]:
    """Time over the other's time, of each round that neither was disturbed in, or of all where these are too few."""
    rounds = zip(racer.times, other.times, racer.disturbed, other.disturbed, strict=False)
    ratios = [(mine / its, not (a or b)) for mine, its, a, b in rounds]
    quiet = [ratio for ratio, is_quiet in ratios if is_quiet]
    return quiet if len(quiet) >= _ROUNDS_FOR_ALL else [ratio for ratio, _ in ratios]


def beats(challenger: Racer, incumbent: Racer) -> bool | None:
    """Whether the challenger is faster by the margin; None where the rounds do not tell."""
    if incumbent.left:
        return True
    ratios = ratios_of(challenger, incumbent)
    if len(ratios) < _ROUNDS_FOR_ALL:
        return None
    leads = sum(ratio * MARGIN < 1 for ratio in ratios)
    if median(ratios) * MARGIN < 1 and _by_chance(leads, len(ratios)) <= _CHANCE:
        return True
    clearly_not = sum(ratio * MARGIN >= 1 for ratio in ratios)
    return False if _by_chance(clearly_not, len(ratios)) <= _CHANCE else None


def _by_chance(successes: int, tries: int) -> float:
    """The sign test: how probable so many heads are of a fair coin."""
    return sum(comb(tries, k) for k in range(successes, tries + 1)) / 2**tries


def _interruptions() -> int:
    """How often the system has taken the processor away from this process; 0 where it does not say."""
    return _usage().ru_nivcsw if _usage else 0


def _find_usage() -> Callable[[], Any] | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return lambda: resource.getrusage(resource.RUSAGE_SELF)


_usage = _find_usage()
