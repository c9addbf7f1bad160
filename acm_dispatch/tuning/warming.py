"""Machine code made ahead of time, so that no call of a program waits for a compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..backends.backend import Backend
from ..errors import DispatchError
from ..execution.dispatch import Operation, declared, find
from .candidates import candidates_of, usable_backends
from .cells import Cell, drawn

#: A call of few rows compiles the same code as one of many.
_ROWS, _COLUMNS = 60, 5

#: How often arguments are drawn, should the contract refuse them.
_DRAWS = 5


class Warmed(NamedTuple):
    """A kernel whose first call has been made, and how many seconds that took."""

    operation: str
    backend: str
    dtype: str
    seconds: float


def warm_up(
    operations: Sequence[str] | None = None,
    backends: Sequence[str] | None = None,
    dtypes: Sequence[str] = ("float64", "float32"),
    show: Callable[[Warmed], None] | None = None,
) -> list[Warmed]:
    """Call each kernel that is compiled in its first call once, so that its machine code is on disk from then on."""
    chosen = [find(name) for name in operations] if operations else declared()
    compiling = [backend for backend in usable_backends(backends) if backend.compiled is not None]
    done: list[Warmed] = []
    for operation in chosen:
        for dtype in dtypes:
            for warmed in _warmed(operation, dtype, compiling):
                done.append(warmed)
                if show:
                    show(warmed)
    return done


def _warmed(operation: Operation, dtype: str, backends: Sequence[Backend]) -> list[Warmed]:
    cell = Cell(operation.name, _ROWS, _COLUMNS if operation.width else 1, dtype, 1)
    for seed in range(_DRAWS):
        done: list[Warmed] = []
        try:
            call = operation.bound(*operation.bind(**drawn(operation, cell, seed).arguments))
            for each in candidates_of(call, backends, 1):
                each.racer.warm_up(call.values)
                done.append(Warmed(operation.name, each.backend.name, dtype, each.racer.first_seconds))
        except DispatchError:  # labels that are all equal, say
            continue
        return done
    return []
