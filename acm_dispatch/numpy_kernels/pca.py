"""Principal components by the smallest matrix that keeps the digits, and rows judged by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..ops.pca import LEAST_VARIANCE
from .blocks import row_blocks
from .svd import leading_directions


@numpy_backend.kernel("pca_fit")
def _fit_by_qr(x: Any, n_components: int) -> tuple[Any, ...]:
    with np.errstate(all="ignore"):
        mean, s, vt = leading_directions(x, n_components)
        return tuple(np.ascontiguousarray(part, x.dtype) for part in (mean, vt, s * (s / (len(x) - 1))))


@numpy_backend.kernel("pca_reconstruct")
def _rebuilt_by_blas(scores: Any, components: Any, mean: Any) -> Any:
    with np.errstate(all="ignore"):
        rebuilt = scores @ components
        if mean is not None:
            rebuilt += mean
        return rebuilt


@numpy_backend.kernel("spe_t2")
def _spe_t2_by_blocks(x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    spe, t2 = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    model = [part.astype(np.float64, copy=False) for part in (mean, components, variance)]
    with np.errstate(all="ignore"):
        for rows in row_blocks(len(x), components.size):
            errors, shares = _errors_and_shares(x[rows], *model)
            spe[rows], t2[rows] = np.einsum("ij,ij->i", errors, errors), np.einsum("ij,ij->i", shares, shares)
        again = np.flatnonzero(~(np.isfinite(spe) & np.isfinite(t2)))
        factor = 0.5 / x.shape[1]
        parts = _errors_and_shares(x[again] * factor, model[0] * factor, *model[1:])
        for out, rows in zip((spe, t2), parts, strict=True):
            sizes = np.abs(rows).max(axis=1, initial=0.0)
            sizes[~(np.isfinite(sizes) & (sizes > 0))] = 1.0
            rows = rows / sizes[:, None]
            out[again] = np.einsum("ij,ij->i", rows, rows) * (sizes / factor) * (sizes / factor)
    return spe, t2


def _errors_and_shares(x: Any, mean: Any, components: Any, variance: Any) -> tuple[Any, Any]:
    """What the components leave of each row, and its scores in units of their spread."""
    errors = x - mean
    shares = errors @ components.T
    errors -= shares @ components
    shares /= np.sqrt(np.maximum(variance, LEAST_VARIANCE))
    return errors, shares
