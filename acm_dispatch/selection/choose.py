"""From a call to the kernel that runs it: candidates in order of preference, each with a kernel or a reason.

This room decides and runs nothing; `binding` puts around a kernel what the call needs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ..backends import registry
from ..backends.backend import ACCURACIES, REAL, Backend, Call, Kernel, reason_of
from ..backends.numpy import numpy_backend
from ..contract.widths import WIDEST, WIDTHS
from ..errors import BackendError, described
from ..policy.layers import Policy
from ..policy.resolved import resolved
from ..policy.settings import BUNDLED, OWN, Resolved
from . import costs
from .bound import BoundCall
from .request import Entrant, Lineup, Request

if TYPE_CHECKING:
    from .locked import Said

#: Kernels that were found unable to run a call, each with the sentence why.
Failed = Mapping[Kernel, str]

NONE_FAILED: Failed = MappingProxyType({})


class Candidate(NamedTuple):
    """A backend that was considered: its kernel and which layer made it the one, or the reason why it is out.

    `depends_on_sizes`: whether another call of as much work may be judged otherwise. `ranking`: what it and others
    cost, where it was not asked for by name.
    """

    backend: Backend
    kernel: Kernel | None
    reason: str | None
    decided_by: str = ""
    depends_on_sizes: bool = False
    ranking: costs.Ranking | None = None


class Choice(NamedTuple):
    """The answer: the kernel that runs a call, which layer decided so, and why others do not."""

    backend: Backend
    kernel: Kernel
    decided_by: str
    declined: dict[str, str]
    depends_on_sizes: bool
    ranking: costs.Ranking | None


def select(request: Request, failed: Failed = NONE_FAILED) -> Choice:
    """The kernel for a call.

    Parameters
    ----------
    request : Request
    failed : mapping, optional
        Kernels already found unable at run time, with their sentences.

    Raises
    ------
    BackendError
        If no allowed backend can run the call; names every candidate's reason.
    BackendNotFoundError
        If ``backend=`` names an unknown one.
    """
    reasons: dict[str, str] = {}
    depends_on_sizes = False
    for candidate in candidates(request, failed):
        depends_on_sizes |= candidate.depends_on_sizes
        if candidate.reason:
            reasons[candidate.backend.name] = candidate.reason
        if candidate.kernel is not None:
            backend, decided_by = candidate.backend, candidate.decided_by
            return Choice(backend, candidate.kernel, decided_by, reasons, depends_on_sizes, candidate.ranking)
    raise BackendError(request.call.contract.name, reasons)


def requested(call: BoundCall, policy: Policy) -> Request:
    """The call with what `policy` says of its operation, which is worked out once."""
    lineups = policy.lineups
    name = call.contract.name
    lineup = lineups.get(name)
    if lineup is None:
        lineup = lineups[name] = _lineup(resolved(policy, name), ())
    if call.backend is not None:
        lineup = _lineup(lineup.resolved, (call.backend,))
    # `nearest_width`, without a module more in the first call of its kind.
    width = WIDTHS[bisect_left(WIDEST, call.dims.get(call.contract.width, 1))]
    return Request(call, lineup, (3 << call.work.bit_length()) >> 2, width)


def _lineup(settings: Resolved, keyword: tuple[str, ...]) -> Lineup:
    names = keyword or tuple(dict.fromkeys(settings.backends))
    refusals = dict.fromkeys(settings.exclude, f"excluded by {settings.origins.get('exclude')}")
    alone = keyword or (settings.strict and names)
    others = [
        backend
        for name, backend in registry.backends().items()
        if not alone and name not in names and backend.engine is None  # those with one have no kernels
    ]
    return Lineup(
        settings,
        tuple(Entrant(registry.find_backend(name), True, refusals.get(name)) for name in names),
        tuple(Entrant(backend, False, refusals.get(backend.name)) for backend in others),
    )


def candidates(request: Request, failed: Failed = NONE_FAILED) -> Iterator[Candidate]:
    """Each backend that the policy lets in, best first, looked at only when it is its turn."""
    call, lineup, *_ = request
    settings = lineup.resolved
    if settings.disable or call.work == 0:
        decided_by = f"disabled by {settings.origins['disable']}" if settings.disable else "nothing to compute"
        yield Candidate(numpy_backend, numpy_backend.kernels[call.contract.name][-1], None, decided_by)
        return
    for entrant in lineup.preferred:
        decided_by = "backend=" if call.backend is not None else settings.origins["backends"]
        yield _judged(request, entrant, failed, decided_by)
    ranking = costs.ranked(request) if lineup.others else []
    if ranking and settings.profile not in (OWN, BUNDLED):
        from .locked import said_of  # what most programs never have

        if said := said_of(request):
            yield from _by_lock(request, said, ranking, failed)
            return
    for entrant, estimate in ranking:
        yield _judged(request, entrant, failed, estimate.origin, ranking)


def _by_lock(request: Request, said: Said, ranking: costs.Ranking, failed: Failed) -> Iterator[Candidate]:
    """The kernel that the lock names; then, if it cannot run the call, what the policy says of such calls."""
    locked = [entrant for entrant, _ in ranking if entrant.backend.name == said.backend]
    found = [_judged(request, entrant, failed, said.lock, only=said.kernel) for entrant in locked]
    yield from found
    strict = request.lineup.resolved.on_missing == "error"
    for entrant, estimate in ranking:
        if entrant in locked and (strict or found[0].kernel is not None):
            continue
        if strict:
            yield Candidate(entrant.backend, None, said.refusal)
        else:
            yield _judged(request, entrant, failed, estimate.origin, ranking)


def _judged(
    request: Request,
    entrant: Entrant,
    failed: Failed,
    decided_by: str,
    ranking: costs.Ranking | None = None,
    only: str = "",
) -> Candidate:
    """A backend with the first of its kernels (or the `only` one) that takes the call, and why others do not."""
    backend = entrant.backend
    if reason := entrant.refusal or (request.call.kind != backend.arrays and _stays(request, entrant)):
        return Candidate(backend, None, reason, decided_by, _may_cross(request, entrant))
    kernels = entrant.kernels
    if kernels is None:
        kernels = entrant.kernels = registry.kernels_of(backend, request.call.contract.name)
    if isinstance(kernels, str):
        return Candidate(backend, None, kernels, decided_by)
    if only and not (kernels := tuple(kernel for kernel in kernels if kernel.name == only)):
        return Candidate(backend, None, f"has no kernel {only}", decided_by)
    looks: list[Call] = []
    reasons: dict[str, str] = {}
    for kernel in kernels:
        reason = failed.get(kernel) or _decline(request, entrant, kernel, looks)
        if reason is None:
            break
        reasons[kernel.name] = reason
    else:
        kernel = None
    told = [f"{name}: {reason}" if len(kernels) > 1 else reason for name, reason in reasons.items()] if reasons else []
    by_sizes = (bool(looks) and any(look.looked_at_sizes for look in looks)) or _may_cross(request, entrant)
    return Candidate(backend, kernel, "; ".join(told) or None, decided_by, by_sizes, ranking)


def _stays(request: Request, entrant: Entrant) -> str | None:
    """Why the call's arrays do not go to another device than theirs, or None if they may."""
    kind, arrays = request.call.kind, entrant.backend.arrays
    if kind != "numpy":
        return f"takes {arrays} arrays; this call has {kind} arrays, which are never copied silently"
    if entrant.named:
        return None
    if request.lineup.resolved.transfer == "never":
        return f'NumPy arrays stay on the CPU unless asked: use("{entrant.backend.name}") or transfer="auto"'
    return costs.not_worth_copying(request.work, request.call.numbers)


def _may_cross(request: Request, entrant: Entrant) -> bool:
    """Whether copies to a device were weighed, which looks at more than the amount of work."""
    return entrant.backend.arrays != "numpy" and request.lineup.resolved.transfer == "auto" and not entrant.named


def _decline(request: Request, entrant: Entrant, kernel: Kernel, looks: list[Call]) -> str | None:
    call, settings = request.call, request.lineup.resolved
    if kernel.out_of_use and call.backend is None and settings.fallback != "error":
        return kernel.out_of_use
    if call.backend is None and (wrong := costs.wrong(request, entrant.backend, kernel)):
        return wrong
    if kernel.accuracy != "bitwise" and ACCURACIES.index(kernel.accuracy) > ACCURACIES.index(settings.accuracy):
        return f"its kernel is {kernel.accuracy}, the policy asks for {settings.accuracy}"
    if kernel.opt_in and not entrant.named:
        return "runs only where its backend is named"
    if call.dtype not in kernel.dtypes and call.dtype in REAL:
        return f"{call.dtype} is not supported"
    if kernel.supports is None:
        return None
    look = Call(call.contract.name, call.dtype, request.work, call.options, call.dims)
    looks.append(look)
    try:
        return reason_of(kernel.supports(look))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a third-party's `supports` may fail in any way
        return f"it cannot say whether it supports the call ({described(error)})"
