"""Kernels tried on the caller's own calls, where nothing was measured of such calls: what ``use(tune="auto")`` does.

After a call has run, and while trials have taken less than a tenth of the time that calls have, another kernel runs on
the same arguments, and the chosen one once more for comparison. Once every rival has had its rounds, or is out, the
faster one runs such calls from then on. Each kind of call is tried once.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import isfinite
from statistics import median
from typing import Any, NamedTuple

from ..selection.bound import BoundCall
from ..selection.choose import Choice, candidates
from ..selection.costs import variant_of
from ..selection.curves import Point
from ..selection.machine import facts_of
from ..selection.profile import Entry, Key
from ..selection.request import Request
from .faults import is_request_to_stop
from .timing import batch_size, timed, timed_batch
from .verification import difference

Run = Callable[..., Any]

#: Trials may take this part of the time that calls take.
SHARE = 0.1

#: A rival takes over that is faster by the factor in so many rounds: by chance once in 32 times.
_ROUNDS, _MARGIN = 5, 1.1

#: Who takes so many times longer is not tried again.
_HOPELESS = 2.0

#: Seconds of a round, of quick calls.
_BATCH_SECONDS, _MOST_CALLS = 1e-4, 50

#: How much slower a rival counts as that did not show a lead.
_BEHIND = 1.001


class Ledger:
    """What calls that are tried have taken in this process, and what trials have."""

    def __init__(self) -> None:
        self.calls = 0.0
        self.trials = 0.0
        self.announced = False

    def allows(self, seconds: float) -> bool:
        """Whether a trial of about so many seconds is within the share."""
        return self.trials + seconds <= SHARE * self.calls


class Standing:
    """What is known of a rival: time over the chosen kernel's, by rounds; whether it is out."""

    def __init__(self) -> None:
        self.ratios: list[float] = []
        #: Seconds of the chosen kernel in these rounds.
        self.beside: list[float] = []
        self.seconds: float | None = None
        self.is_out = False

    @property
    def is_settled(self) -> bool:
        """Whether it needs no more rounds."""
        return self.is_out or len(self.ratios) >= _ROUNDS

    @property
    def leads(self) -> bool:
        """Whether it was faster by the margin in every round."""
        return not self.is_out and bool(self.ratios) and max(self.ratios) * _MARGIN < 1


class Rival(NamedTuple):
    """Another kernel that takes the call, and about how long its next call takes."""

    choice: Choice
    run: Run
    standing: Standing
    predicted: float

    @property
    def expected(self) -> float:
        """Seconds of its next call."""
        return self.predicted if self.standing.seconds is None else self.standing.seconds


#: By kind of call and its chosen kernel: how each rival stands; None once it is decided.
_kinds: dict[tuple[Any, ...], dict[tuple[str, str], Standing] | None] = {}
ledger = Ledger()


def trying(run: Run, request: Request, choice: Choice, bare: Callable[[Choice], Run]) -> Run:
    """`run`, after which rivals are tried; just `run` where such calls are known, or no other kernel takes them."""
    if request.call.kind != "numpy" or not _is_alone() or _is_known(request):
        return run
    kind = *_kind(request), choice.backend.name, choice.kernel.name
    standings = _kinds.setdefault(kind, {})
    rivals = _rivals(request, choice, bare, standings) if standings is not None else []
    if not rivals:
        return run
    chosen = bare(choice)

    def tried(*arguments: Any) -> Any:
        seconds, result = timed(run, arguments)
        if threading.current_thread() is threading.main_thread():
            ledger.calls += seconds
            waiting = [rival for rival in rivals if not rival.standing.is_settled]
            if waiting:
                rival = min(waiting, key=lambda each: len(each.standing.ratios))
                _try(rival, chosen, request.call, arguments, result, seconds)
            if _kinds.get(kind) is not None and all(each.standing.is_settled for each in rivals):
                _kinds[kind] = None
                _decide(request, choice, rivals, seconds)
        return result

    return tried


def _kind(request: Request) -> tuple[Any, ...]:
    call, lineup, work, width, _ = request
    variant = variant_of(call.contract, call.values)
    return call.contract.name, call.dtype, variant, lineup.resolved.threads, work, width


def _is_alone() -> bool:
    """Whether this process is no worker of another one: those share the machine, and their time is another's."""
    module = sys.modules.get("multiprocessing.process")
    return module is None or module.parent_process() is None


def _is_known(request: Request) -> bool:
    """Whether this machine's profile has such a call, of work up to twice or half as much."""
    from ..selection.sources import sources

    call = request.call
    about = call.dtype, request.lineup.resolved.threads, variant_of(call.contract, call.values)
    bits = request.work.bit_length()
    for source in sources(request.lineup.resolved.profile):
        for entry in source.entries_of(call.contract) if source.of_this_machine else ():
            if (entry.key.dtype, entry.key.threads, entry.key.variant) == about:
                for work, width, _ in entry.points:
                    if width == request.width and abs(work.bit_length() - bits) <= 1:
                        return True
    return False


def _rivals(
    request: Request, choice: Choice, bare: Callable[[Choice], Run], standings: dict[tuple[str, str], Standing]
) -> list[Rival]:
    """The other kernels that take the call, one of each backend."""
    costs = {entrant.backend.name: cost for entrant, cost in choice.ranking or ()}
    rivals: list[Rival] = []
    for backend, kernel, _, decided_by, by_sizes, ranking in candidates(request):
        if kernel is None or ranking is None or backend is choice.backend:
            continue
        cost = costs[backend.name]
        other = Choice(backend, kernel, decided_by, {}, by_sizes, None)
        predicted = cost.seconds + cost.start_up if isfinite(cost.seconds) else 0.0
        standing = standings.setdefault((backend.name, kernel.name), Standing())
        rivals.append(Rival(other, bare(other), standing, predicted))
    return rivals


def _try(rival: Rival, chosen: Run, call: BoundCall, arguments: Sequence[Any], result: Any, seconds: float) -> None:
    """One round of the rival, if there is time for one; the first is for its start and for its result."""
    standing = rival.standing
    count = batch_size(seconds, _BATCH_SECONDS, _MOST_CALLS)
    first = standing.seconds is None
    if not ledger.allows(rival.expected + seconds if first else count * (rival.expected + seconds)):
        return
    _announce()
    try:
        if first:
            spent, _ = timed(_first_round, (rival, call, arguments, result))
        else:
            spent, _ = timed(_round, (rival, chosen, [arguments] * count))
    except BaseException as error:
        if is_request_to_stop(error):
            raise
        standing.is_out = True
    else:
        ledger.trials += spent


def _announce() -> None:
    """Say once, to who listens, what takes time besides the calls."""
    if ledger.announced:
        return
    ledger.announced = True
    import logging

    logging.getLogger("acm_dispatch").info(
        "tune=auto: other kernels are tried on calls of which nothing was measured here, for up to %.0f %% of their "
        "time; what is faster is kept in this machine's profile",
        100 * SHARE,
    )


def _first_round(rival: Rival, call: BoundCall, arguments: Sequence[Any], result: Any) -> None:
    """The rival's first calls, of which one may load or compile; who gives something else is out."""
    other = rival.run(*arguments)
    rival.standing.seconds, _ = timed(rival.run, arguments)
    accuracy = rival.choice.kernel.accuracy
    rival.standing.is_out = difference(call.contract, arguments, other, result, call.dtype, accuracy) is not None


def _round(rival: Rival, chosen: Run, batch: Sequence[Sequence[Any]]) -> None:
    """Both kernels on the arguments, which lie in the cache for both."""
    own, its = timed_batch(chosen, batch), timed_batch(rival.run, batch)
    standing = rival.standing
    standing.seconds = its / len(batch)
    standing.beside.append(own / len(batch))
    standing.ratios.append(its / own)
    standing.is_out = len(standing.ratios) > 1 and min(standing.ratios) > _HOPELESS


def _decide(request: Request, choice: Choice, rivals: Sequence[Rival], seconds: float) -> None:
    """Keep what the rounds gave, at the place that stands for such calls, so that they go to the fastest."""
    from ..selection.learnt import learn

    beside = [seconds for rival in rivals for seconds in rival.standing.beside] or [seconds]
    seconds = median(beside) * request.work / request.call.work
    entries = [_entry(request, choice, seconds)]
    for rival in rivals:
        if rival.standing.ratios:
            ratio = median(rival.standing.ratios)
            ratio = ratio if rival.standing.leads else max(ratio, _BEHIND)
            entries.append(_entry(request, rival.choice, seconds * ratio))
    learn(entries)


def _entry(request: Request, choice: Choice, seconds: float) -> Entry:
    contract, dtype, variant, threads, work, width = _kind(request)
    return Entry(
        Key(contract, choice.backend.name, choice.kernel.name, dtype, threads, variant),
        facts_of(choice.backend),
        request.call.contract.work,
        datetime.now(UTC).date().isoformat(),
        (Point(work, width, seconds),),
        importing=choice.backend.importing if choice.backend.compiled is not None else 0.0,
    )
