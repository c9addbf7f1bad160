"""Distances whose squares overflow or underflow although they themselves are ordinary numbers."""

from __future__ import annotations

from typing import Any

from .blocks import blocks

#: Distances from here to its inverse are roots of sums of squares that have all their digits.
_LEAST = 2.0**-480

#: Makes a large difference one whose square is in range; its inverse, a small one.
_UNIT = 2.0**600

#: Smallest, apart from 0, and largest values whose differences are 0 or have squares in range.
_SMALL, _LARGE = 2.0**-420, 2.0**480


def are_in_range(squared: Any) -> bool:
    """Whether all sums of squares are finite and have all their digits."""
    return bool(((squared >= _LEAST * _LEAST) & (squared < float("inf"))).all())


def squares_fit(x: Any) -> bool:
    """Whether no square of a difference of such numbers overflows or underflows."""
    size = abs(x)
    return bool(((size < _LARGE) & ((size >= _SMALL) | (size == 0))).all())


def lengths(xp: Any, vectors: Any) -> Any:
    """Length along the last axis, of vectors in a unit that suits the largest entry."""
    largest = abs(vectors).max(axis=-1, keepdims=True)
    unit = xp.where(largest < _LEAST, 1 / _UNIT, xp.where(largest > 1 / _LEAST, _UNIT, 1.0))
    return xp.sqrt(((vectors / unit) ** 2).sum(axis=-1)) * unit[..., 0]


def units(xp: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Factors, for each row of `x`, before and after subtraction, that suit its smallest distance to a row of `y`."""
    least = xp.full(len(x), xp.inf)
    for rows in blocks(len(y), x.size):
        least = xp.minimum(least, abs(x[:, None] - y[rows][None]).max(axis=2).min(axis=1))
    before = xp.where(least > 1 / _LEAST, 1 / _UNIT, 1.0)
    return before[:, None, None], xp.where(least < _LEAST, _UNIT, 1.0)[:, None, None]


def enlarged(xp: Any, x: Any) -> Any:
    """`x` times a power of two, where ratios of distances are asked for: so that none is less than a normal number."""
    return xp.ldexp(x, xp.maximum(470 - xp.frexp(abs(x).max())[1], 0))
