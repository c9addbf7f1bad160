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
from .numpy_backend import numpy_backend, reference_kernel
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
    """A backend that was considered: its kernel and which layer made it the one, or the reason why it is out."""

    backend: Backend
    kernel: Kernel | None
    reason: str | None
    decided_by: str = ""


class Choice(NamedTuple):
    """The answer: the kernel that runs a call, which layer decided so, and why others do not."""

    backend: Backend
    kernel: Kernel
    decided_by: str
    declined: dict[str, str]


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
    for candidate in candidates(request, failed):
        if candidate.kernel is not None:
            return Choice(candidate.backend, candidate.kernel, candidate.decided_by, reasons)
        reasons[candidate.backend.name] = candidate.reason or ""
    raise BackendError(request.call.contract.name, reasons)


def candidates(request: Request, failed: Failed = NONE_FAILED) -> Iterator[Candidate]:
    """Each backend that the policy lets in, best first, looked at only when it is its turn."""
    call, wishes = request
    if call.backend is not None:
        registry.find_backend(call.backend)
    if wishes.disable or call.work == 0:
        decided_by = f"disabled by {wishes.origins['disable']}" if wishes.disable else "nothing to compute"
        yield Candidate(numpy_backend, reference_kernel(call.contract), None, decided_by)
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
    """A backend with its kernel, or with the reason why it is out."""
    if reason := _excluded(request, backend):
        return Candidate(backend, None, reason)
    kernel = registry.kernel_of(backend, request.call.contract.name)
    if isinstance(kernel, str):
        return Candidate(backend, None, kernel)
    reason = failed.get(kernel) or _decline(request, backend, kernel)
    if reason and backend is numpy_backend:  # its fast form declines: the reference never does
        kernel = reference_kernel(request.call.contract)
        reason = failed.get(kernel)
    return Candidate(backend, None if reason else kernel, reason, _decision(request, backend))


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


def _decline(request: Request, backend: Backend, kernel: Kernel) -> str | None:
    call, wishes = request
    if kernel.out_of_use and call.backend is None and wishes.fallback != "error":
        return kernel.out_of_use
    if ACCURACIES.index(kernel.accuracy) > ACCURACIES.index(wishes.accuracy):
        return f"its kernel is {kernel.accuracy}, the policy asks for {wishes.accuracy}"
    if not _named(request, backend) and (reason := costs.too_small(kernel, request.work)):
        return reason
    try:
        return kernel.decline(Call(call.contract.name, call.dtype, request.work, call.options))
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
