"""What a choice depends on: the call, and what the policy says of its operation."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..backends.backend import Backend, Kernel
from ..policy.settings import Resolved
from .bound import BoundCall


class Entrant:
    """A backend that the policy lets in, with what holds for every call of one operation."""

    __slots__ = ("backend", "kernels", "named", "refusal")

    def __init__(self, backend: Backend, named: bool, refusal: str | None) -> None:
        self.backend = backend
        #: Whether the caller asked for it by name.
        self.named = named
        #: Why it is out whatever the call.
        self.refusal = refusal
        #: Its kernels in their order, or why there is none; None as long as they were not needed, since they may have
        #: to be imported.
        self.kernels: tuple[Kernel, ...] | str | None = None


class Lineup:
    """What a policy says of one operation: its settings, the backends it prefers, in order, and the others.

    `costs` and `ranked` keep what `acm_dispatch.selection.costs` has worked out, `wrong` which kernels a profile found
    wrong; None as long as nothing asked.
    """

    __slots__ = ("costs", "others", "preferred", "ranked", "resolved", "wrong")

    def __init__(self, resolved: Resolved, preferred: tuple[Entrant, ...], others: tuple[Entrant, ...]) -> None:
        self.resolved = resolved
        self.preferred = preferred
        self.others = others
        self.costs: dict[Any, Any] = {}
        self.ranked: dict[Any, Any] = {}
        self.wrong: dict[tuple[str, str], str] | None = None


class Request(NamedTuple):
    """A call, what the policy says, the middle of all amounts of work of the same bit length, and the nearest width.

    These stand for the call's own, so that equal plans come from equal keys. `warm`: whether kernels that are compiled
    in their first calls count as if they had run.
    """

    call: BoundCall
    lineup: Lineup
    work: int
    width: int
    warm: bool = False
