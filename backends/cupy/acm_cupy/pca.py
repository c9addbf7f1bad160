"""Rows judged by, and rebuilt from, principal components; fitting them by QR and a small decomposition."""

from __future__ import annotations

from typing import Any

from acm_dispatch.ops.pca_scores import LEAST_VARIANCE

from .blocks import blocks
from .columns import total
from .linalg import matmul
from .svd import leading_triplets


def pca_fit(xp: Any, x: Any, n_components: int) -> tuple[Any, ...]:
    # Each column at a scale where its sum is a number, and nothing of it vanishes.
    exponents = xp.frexp(xp.abs(x).max(axis=0))[1]
    small, top = xp.ldexp(x.astype(xp.float64), -exponents), exponents.max()
    mean = total(xp, small) / len(x)
    _, s, vt = leading_triplets(xp, xp.ldexp(small - mean, exponents - top), n_components)
    s = xp.ldexp(s, top)
    parts = xp.ldexp(mean, exponents), vt, s * (s / (len(x) - 1))
    return tuple(xp.ascontiguousarray(part.astype(x.dtype)) for part in parts)


def pca_reconstruct(xp: Any, scores: Any, components: Any, mean: Any) -> Any:
    rebuilt = matmul(xp, scores, components)
    if mean is not None:
        rebuilt += mean
    return rebuilt


def spe_t2(xp: Any, x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = xp.empty(len(x), x.dtype), xp.empty(len(x), x.dtype)
    weights = 1.0 / xp.maximum(variance.astype(xp.float64), LEAST_VARIANCE)
    directions = components.astype(xp.float64, copy=False)
    for rows in blocks(len(x), x.shape[1]):
        deviations = xp.subtract(x[rows], mean, dtype=xp.float64)
        scores = xp.matmul(deviations, directions.T)
        deviations -= xp.matmul(scores, directions)
        spe[rows] = (deviations * deviations).sum(axis=1)
        t2[rows] = (scores * scores * weights).sum(axis=1)
    return spe, t2
