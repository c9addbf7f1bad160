"""From a call to the kernel that runs it: candidates in order of preference, each with a kernel or a reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from . import costs, registry
from .arrays import is_finite, not_finite
from .backend import ACCURACIES, Backend, Call, Kernel, reason_of
from .declaration import Declaration
from .errors import BackendError
from .numpy_backend import reference_kernel
from .transfer import device_of, with_transfers
from .wishes import Wishes


class Request(NamedTuple):
    """Everything a choice may depend on. `work` stands for its bucket, so that equal plans come from equal keys."""

    operation: Declaration
    kind: str
    dtype: str
    work: int
    numbers: int
    options: dict[str, Any]
    wishes: Wishes
    keyword: str | None


class Candidate(NamedTuple):
    """A backend that was considered: its kernel, or the reason why it is out."""

    backend: Backend
    kernel: Kernel | None
    reason: str | None


class Plan(NamedTuple):
    """The answer: who runs the call, who decided so, and the callable that takes canonical arguments."""

    operation: str
    backend: str
    decided_by: str
    call: Callable[..., Any]
    declined: dict[str, str]

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel on canonical arguments, all of them in the operation's order."""
        return self.call(*arguments)


def representative(bits: int) -> int:
    """The amount of work that stands for all of the same bit length: the middle of the bucket."""
    return (3 << bits) >> 2


def select(request: Request, declined: dict[str, str] | None = None) -> Plan:
    """The plan for a call.

    Parameters
    ----------
    request : Request
    declined : dict, optional
        Backends already found unable at run time, with their sentences.

    Raises
    ------
    BackendError
        If no allowed backend can run the call; names every candidate's reason.
    BackendNotFoundError
        If ``backend=`` names an unknown one.
    """
    reasons: dict[str, str] = {}
    for candidate in candidates(request, declined or {}):
        if candidate.reason is None and candidate.kernel is not None:
            return Plan(
                request.operation.name,
                candidate.backend.name,
                decision(request, candidate.backend.name),
                _bound(request, candidate.backend, candidate.kernel),
                reasons,
            )
        reasons[candidate.backend.name] = candidate.reason or ""
    raise BackendError(request.operation.name, reasons)


def candidates(request: Request, declined: dict[str, str]) -> Iterator[Candidate]:
    """Each backend that the policy lets in, best first, looked at only when it is its turn."""
    if request.keyword is not None:
        registry.find_backend(request.keyword)
    if request.wishes.disable or request.work == 0:
        names = ["numpy"]
    elif request.keyword is not None:
        names = [request.keyword]
    else:
        names = list(dict.fromkeys(request.wishes.backends))
        if not (request.wishes.strict and names):
            names += [name for name in costs.ranked(registry.backends().values(), request.wishes) if name not in names]
    for name in names:
        backend = registry.find_backend(name)
        reason = reason_of(declined[name]) if name in declined else _excluded(request, backend)
        kernel = reason or registry.kernel_of(backend, request.operation.name)
        if isinstance(kernel, str):
            yield Candidate(backend, None, kernel)
            continue
        reason = _decline(request, backend, kernel)
        if reason and name == "numpy":  # its fast form declines: the reference never does
            kernel, reason = reference_kernel(request.operation), None
        yield Candidate(backend, kernel, reason)


def _excluded(request: Request, backend: Backend) -> str | None:
    """What can be said without loading the backend."""
    wishes = request.wishes
    if backend.name in wishes.exclude and request.work and not wishes.disable:
        return f"excluded by {wishes.origins['exclude']}"
    if request.kind == backend.arrays or request.work == 0:
        return None
    if request.kind != "numpy":
        return f"takes {backend.arrays} arrays; this call has {request.kind} arrays, which are never copied silently"
    if _named(request, backend.name):
        return None
    if wishes.transfer == "never":
        return f'NumPy arrays stay on the CPU unless asked: use("{backend.name}") or transfer="auto"'
    return costs.not_worth_copying(request.work, request.numbers)


def _decline(request: Request, backend: Backend, kernel: Kernel) -> str | None:
    accuracy = request.wishes.accuracy
    if ACCURACIES.index(kernel.accuracy) > ACCURACIES.index(accuracy):
        return f"its kernel is {kernel.accuracy}, the policy asks for {accuracy}"
    if not _named(request, backend.name) and (reason := costs.too_small(kernel, request.work)):
        return reason
    try:
        return kernel.decline(Call(request.operation.name, request.dtype, request.work, request.options))
    except Exception as error:  # a stranger's `supports` may fail in any way
        return f"it cannot say whether it supports the call ({type(error).__name__}: {error})"


def _named(request: Request, backend: str) -> bool:
    return backend == request.keyword or backend in request.wishes.backends


def decision(request: Request, backend: str) -> str:
    """Which layer made `backend` the one."""
    if request.wishes.disable:
        return f"disabled by {request.wishes.origins['disable']}"
    if request.work == 0:
        return "nothing to compute"
    if request.keyword is not None:
        return "backend="
    if backend in request.wishes.backends:
        return request.wishes.origins["backends"]
    return "only one left" if backend == "numpy" else "built-in order"


def _bound(request: Request, backend: Backend, kernel: Kernel) -> Callable[..., Any]:
    """The kernel with everything around it that this kind of call needs, and nothing that it does not."""
    operation = request.operation
    if request.work == 0 or request.wishes.disable:
        call = operation.run_reference
    else:
        call = backend.bind(kernel.function, request.wishes.threads)
    if operation.nan == "forbid" and not kernel.checks_finite and request.work:
        call = finite_first(call, operation)
    if request.kind == backend.arrays:
        return call
    if request.kind == "numpy":
        return with_transfers(call, backend.to_device, backend.to_host)
    device = device_of(request.kind)
    return with_transfers(call, device.to_host, device.to_device)


def finite_first(call: Callable[..., Any], operation: Declaration) -> Callable[..., Any]:
    """`call` behind a check that no real array holds NaN or infinity."""
    real = [(i, name) for i, name in enumerate(operation.array_names) if not operation.shapes.inputs[i].integer]

    def checked(*arguments: Any) -> Any:
        for i, name in real:
            if arguments[i] is not None and not is_finite(arguments[i]):
                raise not_finite(operation.name, name)
        return call(*arguments)

    return checked
