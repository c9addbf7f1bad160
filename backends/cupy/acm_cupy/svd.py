"""Leading singular triplets."""

from __future__ import annotations

from typing import Any

from .declared import kernel


@kernel("truncated_svd")
def truncated_svd(xp: Any, x: Any, n_components: int) -> tuple[Any, ...]:
    return tuple(xp.ascontiguousarray(part.astype(x.dtype)) for part in leading_triplets(xp, x, n_components))


def leading_triplets(xp: Any, x: Any, n_components: int) -> tuple[Any, Any, Any]:
    """QR first, so that the decomposition itself is of a small square matrix; in float64, of values up to 1."""
    tall = (x if len(x) >= x.shape[1] else x.T).astype(xp.float64)
    exponent = xp.frexp(xp.abs(tall).max())[1]
    tall = xp.ldexp(tall, -exponent)
    q, r = xp.linalg.qr(tall)
    u, s, vt = xp.linalg.svd(r)
    left, right = xp.matmul(q, u[:, :n_components]), vt[:n_components]
    if len(x) < x.shape[1]:
        left, right = right.T, left.T
    largest = xp.take_along_axis(right, xp.abs(right).argmax(axis=1)[:, None], axis=1)[:, 0]
    signs = xp.where(largest < 0, -1.0, 1.0)
    return left * signs, xp.ldexp(s[:n_components], exponent), right * signs[:, None]
