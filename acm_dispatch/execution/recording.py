"""Calls counted as they are made: ``with acm_dispatch.record_workload() as workload: ...``, or for whole programs.

Recording policies have plans of their own, as traced ones have, so recording costs nothing while it is off.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar, Token
from typing import Any, cast

from ..backends import forksafe
from ..policy.layers import ROOT, enter, leave
from ..policy.resolved import resolved
from ..policy.settings import Settings
from ..selection.request import Request
from .workload import Recorded, Workload

#: What the setting says where a block records, and no file.
_OF_A_BLOCK = "<block>"

_sinks: ContextVar[tuple[Workload, ...]] = ContextVar("acm_dispatch_workloads", default=())
_of_process = Workload()
#: The process that will write its calls when it ends; a forked child has to be told anew.
_writes_at_exit = 0


class record_workload:  # noqa: N801 - a context manager that reads as a verb, like contextlib's
    """Count the calls of the block by operation, shapes, dtypes and options, for `tune` and `freeze`.

    ``ACM_DISPATCH_WORKLOAD=FILE`` does the same for whole programs, each of whose processes adds its calls to the file
    when it ends. The block holds in its own context; `propagate` carries it into threads.

    Parameters
    ----------
    path : path, optional
        The file that the calls are added to at the end of the block.

    Raises
    ------
    OSError
        At the end of the block, if the file cannot be written.

    Examples
    --------
    >>> import numpy as np, acm_dispatch
    >>> with acm_dispatch.record_workload() as workload:
    ...     for _ in range(3):
    ...         _ = acm_dispatch.zscore(np.ones((100, 4)), method="robust")
    >>> print(workload)
    3 calls, 1 of them different
            3 x zscore(x: float64 100x4)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = path
        self._settings = Settings(workload=_OF_A_BLOCK)
        self._entered: list[Workload] = []

    def __enter__(self) -> Workload:
        enter(self._settings)
        fresh = Workload()
        self._entered.append(fresh)
        _sinks.set((*_sinks.get(), fresh))
        return fresh

    def __exit__(self, *exception: object) -> None:
        leave(self._settings)
        finished = self._entered.pop()
        _sinks.set(tuple(sink for sink in _sinks.get() if sink is not finished))
        if self._path is not None:
            finished.save(self._path)


def recorded(run: Callable[..., Any], request: Request) -> Callable[..., Any]:
    """`run`, counted in the workloads of the open blocks, and in the process's own where the process records."""
    contract, threads = request.call.contract, request.lineup.resolved.threads
    names, options = contract.array_names, contract.option_names
    of_process = bool(resolved(ROOT).workload)

    def recording(*arguments: Any) -> Any:
        result = run(*arguments)
        arrays = zip(names, arguments, strict=False)
        forms = tuple((name, str(array.dtype), tuple(array.shape)) for name, array in arrays if array is not None)
        given = tuple(zip(options, arguments[len(names) :], strict=True))
        call = Recorded(contract.name, cast("Any", forms), given, threads)
        for sink in (*_sinks.get(), _own()) if of_process else _sinks.get():
            sink.count(call)
        return result

    return recording


def _own() -> Workload:
    """The calls of this process, which are written when it ends."""
    global _writes_at_exit
    if _writes_at_exit != os.getpid():
        _writes_at_exit = os.getpid()
        atexit.register(_write)
        if (util := sys.modules.get("multiprocessing.util")) is not None:
            util.Finalize(None, _write, exitpriority=0)  # its forked children end without `atexit`
    return _of_process


def _write() -> None:
    """Add what this process has called, and did not write yet, to the file that the setting names."""
    path = resolved(ROOT).workload
    if not path or not _of_process.calls:
        return
    try:
        _of_process.save(path)
    except OSError as error:
        print(f"acm_dispatch: the workload cannot be written to {path}: {error.strerror}", file=sys.stderr)
    _of_process.calls = {}


forksafe.in_child(lambda: _of_process.calls.clear())


def open_workload() -> Workload | None:
    """What the innermost block has recorded so far, else the process; None where neither records."""
    if sinks := _sinks.get():
        return sinks[-1]
    return _of_process if resolved(ROOT).workload else None


def current_workloads() -> tuple[Workload, ...]:
    """The workloads that count in this context."""
    return _sinks.get()


def count_in(workloads: tuple[Workload, ...]) -> Token[tuple[Workload, ...]]:
    """Count in these and no others; give the token to `stop_counting`."""
    return _sinks.set(workloads)


def stop_counting(token: Token[tuple[Workload, ...]]) -> None:
    """Undo a `count_in`."""
    _sinks.reset(token)
