"""Whose fault an exception is: the kernel's that raised it, or the call's, the machine's or the caller's."""

from __future__ import annotations

import signal
from types import CodeType
from typing import Any, cast

from ..errors import DispatchError

#: Errors that say something of the call or the machine, not of the kernel: another kernel would raise them, too, or
#: would be run although the caller has asked to stop.
_NOT_OF_THE_KERNEL = (DispatchError, MemoryError, RecursionError, TimeoutError)


def is_fault(error: BaseException) -> bool:
    """Whether an exception is a kernel's own fault, rather than something about the call, the machine or the caller."""
    return not is_request_to_stop(error) and not isinstance(error, _NOT_OF_THE_KERNEL)


def is_request_to_stop(error: BaseException) -> bool:
    """Whether the caller, or a handler of a signal, wants what runs to end."""
    if not isinstance(error, Exception):
        # A request to exit or to cancel, but for a panic in a plugin's Rust code: PyO3 derives it from BaseException.
        return type(error).__name__ != "PanicException"
    return _is_from_signal_handler(error)


def _is_from_signal_handler(error: BaseException) -> bool:
    """Whether a handler of the caller's, which interrupts whatever runs, raised it: a time limit, say."""
    handlers = {_code_of(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    entry = error.__traceback__
    while entry is not None:
        if entry.tb_frame.f_code in handlers:
            return True
        entry = entry.tb_next
    return False


def _code_of(handler: Any) -> CodeType | None:
    """The code of a handler: a function, a partial of one, a method, or an object that can be called."""
    handler = getattr(handler, "func", handler)
    handler = getattr(handler, "__func__", handler)
    return getattr(handler, "__code__", None) or getattr(
        vars(cast("type[Any]", type(handler))).get("__call__"), "__code__", None
    )
