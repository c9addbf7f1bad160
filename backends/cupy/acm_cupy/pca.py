"""Rows judged by, and rebuilt from, principal components; fitting them by QR and a small decomposition."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.pca import LEAST_VARIANCE

from .blocks import blocks
from .columns import total
from .declared import kernel
from .matmul import matmul
from .svd import leading_triplets


@kernel("pca_fit")
def pca_fit(xp: Any, x: Any, n_components: int) -> tuple[Any, ...]:
    # Each column at a scale where its sum is a number, and nothing of it vanishes.
    exponents = xp.frexp(xp.abs(x).max(axis=0))[1]
    small, top = xp.ldexp(x.astype(xp.float64), -exponents), exponents.max()
    mean = total(xp, small) / len(x)
    _, s, vt = leading_triplets(xp, xp.ldexp(small - mean, exponents - top), n_components)
    s = xp.ldexp(s, top)
    parts = xp.ldexp(mean, exponents), vt, s * (s / (len(x) - 1))
    return tuple(xp.ascontiguousarray(part.astype(x.dtype)) for part in parts)


@kernel("pca_reconstruct")
def pca_reconstruct(xp: Any, scores: Any, components: Any, mean: Any) -> Any:
    rebuilt = matmul(xp, scores, components)
    if mean is not None:
        rebuilt += mean
    return rebuilt


@kernel("spe_t2")
def spe_t2(xp: Any, x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = xp.empty(len(x), x.dtype), xp.empty(len(x), x.dtype)
    directions = components.astype(xp.float64, copy=False)
    model = directions, xp.sqrt(xp.maximum(variance.astype(xp.float64), LEAST_VARIANCE))
    for rows in blocks(len(x), x.shape[1]):
        parts = _errors_and_shares(xp, xp.subtract(x[rows], mean, dtype=xp.float64), *model)
        spe[rows], t2[rows] = ((part * part).sum(axis=1) for part in parts)
    if bool((~(xp.isfinite(spe) & xp.isfinite(t2))).any()):
        again = xp.flatnonzero(~(xp.isfinite(spe) & xp.isfinite(t2)))
        for some in blocks(len(again), x.shape[1]):
            rows = again[some]
            spe[rows], t2[rows] = _judged_extremes(xp, x[rows], mean, *model)
    return spe, t2


def _errors_and_shares(xp: Any, deviations: Any, directions: Any, spread: Any) -> tuple[Any, Any]:
    """What the components leave of each row, in its place, and its scores in units of their spread."""
    scores = xp.matmul(deviations, directions.T)
    deviations -= xp.matmul(scores, directions)
    return deviations, scores / spread


def _judged_extremes(xp: Any, x: Any, mean: Any, *model: Any) -> list[Any]:
    """Where something overflows: small enough for differences and sums, and squared at a scale of each row."""
    shrunk = x.shape[1].bit_length() + 1
    small = xp.ldexp(x.astype(xp.float64), -shrunk) - xp.ldexp(mean.astype(xp.float64), -shrunk)
    lengths: list[Any] = []
    for part in _errors_and_shares(xp, small, *model):
        largest = xp.abs(part).max(axis=1) if part.shape[1] else xp.zeros(len(part))
        own = xp.where(xp.isfinite(largest), xp.frexp(largest)[1], 0)
        squares = xp.ldexp(part, -own[:, None]) ** 2
        lengths.append(xp.ldexp(squares.sum(axis=1), 2 * (own + shrunk)).astype(x.dtype))
    return lengths
