"""Peers of the rolling statistics."""

from functools import partial

import numpy as np

from ..arguments import WINDOW
from . import peer


def _register(name, bottleneck_name=None, numbagg_name=None, polars_name=None):
    """The rolling functions of that name, where the packages have one."""

    @peer(f"rolling_{name}", "pandas", finish=np.asarray)
    def frame_rolling(x):
        import pandas

        return getattr(pandas.DataFrame(x).rolling(WINDOW), name)

    if polars_name:

        @peer(f"rolling_{name}", "polars", finish=lambda frame: frame.to_numpy(), data="clean")
        def expressions(x):
            import polars

            frame = polars.DataFrame(x)
            options = {"bias": False} if name in ("skew", "kurt") else {}
            rolling = [getattr(polars.col(column), polars_name)(WINDOW, **options) for column in frame.columns]
            return lambda: frame.select(rolling)

    if bottleneck_name:

        @peer(f"rolling_{name}", "bottleneck")
        def bottleneck_move(x):
            import bottleneck

            options = {"ddof": 1} if name == "std" else {}
            return partial(getattr(bottleneck, bottleneck_name), x, WINDOW, axis=0, **options)

    if numbagg_name:

        @peer(f"rolling_{name}", "numbagg")
        def numbagg_move(x):
            import numba
            import numbagg

            if numba.config.DISABLE_JIT:
                raise ImportError("numbagg's moving functions cannot do without compiling")
            return partial(getattr(numbagg, numbagg_name), x, window=WINDOW, axis=0)


_register("mean", "move_mean", "move_mean", "rolling_mean")
_register("std", "move_std", "move_std", "rolling_std")
_register("min", "move_min", None, "rolling_min")
_register("max", "move_max", None, "rolling_max")
_register("median", "move_median", None, "rolling_median")
_register("skew", None, None, "rolling_skew")
_register("kurt", None, None, "rolling_kurtosis")


@peer("rolling_mad", "screamer")
def rolling_mad(x):
    from screamer import RollingMedianAD

    return partial(RollingMedianAD(WINDOW), x)


@peer("rolling_slope", "numpy", data="clean")
def windows_times_weights(x):
    time = np.arange(WINDOW) - (WINDOW - 1) / 2
    weights = (time / (time @ time)).astype(x.dtype)
    head = np.full((WINDOW - 1, x.shape[1]), np.nan, x.dtype)

    def slopes():
        windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW, axis=0)
        return np.concatenate([head, windows @ weights])

    return slopes
