"""How far a candidate's result is from the contract, on a part of it that the reference can compute in time."""

from __future__ import annotations

from typing import Any

import numpy as np

import acm_dispatch

from .cases import Case

_ROWS = 64
_COLUMNS = 3
_BY_NUMPY = (
    "silhouette_score",
    "pearson",
    "spearman",
    "band_energy",
    "sparse_correlation",
    "csr_matvec",
    "csr_matmul",
)
_BY_ROW = ("pairwise_euclidean", "pairwise_distances_argmin")

#: Operations whose result has other columns than their input; their references are quick.
_WHOLE = {"lagged_features"}

#: Relative error beyond which a result is no inaccurate answer but another one.
_WRONG = 1e-2


class Oracle:
    """The reference's answer for some rows, some columns or all of a case's data.

    Rows of distances and columns of sensors do not depend on each other, so a part of the arguments gives the same part
    of the result. Scores, pairs of columns and the like need everything; for them the NumPy kernel answers, which is
    checked against the reference wherever that is quick enough.
    """

    def __init__(self, case: Case, arrays: tuple[np.ndarray, ...]) -> None:
        contract = getattr(case.function, "contract", acm_dispatch.silhouette_samples.contract)
        self.relative, self.absolute = contract.tolerance[case.dtype]
        self.part: Any = ()
        if case.operation in _BY_NUMPY:
            self.expected: Any = case.function(*arrays, **case.options, backend="numpy")
            return
        if case.operation in _BY_ROW:
            self.part = np.linspace(0, len(arrays[0]) - 1, min(_ROWS, len(arrays[0]))).astype(int)
            arguments = (arrays[0][self.part], *arrays[1:])
        elif case.operation in _WHOLE:
            arguments = arrays
        else:
            width = arrays[0].shape[1]
            self.part = (..., np.linspace(0, width - 1, min(_COLUMNS, width)).astype(int))
            arguments = tuple(a[self.part] if isinstance(a, np.ndarray) else a for a in arrays)
        self.expected = case.function.reference(*arguments, **case.options)

    def deviation(self, result: Any) -> tuple[float, float]:
        """Largest error in multiples of what the contract allows, and relative to the largest expected number."""
        if not isinstance(self.expected, tuple):
            return self._deviation(result, self.expected)
        pairs = zip(result, self.expected, strict=True)
        errors, relatives = zip(*(self._deviation(a, e) for a, e in pairs), strict=True)
        return max(errors), max(relatives)

    def _deviation(self, actual: Any, expected: Any) -> tuple[float, float]:
        actual, expected = _dense(actual)[self.part], _dense(expected)
        if actual.shape != expected.shape or (np.isnan(actual) != np.isnan(expected)).any():
            return np.inf, np.inf
        if expected.dtype.kind == "i":
            share = float((actual != expected).mean())
            return np.inf if share else 0.0, share
        error = np.abs(np.where(actual == expected, 0, actual.astype(np.float64) - expected))
        allowed = self.absolute + self.relative * np.abs(expected)
        largest = float(np.nanmax(np.abs(expected), initial=1e-300))
        return float(np.nanmax(error / allowed, initial=0)), float(np.nanmax(error, initial=0)) / largest


def _dense(result: Any) -> np.ndarray[Any, Any]:
    return result.toarray() if hasattr(result, "toarray") else np.asarray(result)


def judge(deviation: tuple[float, float], trap_deviations: list[float]) -> str:
    """What the report says of a candidate's numbers.

    "exact" keeps the contract; "loses digits" keeps it on this data but not on the contract's traps; "inexact" misses
    it here; "wrong" is another answer.
    """
    errors, relative = deviation
    if relative > _WRONG:
        return "wrong"
    if errors > 1:
        return "inexact"
    return "exact" if all(error <= 1 for error in trap_deviations) else "loses digits"
