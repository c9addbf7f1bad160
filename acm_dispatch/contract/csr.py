"""The check of CSR matrices that are given as their arrays: of the contract, so that no kernel reads beyond them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidInput


def check_csr(name: str, data: Any, indices: Any, indptr: Any, columns: int) -> None:
    """Raise `InvalidInput` unless the arrays form a CSR matrix of that many columns."""
    if len(indptr) == 0 or indptr[0] != 0 or indptr[-1] > len(data) or (np.diff(indptr) < 0).any():
        raise InvalidInput(name, "indptr", f"does not rise from 0 to at most {len(data)}, the length of `data`")
    if len(indices) and not (indices.min() >= 0 and indices.max() < columns):
        raise InvalidInput(name, "indices", f"holds an index outside 0 to {columns - 1}")
