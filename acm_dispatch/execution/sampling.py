"""One call in so many computed by the reference, too: what ``use(verify=0.01)`` puts around a kernel."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from ..backends import registry
from ..backends.transfer import to_host
from ..errors import warn
from ..selection.choose import Choice
from ..selection.request import Request
from . import tracing
from .verification import difference

Run = Callable[..., Any]

#: Of the whole process, so that a program that makes few calls of each kind is verified as well.
_calls = count()


def verified(run: Run, reference: Run, request: Request, choice: Choice) -> Run:
    """`run`, of which calls are counted and every so many-th is held against the operation's contract.

    Where the result breaks it, the caller gets the reference's, and the kernel is out of use in this process.
    """
    call, every = request.call, round(1 / request.lineup.resolved.verify)

    def verifying(*arguments: Any) -> Any:
        result = run(*arguments)
        if next(_calls) % every:
            return result
        expected = reference(*map(to_host, arguments))
        sentence = difference(call.contract, arguments, result, expected, call.dtype, choice.kernel.accuracy)
        if sentence is None:
            return result
        tracing.record_fault(call.contract, choice, arguments, sentence)
        _take_out_of_use(request, choice, sentence)
        return expected if call.kind == "numpy" else result

    return verifying


def _take_out_of_use(request: Request, choice: Choice, sentence: str) -> None:
    call, kernel = request.call, choice.kernel
    if kernel.out_of_use:
        return
    kernel.out_of_use = f"out of use in this process since its result {sentence}"
    registry.changed()
    sizes = ", ".join(f"{name} = {size}" for name, size in call.dims.items())
    label = kernel.label(choice.backend.name)
    warn(
        f"{call.contract.name}: the result of the kernel {label} on {call.dtype} with {sizes} {sentence}. "
        f"It is out of use in this process; please report this to the authors of the backend",
    )
