"""The loops that a user with Numba would write: parallel, and fastmath wherever NaN plays no part."""

import numpy as np
from numba import get_num_threads, njit, prange

SCALE = 1.4826

#: Fast mathematics that still knows NaN.
_WITH_NAN = {"reassoc", "nsz", "arcp", "contract"}


@njit(parallel=True, fastmath=True)
def pairwise_euclidean(x, y):
    out = np.empty((len(x), len(y)), x.dtype)
    for i in prange(len(x)):
        for j in range(len(y)):
            total = x.dtype.type(0)
            for k in range(x.shape[1]):
                difference = x[i, k] - y[j, k]
                total += difference * difference
            out[i, j] = np.sqrt(total)
    return out


@njit(parallel=True, fastmath=True)
def pairwise_distances_argmin(x, y):
    nearest = np.empty(len(x), np.int64)
    for i in prange(len(x)):
        best, least = 0, 1e300
        for j in range(len(y)):
            total = 0.0
            for k in range(x.shape[1]):
                difference = x[i, k] - y[j, k]
                total += difference * difference
            if total < least:
                best, least = j, total
        nearest[i] = best
    return nearest


@njit(parallel=True, fastmath=True)
def silhouette_score(x, labels):
    sizes = np.bincount(labels)
    total_score = 0.0
    for i in prange(len(x)):
        sums = np.zeros(len(sizes))
        for j in range(len(x)):
            total = 0.0
            for k in range(x.shape[1]):
                difference = x[i, k] - x[j, k]
                total += difference * difference
            sums[labels[j]] += np.sqrt(total)
        own = labels[i]
        if sizes[own] > 1:
            within = sums[own] / (sizes[own] - 1)
            between = 1e300
            for c in range(len(sizes)):
                if c != own:
                    between = min(between, sums[c] / sizes[c])
            total_score += (between - within) / max(within, between)
    return total_score / len(x)


@njit(parallel=True)
def column_median_mad(x):
    center, spread = np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    for j in prange(x.shape[1]):
        values = np.empty(len(x), x.dtype)
        count = 0
        for i in range(len(x)):
            if not np.isnan(x[i, j]):
                values[count] = x[i, j]
                count += 1
        values = values[:count]
        center[j] = np.median(values)
        spread[j] = SCALE * np.median(np.abs(values - center[j]))
    return center, spread


@njit(parallel=True, fastmath=True)
def zscore_standard(x):
    n, d = x.shape
    blocks = get_num_threads()
    sums = np.zeros((blocks, d))
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                sums[b, j] += x[i, j]
    mean = sums.sum(axis=0) / n
    squares = np.zeros((blocks, d))
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                squares[b, j] += (x[i, j] - mean[j]) ** 2
    inverse = 1 / np.sqrt(squares.sum(axis=0) / n)
    out = np.empty_like(x)
    for i in prange(n):
        for j in range(d):
            out[i, j] = (x[i, j] - mean[j]) * inverse[j]
    return out


@njit(parallel=True, fastmath=_WITH_NAN)
def zscore_standard_of_present(x):
    n, d = x.shape
    blocks = get_num_threads()
    sums, counts, squares = np.zeros((blocks, d)), np.zeros((blocks, d)), np.zeros((blocks, d))
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                present = not np.isnan(x[i, j])
                sums[b, j] += x[i, j] if present else 0.0
                counts[b, j] += 1.0 if present else 0.0
    count = counts.sum(axis=0)
    mean = sums.sum(axis=0) / count
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                squares[b, j] += 0.0 if np.isnan(x[i, j]) else (x[i, j] - mean[j]) ** 2
    inverse = 1 / np.sqrt(squares.sum(axis=0) / count)
    out = np.empty_like(x)
    for i in prange(n):
        for j in range(d):
            out[i, j] = (x[i, j] - mean[j]) * inverse[j]
    return out


@njit(parallel=True, fastmath=_WITH_NAN)
def zscore_given(x, center, scale):
    inverse = 1 / scale
    out = np.empty_like(x)
    for i in prange(len(x)):
        for j in range(x.shape[1]):
            out[i, j] = (x[i, j] - center[j]) * inverse[j]
    return out


@njit
def zscore_robust(x):
    center, spread = column_median_mad(x)
    return zscore_given(x, center, spread)


@njit(parallel=True, fastmath=_WITH_NAN)
def impute(x, fill):
    out = np.empty_like(x)
    for i in prange(len(x)):
        for j in range(x.shape[1]):
            out[i, j] = fill[j] if np.isnan(x[i, j]) else x[i, j]
    return out


@njit(parallel=True)
def column_median(x):
    center = np.empty(x.shape[1], x.dtype)
    for j in prange(x.shape[1]):
        values = np.empty(len(x), x.dtype)
        count = 0
        for i in range(len(x)):
            if not np.isnan(x[i, j]):
                values[count] = x[i, j]
                count += 1
        center[j] = np.median(values[:count])
    return center


@njit
def impute_median(x):
    return impute(x, column_median(x))


@njit(parallel=True)
def lags_by_lag(x, max_lag):
    out = np.empty((len(x), (max_lag + 1) * x.shape[1]), x.dtype)
    for i in prange(len(x)):
        for lag in range(max_lag + 1):
            for j in range(x.shape[1]):
                out[i, lag * x.shape[1] + j] = x[i - lag, j] if i >= lag else np.nan
    return out


@njit(parallel=True)
def lags_by_column(x, max_lag):
    out = np.empty((len(x), (max_lag + 1) * x.shape[1]), x.dtype)
    for i in prange(len(x)):
        for j in range(x.shape[1]):
            for lag in range(max_lag + 1):
                out[i, j * (max_lag + 1) + lag] = x[i - lag, j] if i >= lag else np.nan
    return out


@njit(parallel=True, fastmath=True)
def csr_matmul(data, indices, indptr, b):
    out = np.zeros((len(indptr) - 1, b.shape[1]), b.dtype)
    for row in prange(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            for k in range(b.shape[1]):
                out[row, k] += data[at] * b[indices[at], k]
    return out
