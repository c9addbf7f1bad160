"""From a call to the kernel that runs it: candidates in order of preference, each with a kernel or a reason.

This room decides and runs nothing; `binding` puts around a kernel what the call needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from . import costs, registry
from .backend import ACCURACIES, Backend, Call, Kernel
from .bound import BoundCall
from .errors import BackendError, described
from .numpy_backend import numpy_backend
from .wishes import Wishes

#: Kernels that were found unable to run a call, each with the sentence why.
Failed = Mapping[Kernel, str]

NONE_FAILED: Failed = MappingProxyType({})


class Request(NamedTuple):
    """A call, and what the policy asks for."""

    call: BoundCall
    wishes: Wishes

    @property
    def work(self) -> int:
        """The middle of all amounts of work of the same bit length, so that equal plans come from equal keys."""
        return (3 << self.call.work.bit_length()) >> 2


class Candidate(NamedTuple):
    """A backend that was considered: its kernel and which layer made it the one, or the reason why it is out.

    `depends_on_sizes`: whether another call of as much work may be judged otherwise.
    """

    backend: Backend
    kernel: Kernel | None
    reason: str | None
    decided_by: str = ""
    depends_on_sizes: bool = False


class Choice(NamedTuple):
    """The answer: the kernel that runs a call, which layer decided so, and why others do not."""

    backend: Backend
    kernel: Kernel
    decided_by: str
    declined: dict[str, str]
    depends_on_sizes: bool


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
            return Choice(candidate.backend, candidate.kernel, candidate.decided_by, reasons, depends_on_sizes)
    raise BackendError(request.call.contract.name, reasons)


def candidates(request: Request, failed: Failed = NONE_FAILED) -> Iterator[Candidate]:
    """Each backend that the policy lets in, best first, looked at only when it is its turn."""
    call, wishes = request
    if call.backend is not None:
        registry.find_backend(call.backend)
    if wishes.disable or call.work == 0:
        decided_by = f"disabled by {wishes.origins['disable']}" if wishes.disable else "nothing to compute"
        yield Candidate(numpy_backend, numpy_backend.kernels[call.contract.name][-1], None, decided_by)
        return
    for name in _allowed(request):
        yield _judged(request, registry.find_backend(name), failed)


def _allowed(request: Request) -> list[str]:
    call, wishes = request
    if call.backend is not None:
        return [call.backend]
    names = list(dict.fromkeys(wishes.backends))
    if not (wishes.strict and names):
        names += [name for name in costs.ranked(registry.backends().values(), wishes) if name not in names]
    return names


def _judged(request: Request, backend: Backend, failed: Failed) -> Candidate:
    """A backend with the first of its kernels that takes the call, and the reasons why others do not."""
    name = request.call.contract.name
    kernels = _excluded(request, backend) or registry.kernels_of(backend, name)
    if isinstance(kernels, str):
        return Candidate(backend, None, kernels, depends_on_sizes=_may_cross(request, backend))
    call = Call(name, request.call.dtype, request.work, request.call.options, request.call.dims)
    reasons: dict[str, str] = {}
    chosen = None
    for kernel in kernels:
        reason = failed.get(kernel) or _decline(request, backend, kernel, call)
        if reason is None:
            chosen = kernel
            break
        reasons[kernel.name] = reason
    sentences = [f"{name}: {reason}" for name, reason in reasons.items()] if len(kernels) > 1 else [*reasons.values()]
    by_sizes = call.looked_at_sizes or _may_cross(request, backend)
    return Candidate(backend, chosen, "; ".join(sentences) or None, _decision(request, backend), by_sizes)


def _may_cross(request: Request, backend: Backend) -> bool:
    """Whether copies to a device were weighed, which looks at more than the amount of work."""
    return request.wishes.transfer == "auto" and request.call.kind == "numpy" != backend.arrays


def _excluded(request: Request, backend: Backend) -> str | None:
    """What can be said without loading the backend."""
    call, wishes = request
    if backend.name in wishes.exclude:
        return f"excluded by {wishes.origins['exclude']}"
    if call.kind == backend.arrays:
        return None
    if call.kind != "numpy":
        return f"takes {backend.arrays} arrays; this call has {call.kind} arrays, which are never copied silently"
    if _named(request, backend):
        return None
    if wishes.transfer == "never":
        return f'NumPy arrays stay on the CPU unless asked: use("{backend.name}") or transfer="auto"'
    return costs.not_worth_copying(request.work, call.numbers)


def _decline(request: Request, backend: Backend, kernel: Kernel, call: Call) -> str | None:
    wishes = request.wishes
    if kernel.out_of_use and request.call.backend is None and wishes.fallback != "error":
        return kernel.out_of_use
    if ACCURACIES.index(kernel.accuracy) > ACCURACIES.index(wishes.accuracy):
        return f"its kernel is {kernel.accuracy}, the policy asks for {wishes.accuracy}"
    if not _named(request, backend) and (reason := costs.too_small(kernel, request.work)):
        return reason
    try:
        return kernel.decline(call)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a third-party's `supports` may fail in any way
        return f"it cannot say whether it supports the call ({described(error)})"


def _named(request: Request, backend: Backend) -> bool:
    return backend.name == request.call.backend or backend.name in request.wishes.backends


def _decision(request: Request, backend: Backend) -> str:
    """Which layer would make `backend` the one."""
    if request.call.backend is not None:
        return "backend="
    if backend.name in request.wishes.backends:
        return request.wishes.origins["backends"]
    return "only one left" if backend is numpy_backend else "built-in order"
