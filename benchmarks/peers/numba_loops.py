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


@njit(parallel=True, fastmath=True)
def product(a, b, start):
    out = np.empty((len(a), b.shape[1]), a.dtype)
    for i in prange(len(a)):
        out[i] = start
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                out[i, j] += a[i, k] * b[k, j]
    return out


@njit(parallel=True, fastmath=True)
def mahalanobis(x, mean, precision):
    d = x.shape[1]
    out = np.empty(len(x), x.dtype)
    for i in prange(len(x)):
        deviation = x[i] - mean
        products = np.zeros(d, x.dtype)
        for k in range(d):
            for j in range(d):
                products[j] += deviation[k] * precision[k, j]
        total = 0.0
        for j in range(d):
            total += products[j] * deviation[j]
        out[i] = total
    return out


@njit(parallel=True, fastmath=True)
def spe_t2(x, mean, components, variance):
    count, d = components.shape
    spe, t2 = np.empty(len(x), x.dtype), np.empty(len(x), x.dtype)
    for i in prange(len(x)):
        errors = x[i] - mean
        scores = np.zeros(count, x.dtype)
        for k in range(count):
            for j in range(d):
                scores[k] += errors[j] * components[k, j]
        within = 0.0
        for k in range(count):
            within += scores[k] * scores[k] / max(variance[k], 1e-12)
            for j in range(d):
                errors[j] -= scores[k] * components[k, j]
        off = 0.0
        for j in range(d):
            off += errors[j] * errors[j]
        spe[i], t2[i] = off, within
    return spe, t2


@njit(parallel=True)
def mean_path_length(x, roots, feature, threshold, left, path_length):
    out = np.empty(len(x))
    for i in prange(len(x)):
        total = 0.0
        for root in roots:
            node = root
            while feature[node] >= 0:
                node = left[node] + (np.float32(x[i, feature[node]]) > threshold[node])
            total += path_length[node]
        out[i] = total / len(roots)
    return out


@njit(parallel=True, fastmath=_WITH_NAN)
def column_moments(x):
    n, d = x.shape
    blocks = get_num_threads()
    sums, counts = np.zeros((blocks, d)), np.zeros((blocks, d))
    least, greatest = np.full((blocks, d), np.inf), np.full((blocks, d), -np.inf)
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                value = x[i, j]
                present = not np.isnan(value)
                sums[b, j] += value if present else 0.0
                counts[b, j] += 1.0 if present else 0.0
                least[b, j] = value if value < least[b, j] else least[b, j]
                greatest[b, j] = value if value > greatest[b, j] else greatest[b, j]
    count = counts.sum(axis=0)
    mean = sums.sum(axis=0) / count
    powers = np.zeros((3, blocks, d))
    for b in prange(blocks):
        for i in range(b * n // blocks, (b + 1) * n // blocks):
            for j in range(d):
                distance = 0.0 if np.isnan(x[i, j]) else x[i, j] - mean[j]
                square = distance * distance
                powers[0, b, j] += square
                powers[1, b, j] += square * distance
                powers[2, b, j] += square * square
    squares, cubes, fourths = powers[0].sum(axis=0), powers[1].sum(axis=0), powers[2].sum(axis=0)
    low, high = np.empty(d), np.empty(d)
    for j in range(d):
        low[j], high[j] = least[:, j].min(), greatest[:, j].max()
    skewness = count * np.sqrt(count - 1) / (count - 2) * cubes / squares**1.5
    ratio = count * (count + 1) * fourths / squares**2
    kurtosis = (count - 1) / ((count - 2) * (count - 3)) * (ratio - 3 * (count - 1))
    return count.astype(np.int64), mean, squares / count, skewness, kurtosis, low, high


@njit(parallel=True, fastmath=True)
def mean_and_squares(values, block=4096):
    """Of each block first the mean, then the squares, while it is in the cache."""
    blocks = (len(values) + block - 1) // block
    means, squares = np.empty(blocks), np.empty(blocks)
    for b in prange(blocks):
        part = values[b * block : (b + 1) * block]
        total = 0.0
        for value in part:
            total += value
        mean = total / len(part)
        square = 0.0
        for value in part:
            square += (value - mean) ** 2
        means[b], squares[b] = mean, square
    count, mean, total = 0, 0.0, 0.0
    for b in range(blocks):
        own = min(block, len(values) - b * block)
        distance = means[b] - mean
        mean += distance * own / (count + own)
        total += squares[b] + distance * distance * count * own / (count + own)
        count += own
    return mean, total


@njit
def welford(values):
    mean, squares = 0.0, 0.0
    for i in range(len(values)):
        distance = values[i] - mean
        mean += distance / (i + 1)
        squares += distance * (values[i] - mean)
    return mean, squares
