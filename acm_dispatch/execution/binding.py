"""A kernel and what surrounds it, from the inside out: threads, finite check, copies, observers, preparation.

This room builds the callable that runs a plan; which kernel that is has been decided before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..backends import registry
from ..backends.backend import Kernel
from ..backends.transfer import device_of, with_transfers
from ..contract.arrays import is_finite, not_finite
from ..contract.declaration import Declaration
from ..errors import DispatchError, described
from ..policy.settings import OWN
from ..selection.choose import NONE_FAILED, Choice, Failed, select
from ..selection.costs import forgone
from ..selection.request import Request
from . import recording, sampling, tracing

Run = Callable[..., Any]


@dataclass(slots=True, eq=False)
class Plan:
    """The answer to a call: the kernel that runs it, which layer decided so, and the callable.

    `call` takes canonical arguments, all of them in the operation's order, and checks nothing.
    """

    operation: str
    backend: str
    kernel: Kernel
    decided_by: str
    declined: dict[str, str]
    call: Run
    #: Whether another call of as much work may need another plan.
    depends_on_sizes: bool

    @property
    def label(self) -> str:
        """The backend, and the kernel's name where it has one of its own."""
        return self.kernel.label(self.backend)

    def __call__(self, *arguments: Any) -> Any:
        """Run the kernel on canonical arguments, all of them in the operation's order."""
        return self.call(*arguments)


def plan_of(request: Request, failed: Failed = NONE_FAILED) -> Plan:
    """The plan that runs a call: of the best kernel that its backend can bind to the threads of the policy.

    Raises
    ------
    BackendError
        If no allowed backend can run the call; names every candidate's reason.
    BackendNotFoundError
        If ``backend=`` names an unknown one.
    """
    while True:
        choice = select(request, failed)
        try:
            return planned(request, choice)
        except (KeyboardInterrupt, DispatchError):
            raise
        except BaseException as error:  # a plugin's `bind` may fail in any way
            failed = {**failed, choice.kernel: f"its kernel cannot be bound to threads ({described(error)})"}


def planned(request: Request, choice: Choice) -> Plan:
    """The plan that runs `choice` with everything around it that this kind of call needs, and nothing it does not."""
    run = choice.kernel.function
    for surround in _SURROUNDINGS:
        run = surround(run, request, choice)
    name, backend = request.call.contract.name, choice.backend.name
    return Plan(name, backend, choice.kernel, choice.decided_by, choice.declined, run, choice.depends_on_sizes)


def reference(contract: Declaration) -> Run:
    """The operation's body behind the checks of its contract."""
    run: Run = contract.run_reference
    return _prepared(_finite_first(run, contract) if contract.nan == "forbid" else run, contract)


def _on_threads(run: Run, request: Request, choice: Choice) -> Run:
    return choice.backend.bind(run, request.lineup.resolved.threads)


def _if_finite(run: Run, request: Request, choice: Choice) -> Run:
    contract = request.call.contract
    return _finite_first(run, contract) if contract.nan == "forbid" and not choice.kernel.checks_finite else run


def _between_copies(run: Run, request: Request, choice: Choice) -> Run:
    kind, backend = request.call.kind, choice.backend
    if kind == backend.arrays:
        return run
    if kind == "numpy":
        return with_transfers(run, backend.to_device, backend.to_host)
    device = device_of(kind)
    return with_transfers(run, device.to_host, device.to_device)


def _observed(run: Run, request: Request, choice: Choice) -> Run:
    level = request.lineup.resolved.trace
    return run if level == "off" else tracing.traced(run, request.call.contract, choice, level)


def _with_preparation(run: Run, request: Request, choice: Choice) -> Run:
    return _prepared(run, request.call.contract)


def _verified(run: Run, request: Request, choice: Choice) -> Run:
    if not request.lineup.resolved.verify or choice.kernel.is_reference:
        return run
    return sampling.verified(run, reference(request.call.contract), request, choice)


def _recorded(run: Run, request: Request, choice: Choice) -> Run:
    return recording.recorded(run, request) if request.lineup.resolved.workload else run


def _tried(run: Run, request: Request, choice: Choice) -> Run:
    settings = request.lineup.resolved
    if settings.tune == "off" or settings.profile != OWN or choice.ranking is None:
        return run
    from . import online  # what most programs never ask for

    return online.trying(run, request, choice, lambda rival: _bare(request, rival))


def _bare(request: Request, choice: Choice) -> Run:
    """The kernel of `choice` with what belongs to its meaning, and without what looks on."""
    run = choice.kernel.function
    for surround in (_on_threads, _if_finite, _with_preparation, _noting_its_start):
        run = surround(run, request, choice)
    return run


def _noting_its_start(run: Run, request: Request, choice: Choice) -> Run:
    """Notes that a compiled kernel has run; all plans are then made anew, without this and with its new cost."""
    backend, kernel = choice.backend, (request.call.contract.name, request.call.dtype)
    compiled = backend.compiled
    if compiled is None or kernel in backend.started:
        return run

    def first(*arguments: Any) -> Any:
        result = run(*arguments)
        if kernel not in backend.started:
            compiled.add(kernel)
            backend.started.add(kernel)
            registry.changed()
        return result

    return first


def _counting_losses(run: Run, request: Request, choice: Choice) -> Run:
    """Adds up what calls lose to a faster kernel that has yet to start; it starts once that is what starting takes."""
    loss = forgone(choice.ranking, choice.backend) if choice.ranking else None
    if loss is None:
        return run
    kernel, lost = (request.call.contract.name, request.call.dtype), loss.backend.forgone

    def counting(*arguments: Any) -> Any:
        before = lost.get(kernel, 0.0)
        lost[kernel] = before + loss.seconds
        if before < loss.start_up <= lost[kernel]:
            registry.changed()
        return run(*arguments)

    return counting


#: What goes around a kernel, each around all before it.
_SURROUNDINGS = (
    *(_on_threads, _if_finite, _between_copies, _observed, _with_preparation, _verified, _tried, _recorded),
    *(_noting_its_start, _counting_losses),
)


def _finite_first(run: Run, contract: Declaration) -> Run:
    """`run` behind a check that no real array holds NaN or infinity."""
    real = [(i, name) for i, name in enumerate(contract.array_names) if not contract.shapes.inputs[i].integer]

    def checked(*arguments: Any) -> Any:
        for i, name in real:
            if arguments[i] is not None and not is_finite(arguments[i]):
                raise not_finite(contract.name, name)
        return run(*arguments)

    return checked


def _prepared(run: Run, contract: Declaration) -> Run:
    """`run` between what the operation makes of its arguments and of its results."""
    prepare, returns = contract.prepare, contract.returns
    if prepare and returns:
        return lambda *arguments: returns(*run(*prepare(*arguments)))
    if prepare:
        return lambda *arguments: run(*prepare(*arguments))
    return (lambda *arguments: returns(*run(*arguments))) if returns else run
