"""Who can run a cell: the kernel of each backend, bound as a plan would have it and checked before it is timed."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any, NamedTuple

from ..backends import registry
from ..backends.backend import Backend, Kernel
from ..errors import BackendError, InvalidInput, Unsupported, described
from ..execution.binding import planned, reference
from ..execution.dispatch import Operation
from ..execution.verification import difference
from ..policy.layers import current_policy
from ..policy.scopes import use
from ..selection.bound import BoundCall
from ..selection.choose import candidates, requested, select
from ..selection.costs import ranked
from .racing import Racer


class Candidate(NamedTuple):
    """A kernel in the race."""

    backend: Backend
    kernel: Kernel
    racer: Racer


def usable_backends(names: Iterable[str] | None = None) -> list[Backend]:
    """The backends that take NumPy arrays and can run here; of those named all, or an error.

    Raises
    ------
    BackendNotFoundError
        If a name is unknown.
    """
    found = [registry.find_backend(name) for name in names] if names else list(registry.backends().values())
    return [backend for backend in found if backend.arrays == "numpy" and registry.unusable(backend) is None]


def candidate_of(call: BoundCall, backend: Backend, threads: int) -> Candidate:
    """The backend's kernel for the call.

    Raises
    ------
    BackendError
        If it has none that takes it.
    """
    with use(backend.name, strict=True, threads=threads, fallback="error"):
        request = requested(call, current_policy())
        choice = select(request)
        return Candidate(backend, choice.kernel, Racer(backend.name, planned(request, choice).call))


def candidates_of(call: BoundCall, backends: Sequence[Backend], threads: int) -> list[Candidate]:
    """The kernels that take the call unasked, one of each backend."""
    found: list[Candidate] = []
    for backend in backends:
        try:
            candidate = candidate_of(call, backend, threads)
        except BackendError:
            continue
        if not candidate.kernel.opt_in:
            found.append(candidate)
    return found


def incumbent_of(call: BoundCall, threads: int, able: Container[str]) -> str | None:
    """Of the backends that are able to run the call the one that does as things stand; None where none of them may."""
    with use(threads=threads):
        found = candidates(requested(call, current_policy()))
        names = (each.backend.name for each in found if each.kernel is not None)
        return next((name for name in names if name in able), None)


def predicted(call: BoundCall, threads: int) -> dict[str, float]:
    """What the call takes on each backend, as far as profiles say: infinite where they do not."""
    with use(threads=threads):
        return {entrant.backend.name: cost.seconds for entrant, cost in ranked(requested(call, current_policy()))}


def fault_of(operation: Operation, candidate: Candidate, call: BoundCall) -> str | None:
    """The sentence why the candidate's result is wrong, or None; its first call, which may compile.

    Raises
    ------
    InvalidInput
        If the arguments break the contract.
    Unsupported
        If the kernel declines them.
    """
    if candidate.kernel.is_reference:
        candidate.racer.warm_up(call.values)
        return None
    expected = reference(operation)(*call.values)
    try:
        result = candidate.racer.warm_up(call.values)
    except (InvalidInput, Unsupported):
        raise
    except Exception as error:  # a kernel may fail in any way
        return f"raised {described(error)}"
    return difference(operation, call.values, result, expected, call.dtype, candidate.kernel.accuracy)


def rotated(values: Sequence[Any], nbytes: int) -> list[list[Any]]:
    """Copies of the arguments that together fill more than a second-level cache, so that none is found there."""
    copies = max(1, min(_MOST_COPIES, _CACHE_BYTES // max(nbytes, 1)))
    first = list(values)
    return [first, *([_copied(value) for value in values] for _ in range(copies - 1))]


_CACHE_BYTES, _MOST_COPIES = 1 << 21, 8


def _copied(value: Any) -> Any:
    return value.copy() if hasattr(value, "copy") and hasattr(value, "dtype") else value
