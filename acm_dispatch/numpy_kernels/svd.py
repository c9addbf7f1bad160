"""Leading singular values and vectors, by whichever way keeps the digits: a Gram matrix where it does, else QR."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend


@numpy_backend.kernel("truncated_svd")
def _triplets_by_qr(x: Any, n_components: int) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        return tuple(np.ascontiguousarray(part, x.dtype) for part in leading_triplets(x, n_components))


def signs_of(vt: Any) -> Any:
    """What makes the entry of largest magnitude in each row positive."""
    largest = np.take_along_axis(vt, np.abs(vt).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(largest < 0, -1.0, 1.0)


#: The largest singular value of a matrix whose squares, and sums of many of them, are numbers with all their digits.
_SAFE = (1e-120, 1e120)


def is_safe(s: Any) -> bool:
    """Whether singular values were found without a square that overflowed or vanished."""
    return s[0] == 0.0 or _SAFE[0] <= s[0] <= _SAFE[1]


def leading_triplets(x: Any, n_components: int) -> tuple[Any, Any, Any]:
    """By the decomposition of a small square matrix with the same right vectors; in float64.

    Where squares would overflow or vanish, of the matrix scaled by a power of two.
    """
    found = _attempt(x, n_components)
    if found is not None and is_safe(found[1]):
        return found
    exponent = np.frexp(np.abs(x).max())[1]
    left, s, right = _required(_attempt(np.ldexp(x, -exponent, dtype=np.float64), n_components))
    return left, np.ldexp(s, exponent), right


def _required(found: tuple[Any, Any, Any] | None) -> tuple[Any, Any, Any]:
    if found is None:
        raise np.linalg.LinAlgError("LAPACK's decomposition of a matrix of numbers up to 1 has not converged")
    return found


def _attempt(x: Any, n_components: int) -> tuple[Any, Any, Any] | None:
    """None where LAPACK met infinity."""
    tall = (x if len(x) >= x.shape[1] else x.T).astype(np.float64, copy=False)
    try:
        left, s, right = _by_gram(tall, n_components) or _by_qr(tall, n_components)
    except np.linalg.LinAlgError:
        return None
    if tall.shape != x.shape:
        left, right = right.T, left.T
    signs = signs_of(right)
    return left * signs, s, right * signs[:, None]


def leading_directions(x: Any, n_components: int) -> tuple[Any, Any, Any]:
    """Mean of `x`, and the singular values and right vectors of its differences from the mean.

    Where sums or squares would overflow or vanish, of columns that are scaled by powers of two.
    """
    mean = x.mean(axis=0, dtype=np.float64)
    found = _directions(x, mean, n_components)
    if found is not None and is_safe(found[0]):
        return mean, *found
    exponents = np.frexp(np.abs(x).max(axis=0))[1]
    small = np.ldexp(x, -exponents, dtype=np.float64)
    mean, top = small.mean(axis=0), exponents.max()
    _, s, right = leading_triplets(np.ldexp(small - mean, exponents - top), n_components)
    return np.ldexp(mean, exponents), np.ldexp(s, top), right


def _directions(x: Any, mean: Any, n_components: int) -> tuple[Any, Any] | None:
    """Without a copy of `x` where the Gram matrix is enough; None where LAPACK met infinity."""
    if _is_for_gram(x.shape) and (found := _from_gram(_gram(x, mean), n_components)):
        s, right = found
        return s, right * signs_of(right)[:, None]
    triplets = _attempt(x - mean, n_components)
    return triplets and triplets[1:]


def _by_qr(tall: Any, n_components: int) -> tuple[Any, Any, Any]:
    q, r = np.linalg.qr(tall)
    u, s, vt = np.linalg.svd(r)
    return q @ u[:, :n_components], s[:n_components], vt[:n_components]


#: From so many columns on a QR decomposition takes several times as long as the Gram matrix.
_MANY_COLUMNS = 100

#: The Gram matrix squares the condition number: singular values of this share of the largest keep 12 digits in it.
_FAIR_SHARE = 1e-2

#: Values whose differences from the mean are in memory at a time.
_BLOCK_VALUES = 1 << 20


def _is_for_gram(shape: tuple[int, ...]) -> bool:
    rows, columns = shape
    return columns >= _MANY_COLUMNS and rows >= 4 * columns


def _by_gram(tall: Any, n_components: int) -> tuple[Any, Any, Any] | None:
    """None where QR is as fast, or the Gram matrix would lose digits that matter."""
    if not _is_for_gram(tall.shape):
        return None
    found = _from_gram(tall.T @ tall, n_components)
    return found and (tall @ found[1].T / found[0], *found)


def _gram(x: Any, mean: Any) -> Any:
    """Of the differences from the mean."""
    gram = np.zeros((x.shape[1], x.shape[1]))
    height = max(_BLOCK_VALUES // x.shape[1], 1)
    for start in range(0, len(x), height):
        rows = x[start : start + height] - mean
        gram += rows.T @ rows
    return gram


def _from_gram(gram: Any, n_components: int) -> tuple[Any, Any] | None:
    """Singular values and right vectors; None where they would lose digits that matter, or squares overflow."""
    if not np.isfinite(gram).all():
        return None
    squares, vectors = np.linalg.eigh(gram)
    s = np.sqrt(np.maximum(squares[: -n_components - 1 : -1], 0.0))
    if not (is_safe(s) and s[-1] > _FAIR_SHARE * s[0]):
        return None
    return s, vectors[:, : -n_components - 1 : -1].T
