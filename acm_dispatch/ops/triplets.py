"""Leading singular values and vectors with NumPy, by whichever way keeps the digits."""

from __future__ import annotations

from typing import Any

import numpy as np


def signs_of(vt: Any) -> Any:
    """What makes the entry of largest magnitude in each row positive."""
    largest = np.take_along_axis(vt, np.abs(vt).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(largest < 0, -1.0, 1.0)


def leading_triplets(x: Any, n_components: int) -> tuple[Any, Any, Any]:
    """By the decomposition of a small square matrix with the same right vectors; in float64."""
    tall = (x if len(x) >= x.shape[1] else x.T).astype(np.float64, copy=False)
    left, s, right = _by_gram(tall, n_components) or _by_qr(tall, n_components)
    if tall.shape != x.shape:
        left, right = right.T, left.T
    signs = signs_of(right)
    return left * signs, s, right * signs[:, None]


def leading_directions(x: Any, mean: Any, n_components: int) -> tuple[Any, Any]:
    """Singular values and right vectors of `x` - `mean`, without a copy of `x` where the Gram matrix is enough."""
    if _is_for_gram(x.shape) and (found := _from_gram(_gram(x, mean), n_components)):
        s, right = found
        return s, right * signs_of(right)[:, None]
    _, s, right = leading_triplets(x - mean, n_components)
    return s, right


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
    with np.errstate(over="ignore", invalid="ignore"):
        found = _from_gram(tall.T @ tall, n_components)
    return found and (tall @ found[1].T / found[0], *found)


def _gram(x: Any, mean: Any) -> Any:
    """Of the differences from the mean."""
    gram = np.zeros((x.shape[1], x.shape[1]))
    height = max(_BLOCK_VALUES // x.shape[1], 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), height):
            rows = x[start : start + height] - mean
            gram += rows.T @ rows
    return gram


def _from_gram(gram: Any, n_components: int) -> tuple[Any, Any] | None:
    """Singular values and right vectors; None where they would lose digits that matter."""
    if not np.isfinite(gram).all():
        return None
    squares, vectors = np.linalg.eigh(gram)
    s = np.sqrt(np.maximum(squares[: -n_components - 1 : -1], 0.0))
    if not s[-1] > _FAIR_SHARE * s[0]:
        return None
    return s, vectors[:, : -n_components - 1 : -1].T
