"""What a lock says of a call: the one kernel that runs it, and what becomes of a call that is not in it."""

from __future__ import annotations

from typing import NamedTuple

from .costs import variant_of
from .locks import Decision
from .request import Request
from .sources import sources


class Said(NamedTuple):
    """Backend and kernel that the lock has for a call, empty where it has none, and why no other may run it."""

    lock: str
    backend: str
    kernel: str
    refusal: str


def said_of(request: Request) -> Said | None:
    """What the file that the policy names says of the call; None where it is no lock."""
    lock = sources(request.lineup.resolved.profile)[0].lock
    if lock is None:
        return None
    asked = decision_of(request)
    found = lock.decision(asked)
    if found is not None:
        return Said(lock.name, found.backend, found.kernel, f"{lock.name} says {found.label}")
    variant = f", {asked.variant}" if asked.variant else ""
    size = f"about {asked.work:,} units of work in {asked.width} columns"
    call = f"{asked.dtype} with {size}{variant}, threads={asked.threads}"
    return Said(lock.name, "", "", f"{lock.name} has no call on {call}")


def decision_of(request: Request, backend: str = "", kernel: str = "") -> Decision:
    """The decision that this kernel runs such calls."""
    call = request.call
    variant = variant_of(call.contract, call.values)
    threads = request.lineup.resolved.threads
    kind = (call.contract.name, call.dtype, threads, variant, request.work, request.width)
    return Decision(*kind, dict(call.options), backend, kernel)
