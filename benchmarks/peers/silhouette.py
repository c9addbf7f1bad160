"""Peers of silhouette_score."""

from functools import partial

import numpy as np

from . import peer


@peer("silhouette_score", "sklearn")
def silhouette_score(x, labels):
    from sklearn.metrics import silhouette_score

    return partial(silhouette_score, x, labels)


@peer("silhouette_score", "numba")
def fastmath_loops(x, labels):
    from .numba_loops import silhouette_score

    return partial(silhouette_score, x, labels)


@peer("silhouette_score", "numpy")
def gram_in_blocks(x, labels):
    return partial(_score_by_gram, x, labels)


def _score_by_gram(x, labels, rows=256):
    """Blocks of distances in the Gram form, summed by cluster with a second product."""
    sizes = np.bincount(labels)
    members = (labels[:, None] == np.arange(len(sizes))).astype(x.dtype)
    norms = np.einsum("ij,ij->i", x, x)
    total = 0.0
    for start in range(0, len(x), rows):
        part = slice(start, start + rows)
        squares = x[part] @ x.T
        squares *= -2
        squares += norms
        squares += norms[part, None]
        np.maximum(squares, 0, out=squares)
        own, each = labels[part], np.arange(len(squares))
        squares[each, start + each] = 0
        sums = np.sqrt(squares, out=squares) @ members
        within = sums[each, own] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes
        means[each, own] = np.inf
        between = means.min(axis=1)
        total += np.where(sizes[own] > 1, (between - within) / np.maximum(within, between), 0.0).sum()
    return total / len(x)
