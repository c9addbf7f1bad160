"""What running a call somewhere costs: seconds, predicted from profiles, and where the figure comes from.

The strongest profile that knows an operation speaks: the one that the policy names, this user's of this machine, that
of the environment, those that backends bring, and the bundled one whose machine is nearest. What only weaker ones know
(a backend that was never measured here, sizes that were left out) is taken from them relative to NumPy's kernel, which
every profile has.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from ..backends.backend import Backend, Kernel
from ..backends.numpy import numpy_backend
from .curves import Curve, Point
from .request import Entrant, Request

if TYPE_CHECKING:
    from ..contract.declaration import Declaration
    from .profile import Entry, Key
    from .sources import Source

#: A GPU pays for host arrays only where each number that crosses the bus is used many times: distances, not means.
_WORK_PER_NUMBER = 1024

#: Seconds by work and width.
_Points = dict[tuple[int, int], float]


class Estimate(NamedTuple):
    """About how long a call takes on a backend once it has started, what starting takes, and what says so."""

    seconds: float
    origin: str
    start_up: float = 0.0

    def __str__(self) -> str:
        start = f", {_told(self.start_up)} more the first time" if self.start_up else ""
        return f"predicted {_told(self.seconds)}{start} ({self.origin})"


def _told(seconds: float) -> str:
    """Three digits and a unit that one can read."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


UNMEASURED = Estimate(inf, "not measured")

#: Where arrays may cross to a device at all, it has been weighed whether that pays.
_DEVICE = Estimate(0.0, "the rule for devices")


#: Backends by what they cost, the fastest first.
Ranking = list[tuple[Entrant, Estimate]]


class Cost(NamedTuple):
    """What is known of a backend's kernels for calls of one operation, dtype and variant, on so many threads."""

    curve: Curve
    origin: str
    importing: float
    loading: float
    compiling: float


def ranked(request: Request) -> Ranking:
    """The backends that were not asked for by name, the fastest first; what is not measured comes after what is.

    NumPy, which can always run a call, is the last of those of which nothing is known.
    """
    call = request.call
    variant = variant_of(call.contract, call.values)
    place = request.work, request.width, call.dtype, variant, request.warm
    found = request.lineup.ranked.get(place)
    if found is None:
        costs = costs_of(request.lineup, call.contract, call.dtype, variant)
        pairs = [
            (entrant, estimate(request, costs.get(entrant.backend.name), entrant)) for entrant in request.lineup.others
        ]
        found = request.lineup.ranked[place] = sorted(pairs, key=_order)
    return found


def predictions(request: Request) -> dict[str, Estimate]:
    """What the call takes on each backend of which something is known, those asked for by name included."""
    call, lineup = request.call, request.lineup
    if call.work == 0 or lineup.resolved.disable:
        return {}
    known = costs_of(lineup, call.contract, call.dtype, variant_of(call.contract, call.values))
    entrants = {entrant.backend.name: entrant for entrant in (*lineup.preferred, *lineup.others)}
    return {name: estimate(request, known[name], each) for name, each in entrants.items() if name in known}


def _order(pair: tuple[Entrant, Estimate]) -> tuple[float, bool, str]:
    entrant, cost = pair
    return cost.seconds + cost.start_up, entrant.backend is numpy_backend, entrant.backend.name


def estimate(request: Request, cost: Cost | None, entrant: Entrant) -> Estimate:
    """What a call costs on a backend of which `cost` is known."""
    if cost is None:
        return _DEVICE if entrant.backend.arrays != "numpy" else UNMEASURED
    seconds = cost.curve.seconds(request.work, request.width)
    name, dtype = request.call.contract.name, request.call.dtype
    return Estimate(seconds, cost.origin, 0.0 if request.warm else _start_up(entrant.backend, cost, name, dtype))


def _start_up(backend: Backend, cost: Cost, operation: str, dtype: str) -> float:
    """Seconds that the first call takes more than others: none where the kernel has run, or has cost as much unused."""
    if backend.compiled is None or (operation, dtype) in backend.started:
        return 0.0
    importing = 0.0 if backend.is_loaded else cost.importing
    price = importing + (cost.loading if (operation, dtype) in backend.compiled else cost.compiling)
    return 0.0 if backend.forgone.get((operation, dtype), 0.0) >= price else price


class Forgone(NamedTuple):
    """What a call loses because a faster kernel, whose start it does not pay for, did not run it."""

    backend: Backend
    seconds: float
    start_up: float


def forgone(ranking: Ranking, chosen: Backend) -> Forgone | None:
    """The loss of a call that `chosen` runs; None where nothing that has to start would be faster.

    Once so much has been lost as the start takes, the kernel starts: in all, calls never take more than twice what
    they would have with the better of the two choices from the beginning.
    """
    its, found = inf, None
    for entrant, cost in ranking:
        if entrant.backend is chosen:
            its = cost.seconds
    for entrant, cost in ranking:
        if cost.start_up and cost.seconds < its < inf and (found is None or cost.seconds < its - found.seconds):
            found = Forgone(entrant.backend, its - cost.seconds, cost.start_up)
    return found


def costs_of(lineup: Any, contract: Declaration, dtype: str, variant: str) -> dict[str, Cost]:
    """What is known of each backend's kernels, put together once."""
    known = lineup.costs.get((dtype, variant))
    if known is None:
        from .sources import sources

        found = sources(lineup.resolved.profile)
        known = lineup.costs[dtype, variant] = together(found, contract, dtype, variant, lineup.resolved.threads)
    return known


def wrong(request: Request, backend: Backend, kernel: Kernel) -> str | None:
    """The sentence that a profile found the kernel's results to differ from the reference's, or None."""
    lineup = request.lineup
    if lineup.wrong is None:
        from .sources import sources

        found = [source.wrong_kernels(request.call.contract.name) for source in sources(lineup.resolved.profile)]
        lineup.wrong = {kernel: sentence for each in reversed(found) for kernel, sentence in each.items()}
    return lineup.wrong.get((backend.name, kernel.name))


def together(
    sources: tuple[Source, ...], contract: Declaration, dtype: str, variant: str, threads: int
) -> dict[str, Cost]:
    """The costs that the sources know, the strongest first, each of the weaker brought to the scale of those before.

    A backend that was measured on another variant or dtype alone counts relative to NumPy's kernels of the same.
    """
    told = [(source, source.entries_of(contract)) for source in sources]
    alike = _most_alike([entry.key for _, entries in told for entry in entries], dtype, variant)
    costs: dict[str, Cost] = {}
    for backend, form in sorted(alike.items(), key=lambda pair: pair[0] != "numpy"):  # by which others are scaled
        points: _Points = {}
        measured: list[tuple[Source, list[Entry]]] = []
        for source, entries in told:
            if own := _of(entries, backend, form, threads):
                theirs, numpys = _points(own), _points(_of(entries, "numpy", form, threads))
                if form != alike.get("numpy", form):
                    theirs = _translated(theirs, numpys, costs["numpy"].curve)
                    numpys = {}
                factor = _ratio(points, theirs) or _lengthening(costs.get("numpy"), numpys)
                points = {place: s * factor for place, s in theirs.items()} | points
                measured.append((source, own))
        source, own = measured[0]
        origin = f"{source.name} of {max(entry.measured for entry in own)}"
        costs[backend] = Cost(_curve(points), origin, *_starts([own for _, own in measured]))
    return costs


def _most_alike(keys: Iterable[Key], dtype: str, variant: str) -> dict[str, tuple[str, str]]:
    """By backend the dtype and the variant that say most of such calls: those of the call where any source has them.

    The variant goes first: it may be another algorithm.
    """
    parts = set(variant.split())

    def unlikeness(key: Key) -> tuple[int, bool, str, str]:
        return len(parts ^ set(key.variant.split())), key.dtype != dtype, key.variant, key.dtype

    found: dict[str, Key] = {}
    for key in keys:
        known = found.get(key.backend)
        if known is None or unlikeness(key) < unlikeness(known):
            found[key.backend] = key
    return {backend: (key.dtype, key.variant) for backend, key in found.items()}


def _of(entries: list[Entry], backend: str, form: tuple[str, str], threads: int) -> list[Entry]:
    """The entries of a backend, a dtype and a variant, the nearest number of threads first."""
    own = [each for each in entries if each.key.backend == backend and (each.key.dtype, each.key.variant) == form]
    return sorted(own, key=lambda entry: _distance(entry.key.threads, threads))


def _distance(measured: int, threads: int) -> tuple[bool, int]:
    return measured > threads, abs(measured - threads)


def _points(entries: list[Entry]) -> _Points:
    """Seconds by place: of the nearest number of threads that has it, on the fastest kernel."""
    found: _Points = {}
    threads: dict[tuple[int, int], int] = {}
    for entry in entries:
        for work, width, seconds in entry.points:
            place = work, width
            if threads.setdefault(place, entry.key.threads) == entry.key.threads:
                found[place] = min(seconds, found.get(place, inf))
    return found


def _curve(points: _Points) -> Curve:
    return Curve(Point(*place, seconds) for place, seconds in points.items())


def _ratio(strong: _Points, weak: _Points) -> float | None:
    """How much longer things take by the stronger source than by the weaker one; None where they do not meet."""
    if not strong or not weak:
        return None
    curve = _curve(weak)
    ratios = sorted(seconds / curve.seconds(*place) for place, seconds in strong.items())
    return ratios[len(ratios) // 2]


def _translated(theirs: _Points, numpys: _Points, numpy: Curve) -> _Points:
    """What a backend takes for another variant: in its places as many times NumPy's time as for the one measured."""
    if not numpys:
        return theirs
    measured = _curve(numpys)
    return {place: s * numpy.seconds(*place) / measured.seconds(*place) for place, s in theirs.items()}


def _lengthening(numpy: Cost | None, measured: _Points) -> float:
    """How much longer NumPy takes by the strongest source than by one that has measured a backend."""
    if numpy is None or not measured:
        return 1.0
    ratios = sorted(numpy.curve.seconds(*place) / seconds for place, seconds in measured.items())
    return ratios[len(ratios) // 2]


def _starts(measured: list[list[Entry]]) -> tuple[float, float, float]:
    """What importing, loading and compiling take by the strongest source that saw it: not every run starts cold."""
    each = [
        (max(e.importing for e in own), max(e.loading for e in own), max(e.compiling for e in own)) for own in measured
    ]
    importing, loading, compiling = (next((starts[i] for starts in each if starts[i]), 0.0) for i in range(3))
    return importing, loading, compiling


def variant_of(contract: Declaration, values: list[Any]) -> str:
    """What of the arguments makes a call another task, apart from their sizes.

    These are arrays that may be left out and are not, and words and switches that are not as by default.
    """
    parts = [
        name
        for name, value in zip(contract.array_names, values, strict=False)
        if name in contract.defaults and value is not None
    ]
    for name, value in zip(contract.option_names, values[len(contract.array_names) :], strict=True):
        if isinstance(value, str | bool) and value != contract.defaults.get(name, value):
            parts.append(f"{name}={value}")
    return " ".join(parts)


def not_worth_copying(work: int, numbers: int) -> str | None:
    """Why arrays of `numbers` elements should not cross to a GPU and back for `work`, or None."""
    if work >= _WORK_PER_NUMBER * numbers:
        return None
    return f"copying {numbers:,} numbers to the GPU and back costs more than {work:,} units of work there save"
