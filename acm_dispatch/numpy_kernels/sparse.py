"""Products of CSR matrices by SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.csr import check_csr


@numpy_backend.kernel("csr_matmul")
def _matmul_by_scipy(data: Any, indices: Any, indptr: Any, b: Any) -> Any:
    from scipy.sparse import csr_array

    check_csr("csr_matmul", data, indices, indptr, len(b))
    matrix = csr_array((data.astype(np.float64, copy=False), indices, indptr), shape=(len(indptr) - 1, len(b)))
    with np.errstate(all="ignore"):
        return (matrix @ b.astype(np.float64, copy=False)).astype(b.dtype, copy=False)


@numpy_backend.kernel("csr_matvec")
def _matvec_by_scipy(data: Any, indices: Any, indptr: Any, v: Any) -> Any:
    from scipy.sparse import csr_array

    check_csr("csr_matvec", data, indices, indptr, len(v))
    matrix = csr_array((data.astype(np.float64, copy=False), indices, indptr), shape=(len(indptr) - 1, len(v)))
    with np.errstate(all="ignore"):
        return (matrix @ v.astype(np.float64, copy=False)).astype(v.dtype, copy=False)
