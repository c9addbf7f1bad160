"""Peers of streaming: mean and variance of chunks, merged by the update of Chan, Golub and LeVeque."""

from functools import partial

import numpy as np

from . import peer


def _streamed(summarise, chunk, times):
    """Mean and variance of `times` chunks, of each of which `summarise` gives mean and sum of squared distances."""
    count, mean, squares = 0, 0.0, 0.0
    for _ in range(times):
        own_mean, own_squares = summarise(chunk)
        distance, total = own_mean - mean, count + len(chunk)
        mean = mean + distance * (len(chunk) / total)
        squares = squares + own_squares + distance**2 * (count * len(chunk) / total)
        count = total
    return np.atleast_1d(mean), np.atleast_1d(squares / (count - 1))


@peer("streaming", "numpy")
def mean_and_var(chunk, times):
    return partial(_streamed, lambda chunk: (chunk.mean(axis=0), chunk.var(axis=0) * len(chunk)), chunk, times)


@peer("streaming", "numpy")
def mean_and_product(chunk, times):
    def summarise(chunk):
        mean = chunk.mean()
        distances = chunk.ravel() - mean
        return mean, distances @ distances

    return partial(_streamed, summarise, chunk, times)


@peer("streaming", "polars")
def series(chunk, times):
    import polars

    column = polars.Series(chunk.ravel())
    return partial(_streamed, lambda _: (column.mean(), column.var() * (len(column) - 1)), chunk, times)


@peer("streaming", "numba")
def blocks_in_two_passes(chunk, times):
    from .numba_loops import mean_and_squares

    return partial(_streamed, mean_and_squares, chunk.ravel(), times)


@peer("streaming", "numba")
def welford(chunk, times):
    from .numba_loops import welford

    return partial(_streamed, welford, chunk.ravel(), times)
