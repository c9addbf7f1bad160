"""Numba kernels for `acm_dispatch`: serial loops compiled by Numba, spread over Python threads.

Every compiled function is serial: it computes one range of rows or columns and releases the GIL; `acm_numba.parallel`
hands the ranges to a pool of Python threads. Numba's own threading layers are not used, because GNU OpenMP aborts the
process when a forked child uses it, and workqueue when two threads use it at once; serial functions also compile in a
fraction of the time.

Importing this package does not load Numba; the modules below are imported by the first call that needs them. That call
costs half a second more than NumPy's where the machine code of its kernel is in the cache, and the first one on a
machine, which compiles it, one to eight. Profiles count that, and a kernel starts once calls have lost as much without
it. `use("numba")` does not wait for that. `opt_in` marks kernels that NumPy's (BLAS, a copy, a quick sort) matched or
beat; some are ahead in memory or on data with gaps, which a choice by size cannot see.
"""

from functools import cache, partial
from importlib.util import find_spec

import numpy as np

from acm_dispatch import Backend

from . import forked
from .compiled import CompiledKernels, numba_version


@cache
def _missing() -> str | None:
    return None if find_spec("numba") else "Numba is not installed: `pip install numba`"


def _unavailable() -> str | None:
    return forked.reason() or _missing()


_VERSION = "0.1.0"
_NO_FFT = "Numba has no FFT; sums over each frequency cost a window's length more than NumPy's transform"
_NO_BLAS = "a plain loop would be a slower BLAS or LAPACK than NumPy's"

backend = Backend(
    "numba",
    # Columns are counted in units that a block of rows shares; products are left to BLAS.
    by_place=("matmul", "rolling_kurt", "rolling_mean", "rolling_skew", "rolling_slope", "rolling_std"),
    modules=(
        "acm_numba.ar1",
        "acm_numba.correlation",
        "acm_numba.cross_sums",
        "acm_numba.distances",
        "acm_numba.imputation",
        "acm_numba.isolation_forest",
        "acm_numba.kmeans",
        "acm_numba.lags",
        "acm_numba.mahalanobis",
        "acm_numba.moments",
        "acm_numba.normalization",
        "acm_numba.pca",
        "acm_numba.quantiles",
        "acm_numba.robust_stats",
        "acm_numba.rolling",
        "acm_numba.silhouette",
        "acm_numba.sparse",
    ),
    available=_unavailable,
    bind=lambda kernel, threads: partial(np.errstate(all="ignore")(kernel), threads),
    # Rows, columns and lanes of the blocks in the modules above.
    tiles=(4, 8, 16, 24, 64, 128, 256, 2048),
    refuses={
        **dict.fromkeys(("band_energy", "power_spectrum"), _NO_FFT),
        **dict.fromkeys(("matmul", "pca_fit", "truncated_svd"), _NO_BLAS),
    },
    version=_VERSION,
    build=numba_version,
    compiled=CompiledKernels(_VERSION),
)
