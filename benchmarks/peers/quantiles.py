"""Peers of column_quantiles."""

from functools import partial

import numpy as np

from . import peer


def _between(ordered, q):
    places = np.multiply(q, len(ordered) - 1)
    low, high = np.floor(places).astype(int), np.ceil(places).astype(int)
    return ordered[low] + (ordered[high] - ordered[low]) * (places - low)[:, None]


@peer("column_quantiles", "numpy", data="clean")
def sort_and_index(x, q):
    return lambda: _between(np.sort(x.T, axis=1).T, q)


@peer("column_quantiles", "numpy", data="clean")
def quantile(x, q):
    return partial(np.quantile, x, q, axis=0)


@peer("column_quantiles", "numpy", data="missing")
def nanquantile(x, q):
    return partial(np.nanquantile, x, q, axis=0)


@peer("column_quantiles", "fastnanquantile")
def fastnanquantile_nanquantile(x, q):
    import fastnanquantile

    return partial(fastnanquantile.nanquantile, x, np.array(q), axis=0)


def _by_level(frame):
    """One row, whose columns are named ``column@level``, as one row for each level."""
    levels = len({name.rpartition("@")[2] for name in frame.columns})
    return frame.to_numpy().reshape(levels, -1)


@peer("column_quantiles", "polars", finish=_by_level)
def polars_quantile(x, q):
    import polars

    frame, every = polars.from_numpy(x).fill_nan(None), polars.all()
    return partial(frame.select, [every.quantile(level, "linear").name.suffix(f"@{level}") for level in q])


@peer("column_quantiles", "pandas", finish=np.asarray)
def pandas_quantile(x, q):
    import pandas

    return partial(pandas.DataFrame(x).quantile, list(q))
