"""What becomes of an exception of a kernel: the next kernel runs the call, or the exception goes on.

A decline (`Unsupported`) always goes to the next candidate. An error that the kernel should not have raised does, too,
unless the policy says ``fallback="error"`` or the call names its backend; where another kernel then runs the call, the
one that failed is out of use for the rest of the process.
"""

from __future__ import annotations

from typing import Any, NoReturn

from ..backends import registry
from ..backends.backend import Kernel
from ..errors import BackendError, InvalidInput, Unsupported, described, shortened, warn
from ..selection.bound import BoundCall
from ..selection.request import Request
from .binding import Plan, plan_of
from .faults import is_fault


def recover(error: BaseException, plan: Plan, request: Request) -> Any:
    """The result of the next kernel that can run the call of `plan`, which raised `error`.

    Raises
    ------
    BaseException
        `error`, where it is none of the kernel's own or the policy wants to see it; also where every other kernel
        fails: then the call is at fault. `InvalidInput` where another kernel finds the call wrong.
    BackendError
        If all kernels decline.
    """
    failed: dict[Kernel, str] = {}
    faults: list[tuple[Plan, BaseException]] = []
    while True:
        if isinstance(error, Unsupported):
            failed[plan.kernel] = shortened(str(error)) or "declined, without saying why"
        elif _goes_on(error, plan, request):
            faults.append((plan, error))
            failed[plan.kernel] = f"raised {described(error)}"
        else:
            _raise(error, plan, request.call, faults)
        try:
            plan = plan_of(request, failed)
        except BackendError as nothing_left:
            _raise(nothing_left, plan, request.call, faults)
        try:
            result = plan.call(*request.call.values)
        except BaseException as next_error:
            error = next_error
        else:
            for failing, fault in faults:
                _take_out_of_use(failing, fault, plan, request)
            return result


def _goes_on(error: BaseException, plan: Plan, request: Request) -> bool:
    if plan.kernel.is_reference:  # the operation's own meaning: what it raises is the call's fault
        return False
    return request.call.backend is None and request.lineup.resolved.fallback != "error" and is_fault(error)


def _raise(error: BaseException, plan: Plan, call: BoundCall, faults: list[tuple[Plan, BaseException]]) -> NoReturn:
    """Raise what tells the caller most: that the call is wrong, else the first kernel's error."""
    if faults and isinstance(error, Exception) and not isinstance(error, InvalidInput):
        plan, error = faults[0]
    if not isinstance(error, InvalidInput | BackendError) and (isinstance(error, Exception) or is_fault(error)):
        error.add_note(f"raised by backend {plan.backend!r} in acm_dispatch operation {call.contract.name!r}")
    raise error


def _take_out_of_use(failing: Plan, fault: BaseException, plan: Plan, request: Request) -> None:
    """Other kernels run such calls from now on; the first thread to notice warns."""
    if failing.kernel.out_of_use:
        return
    failing.kernel.out_of_use = f"out of use in this process since it raised {described(fault)}"
    registry.changed()
    if request.lineup.resolved.fallback == "warn":
        call = request.call
        sizes = ", ".join(f"{name} = {size}" for name, size in call.dims.items())
        warn(
            f"{call.contract.name}: the kernel {failing.label} failed on {call.dtype} with {sizes} "
            f"({described(fault)}). {plan.label} ran the call, and the kernel is out of use in this process. "
            f'Please report this to the authors of the backend; `fallback="error"` shows where it comes from',
        )
