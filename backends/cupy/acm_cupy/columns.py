"""Columns reduced to a number each, in two steps: one step would leave most of a GPU idle where columns are few."""

from __future__ import annotations

from math import isqrt
from typing import Any

#: Fewer rows than this are reduced at once.
_FEW = 1024


def total(xp: Any, array: Any) -> Any:
    """Sum of each column; of booleans, how many are true."""
    return _reduced(xp, array, "sum")


def least(xp: Any, array: Any) -> Any:
    """Minimum of each column."""
    return _reduced(xp, array, "min")


def greatest(xp: Any, array: Any) -> Any:
    """Maximum of each column."""
    return _reduced(xp, array, "max")


def first_present(xp: Any, x: Any, present: Any) -> Any:
    """The first present value of each column; of one without any, its last."""
    row = least(xp, xp.where(present, xp.arange(len(x))[:, None], len(x) - 1))
    return xp.take_along_axis(x, row[None], axis=0)[0]


def _reduced(xp: Any, array: Any, reduction: str) -> Any:
    if len(array) < _FEW:
        return getattr(array, reduction)(axis=0)
    parts = isqrt(len(array))
    length = len(array) // parts
    pieces = getattr(array[: parts * length].reshape(parts, length, -1), reduction)(axis=1)
    rest = array[parts * length :].astype(pieces.dtype, copy=False)
    return getattr(xp.concatenate([pieces, rest]), reduction)(axis=0)
