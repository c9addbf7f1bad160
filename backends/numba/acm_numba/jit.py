"""How every kernel is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numba import njit

from .machine_code import kept

if TYPE_CHECKING:
    from collections.abc import Callable

#: Fused multiply-add is allowed and nothing else of fastmath: reordered sums would depend on how a loop was vectorised,
#: "nnan" and "ninf" would make the treatment of missing values undefined. Division follows IEEE, as NumPy's does.
_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": {"contract"}, "error_model": "numpy"}


def jit(function: Callable[..., Any]) -> Any:
    """`function`, compiled on its first call for each combination of types and cached on disk where possible.

    A cached function is compiled anew when its own file changes, not when one that it calls does: while working on
    a function that other modules call, delete the ``__pycache__`` folder.
    """
    return kept(njit(**_OPTIONS)(function))
