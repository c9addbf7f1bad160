"""Products of matrices."""

from __future__ import annotations

from typing import Any

from .declared import kernel

#: Terms that cuBLAS may add up in float32 one after the other: rounding takes the last two digits of so many.
_TERMS = 1024


@kernel("matmul")
def matmul(xp: Any, a: Any, b: Any) -> Any:
    if a.dtype == xp.float64 or a.shape[1] <= _TERMS:
        return xp.matmul(a, b)
    total = xp.zeros((len(a), b.shape[1]), a.dtype)
    for start in range(0, a.shape[1], _TERMS):
        total += xp.matmul(a[:, start : start + _TERMS], b[start : start + _TERMS])
    return total
