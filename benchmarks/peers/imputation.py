"""Peers of impute, the fill given or the median, and of ffill and bfill.

Frames copy lazily, so without gaps they would have nothing to do.
"""

from functools import partial

import numpy as np

from . import peer
from .robust_stats import median_mad_by_column


@peer("impute given", "numpy")
def where(x, fill):
    return lambda: np.where(np.isnan(x), fill, x)


@peer("impute given", "numpy")
def copy_and_putmask(x, fill):
    def call():
        filled = x.copy()
        np.copyto(filled, fill, where=np.isnan(x))
        return filled

    return call


@peer("impute given", "numba")
def parallel_loops(x, fill):
    from .numba_loops import impute

    return partial(impute, x, fill)


@peer("impute given", "numexpr")
def evaluate(x, fill):
    import numexpr

    return partial(numexpr.evaluate, "where(x == x, x, f)", {"x": x, "f": fill})


@peer("impute given", "sklearn")
def simple_imputer_transform(x, fill):
    from sklearn.impute import SimpleImputer

    imputer = SimpleImputer(strategy="constant", fill_value=0.0).fit(x)
    imputer.statistics_ = fill
    return partial(imputer.transform, x)


@peer("impute given", "pandas", finish=np.asarray, data="missing")
def fillna(x, fill):
    import pandas

    frame, fill = pandas.DataFrame(x), pandas.Series(fill)
    return partial(frame.fillna, fill)


@peer("impute given", "polars", finish=lambda frame: frame.to_numpy(), data="missing")
def fill_null(x, fill):
    import polars

    frame = polars.from_numpy(x).fill_nan(None)
    columns = zip(frame.columns, fill, strict=True)
    return partial(frame.select, [polars.col(name).fill_null(float(value)) for name, value in columns])


@peer("impute median", "numpy")
def nanmedian_and_where(x):
    return lambda: np.where(np.isnan(x), np.nanmedian(x, axis=0), x)


@peer("impute median", "numpy")
def column_by_column_and_where(x):
    return lambda: np.where(np.isnan(x), median_mad_by_column(x)[0], x)


@peer("impute median", "bottleneck")
def bottleneck_nanmedian_and_where(x):
    import bottleneck

    return lambda: np.where(np.isnan(x), bottleneck.nanmedian(x, axis=0), x)


@peer("impute median", "sklearn")
def simple_imputer(x):
    from sklearn.impute import SimpleImputer

    return lambda: SimpleImputer(strategy="median").fit_transform(x)


@peer("impute median", "pandas", finish=np.asarray)
def fillna_median(x):
    import pandas

    frame = pandas.DataFrame(x)
    return lambda: frame.fillna(frame.median())


@peer("impute median", "polars", finish=lambda frame: frame.to_numpy(), data="missing")
def fill_null_median(x):
    import polars

    frame, every = polars.from_numpy(x).fill_nan(None), polars.all()
    return partial(frame.select, every.fill_null(every.median()))


@peer("impute median", "numba")
def median_loops(x):
    from .numba_loops import impute_median

    return partial(impute_median, x)


@peer("ffill", "numbagg")
def ffill(x):
    import numbagg

    return lambda: numbagg.ffill(x, axis=0)


@peer("bfill", "numbagg")
def bfill(x):
    import numbagg

    return lambda: numbagg.bfill(x, axis=0)


@peer("ffill", "bottleneck")
def push(x):
    import bottleneck

    return lambda: bottleneck.push(x, axis=0)


@peer("ffill", "pandas", finish=np.asarray)
def pandas_ffill(x):
    import pandas

    return pandas.DataFrame(x).ffill


@peer("bfill", "pandas", finish=np.asarray)
def pandas_bfill(x):
    import pandas

    return pandas.DataFrame(x).bfill
