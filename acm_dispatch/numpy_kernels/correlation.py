"""Correlations of all pairs of columns by products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..errors import Unsupported


@numpy_backend.kernel("pearson")
def _pearson_by_products(x: Any) -> Any:
    """One matrix product where nothing is missing, else products of values, squares and masks."""
    wide = x.astype(np.float64, copy=False)
    if np.isfinite(wide).all():
        return _product(wide).astype(x.dtype)
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairwise_complete(np, wide).astype(x.dtype)


#: Numbers with binary exponents up to this have squares, and sums of many of them, with all digits.
_SQUARABLE = 400


def rescaled(xp: Any, x: Any) -> Any:
    """`x`, scaled by powers of two in columns where float64 squares of finite values would overflow or vanish."""
    largest = xp.abs(xp.where(xp.isfinite(x), x, 0.0)).max(axis=0)
    exponents = xp.frexp(largest)[1]
    extreme = (xp.abs(exponents) > _SQUARABLE) & (largest > 0)
    return xp.ldexp(x, xp.where(extreme, -exponents, 0)) if extreme.any() else x


#: A pair's squares about its own means that are less than this share of those about the columns' have lost digits.
_LEAST_SHARE = 1e-3


#: Numbers in a temporary array for pairs that are computed one by one.
_NUMBERS = 1 << 22


def pairwise_complete(xp: Any, x: Any) -> Any:
    """Correlation of each pair of float64 columns over their common rows, by products of whole matrices of `xp`.

    Pairs whose sums cancel are computed again, each from its own means.
    """
    present = xp.isfinite(x)
    shifted = _about_means(xp, rescaled(xp, x), present)
    shifted /= xp.abs(shifted).max(axis=0)
    mask = present.astype(xp.float64)
    count, sums, squares = mask.T @ mask, shifted.T @ mask, (shifted * shifted).T @ mask
    varying = squares - sums * sums / count
    result = (shifted.T @ shifted - sums * sums.T / count) / (xp.sqrt(varying) * xp.sqrt(varying.T))
    kept = varying > _LEAST_SHARE * squares
    rows, columns = xp.nonzero(xp.triu(~(kept & kept.T)))
    step = max(_NUMBERS // len(x), 1)
    for start in range(0, len(rows), step):
        i, j = rows[start : start + step], columns[start : start + step]
        both = present[:, i] & present[:, j]
        a, b = (_about_means(xp, rescaled(xp, xp.where(both, x[:, side], xp.nan)), both) for side in (i, j))
        result[i, j] = (a * b).sum(axis=0) / (xp.sqrt((a * a).sum(axis=0)) * xp.sqrt((b * b).sum(axis=0)))
        result[j, i] = result[i, j]
    ones = xp.eye(len(result), dtype=bool) & xp.isfinite(result)
    return xp.where(ones, 1.0, xp.clip(result, -1.0, 1.0))


def _about_means(xp: Any, x: Any, present: Any) -> Any:
    """Each column's present values less their mean, the others as 0."""
    first = xp.take_along_axis(x, present.argmax(axis=0)[None], axis=0)
    shifted = xp.where(present, x - first, 0.0)
    return xp.where(present, shifted - shifted.sum(axis=0) / present.sum(axis=0), 0.0)


@numpy_backend.kernel("spearman")
def _spearman_by_product(x: Any) -> Any:
    """Each column ranked once, then one matrix product."""
    if not np.isfinite(x).all():
        raise Unsupported("values are missing, so each pair of columns has ranks of its own")
    from scipy.stats import rankdata

    return _product(rankdata(x, axis=0)).astype(x.dtype)


def _product(x: Any) -> Any:
    """Correlation of complete columns."""
    centred, norms = about_means(x)
    with np.errstate(invalid="ignore", divide="ignore"):
        centred /= norms
        result = np.clip(centred.T @ centred, -1.0, 1.0)
    diagonal = np.einsum("ii->i", result)
    diagonal[~np.isnan(diagonal)] = 1.0
    return result


def about_means(x: Any) -> tuple[Any, Any]:
    """Complete float64 columns with mean 0, rescaled where need be, and their lengths then: NaN where constant."""
    varying = (x != x[0]).any(axis=0)
    centred, norms = _centred(x)
    # A norm of 0 has lost its squares, NaN and infinity have met too large ones.
    if not ((norms > 0) & np.isfinite(norms) & (np.abs(np.frexp(norms)[1]) <= _SQUARABLE))[varying].all():
        centred, norms = _centred(rescaled(np, x))
    return centred, np.where(varying, norms, np.nan)


def _centred(x: Any) -> tuple[Any, Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        centred = x - x[0]
        centred -= centred.mean(axis=0)
        return centred, np.sqrt(np.einsum("ij,ij->j", centred, centred))


#: Columns in a block of the product: few enough that a block of correlations stays small compared with the data.
_BLOCK = 256


@numpy_backend.kernel("sparse_correlation")
def _correlation_by_blocks(x: Any, threshold: float) -> Any:
    """A band of rows of the correlation at a time."""
    columns = _standardised(x)
    kept: list[Any] = []
    counts = [np.zeros(1, np.int64)]
    for start in range(0, len(columns), _BLOCK):
        with np.errstate(invalid="ignore"):
            band = np.clip(columns[start : start + _BLOCK] @ columns.T, -1.0, 1.0)
        diagonal = np.arange(len(band)), np.arange(start, start + len(band))
        band[diagonal] = np.where(np.isnan(band[diagonal]), np.nan, 1.0)
        with np.errstate(invalid="ignore"):
            keep = np.abs(band) >= threshold
        keep[diagonal] = True
        kept.append((band[keep].astype(x.dtype), np.nonzero(keep)[1].astype(np.int64)))
        counts.append(keep.sum(axis=1))
    data, indices = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    return data, indices, np.cumsum(np.concatenate(counts))


def _standardised(x: Any) -> Any:
    """The columns as rows of length 1 around 0; a constant one as NaN."""
    columns, norms = about_means(x.astype(np.float64, copy=False))
    rows = columns.T.copy()
    rows /= norms[:, None]
    return rows
