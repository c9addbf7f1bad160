"""Peers of zscore, with mean and deviation, median and MAD, or centre and scale given."""

from functools import partial

import numpy as np

from . import peer
from .robust_stats import SCALE, median_mad_by_column


def _in_place(x, center, scale):
    scores = x - center
    scores /= scale
    return scores


@peer("zscore standard", "numpy", data="clean")
def plain(x):
    return lambda: (x - x.mean(axis=0)) / x.std(axis=0)


@peer("zscore standard", "numpy", data="clean")
def in_place(x):
    def call():
        scores = x - x.mean(axis=0)
        scores /= np.sqrt(np.einsum("ij,ij->j", scores, scores) / len(x))
        return scores

    return call


@peer("zscore standard", "numpy", data="missing")
def nanmean_in_place(x):
    return lambda: _in_place(x, np.nanmean(x, axis=0), np.nanstd(x, axis=0))


@peer("zscore standard", "scipy", data="clean")
def scipy_zscore(x):
    from scipy.stats import zscore

    return partial(zscore, x)


@peer("zscore standard", "sklearn")
def standard_scaler(x):
    from sklearn.preprocessing import StandardScaler

    return lambda: StandardScaler().fit_transform(x)


@peer("zscore standard", "daal4py", dtypes=("float64",), data="clean")
def zscore_dividing_by_n_minus_1(x):
    from daal4py import normalization_zscore

    # An object of its own for each call: the next result of the same one overwrites the last.
    return lambda: normalization_zscore(doScale=True).compute(x).normalizedData


@peer("zscore standard", "bottleneck")
def nanmean(x):
    import bottleneck

    return lambda: _in_place(x, bottleneck.nanmean(x, axis=0), bottleneck.nanstd(x, axis=0))


@peer("zscore standard", "numexpr", data="clean")
def evaluate_with_numpy_statistics(x):
    import numexpr

    def call():
        center, scale = x.mean(axis=0), x.std(axis=0)
        return numexpr.evaluate("(x - c) / s", {"x": x, "c": center, "s": scale})

    return call


@peer("zscore standard", "numba", data="clean")
def fastmath_loops(x):
    from .numba_loops import zscore_standard

    return partial(zscore_standard, x)


@peer("zscore standard", "numba", data="missing")
def parallel_loops(x):
    from .numba_loops import zscore_standard_of_present

    return partial(zscore_standard_of_present, x)


@peer("zscore robust", "numpy", data="clean")
def median(x):
    return partial(_robust, np.median, x)


@peer("zscore robust", "numpy", data="missing")
def nanmedian(x):
    return partial(_robust, np.nanmedian, x)


@peer("zscore robust", "bottleneck")
def bottleneck_nanmedian(x):
    import bottleneck

    return partial(_robust, bottleneck.nanmedian, x)


def _robust(median, x):
    scores = x - median(x, axis=0)
    scores /= SCALE * median(np.abs(scores), axis=0)
    return scores


@peer("zscore robust", "numpy")
def column_by_column(x):
    return lambda: _in_place(x, *median_mad_by_column(x))


@peer("zscore robust", "numba")
def robust_loops(x):
    from .numba_loops import zscore_robust

    return partial(zscore_robust, x)


@peer("zscore given", "numpy")
def plain_given(x, center, scale):
    return lambda: (x - center) / scale


@peer("zscore given", "numpy")
def in_place_given(x, center, scale):
    return partial(_in_place, x, center, scale)


@peer("zscore given", "numexpr")
def evaluate(x, center, scale):
    import numexpr

    return partial(numexpr.evaluate, "(x - c) / s", {"x": x, "c": center, "s": scale})


@peer("zscore given", "sklearn")
def standard_scaler_transform(x, center, scale):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(x[:2])
    scaler.mean_, scaler.scale_ = center, scale
    return partial(scaler.transform, x)


@peer("zscore given", "numba")
def loops_given(x, center, scale):
    from .numba_loops import zscore_given

    return partial(zscore_given, x, center, scale)


@peer("zscore standard", "pandas", finish=np.asarray)
def frame_mean(x):
    import pandas

    frame = pandas.DataFrame(x)
    return lambda: (frame - frame.mean()) / frame.std(ddof=0)


@peer("zscore robust", "pandas", finish=np.asarray)
def frame_median(x):
    import pandas

    frame = pandas.DataFrame(x)

    def call():
        scores = frame - frame.median()
        return scores / (SCALE * scores.abs().median())

    return call


@peer("zscore given", "pandas", finish=np.asarray)
def frame_given(x, center, scale):
    import pandas

    frame = pandas.DataFrame(x)
    return lambda: (frame - center) / scale


def _as_array(frame):
    return frame.to_numpy()


@peer("zscore standard", "polars", finish=_as_array)
def expressions(x):
    import polars

    frame, every = polars.from_numpy(x).fill_nan(None), polars.all()
    return partial(frame.select, (every - every.mean()) / every.std(ddof=0))


@peer("zscore robust", "polars", finish=_as_array)
def robust_expressions(x):
    import polars

    frame, every = polars.from_numpy(x).fill_nan(None), polars.all()
    centered = every - every.median()
    return partial(frame.select, centered / (centered.abs().median() * SCALE))


@peer("zscore given", "polars", finish=_as_array)
def expressions_given(x, center, scale):
    import polars

    frame = polars.from_numpy(x)
    columns = zip(frame.columns, center, scale, strict=True)
    return partial(frame.select, [(polars.col(name) - float(c)) / float(s) for name, c, s in columns])
