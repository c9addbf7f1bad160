"""Peers of pearson, with and without gaps, and of spearman."""

from functools import partial

import numpy as np

from . import peer


@peer("pearson", "numpy", data="clean")
def corrcoef(x):
    return partial(np.corrcoef, x, rowvar=False, dtype=x.dtype)


@peer("pearson", "numpy", data="missing")
def masked_products(x):
    return partial(_masked_products, x)


def _masked_products(x):
    present = ~np.isnan(x)
    values = np.where(present, x - np.nanmean(x, axis=0), 0)
    mask = present.astype(x.dtype)
    count, sums, squares = mask.T @ mask, values.T @ mask, (values * values).T @ mask
    varying = squares - sums * sums / count
    return (values.T @ values - sums * sums.T / count) / np.sqrt(varying * varying.T)


@peer("pearson", "pandas")
def data_frame_corr(x):
    import pandas as pd

    return pd.DataFrame(x).corr


@peer("spearman", "numpy", data="clean")
def argsort_and_corrcoef(x):
    """Right where no value occurs twice."""

    def call():
        ranks = np.empty_like(x)
        np.put_along_axis(ranks, np.argsort(x, axis=0), np.arange(len(x), dtype=x.dtype)[:, None], axis=0)
        return np.corrcoef(ranks, rowvar=False)

    return call


@peer("spearman", "scipy", data="clean", finish=lambda result: result.statistic)
def spearmanr(x):
    from scipy.stats import spearmanr

    return partial(spearmanr, x)


@peer("spearman", "pandas")
def data_frame_corr_spearman(x):
    import pandas as pd

    return partial(pd.DataFrame(x).corr, method="spearman")
