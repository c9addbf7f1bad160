"""How far a candidate's result is from the contract, on a part of it that the reference can compute in time."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

import acm_dispatch

from .case import Case

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
    "kmeans",
    "cross_sums",
    "streaming",
)
_BY_ROW = (
    "pairwise_euclidean",
    "pairwise_distances_argmin",
    "matmul",
    "pca_reconstruct",
    "pca_spe_t2",
    "mahalanobis",
    "isolation_forest_score",
)

#: Operations whose result has other columns than their input; their references are quick.
_WHOLE = {"lagged_features", "truncated_svd", "pca_fit", "power_spectrum"}


def _of_the_subspace(triplets: Any) -> tuple[Any, ...]:
    """What does not depend on the signs of singular vectors."""
    u, s, vt = map(np.asarray, triplets)
    return s, vt.T @ vt, (u[:_SHOWN] * s) @ vt


def _of_the_plane(model: Any) -> tuple[Any, ...]:
    mean, components, variance = map(np.asarray, model)
    return mean, components.T @ components, variance


def _without_steps(result: Any) -> tuple[Any, ...]:
    """Centres, labels and inertia: libraries count their steps in ways of their own."""
    return tuple(result)[:3]


#: What is compared of a result whose numbers are not all settled by the contract.
_COMPARED = {"truncated_svd": _of_the_subspace, "pca_fit": _of_the_plane, "kmeans": _without_steps}

#: Rows of a product of singular vectors that are looked at.
_SHOWN = 10_000

#: Relative error beyond which a result is no inaccurate answer but another one.
_WRONG = 1e-2


class Oracle:
    """The reference's answer for some rows, some columns or all of a case's data.

    Rows of distances and columns of sensors do not depend on each other, so a part of the arguments gives the same part
    of the result. Scores, pairs of columns and the like need everything; for them the NumPy kernel answers, which is
    checked against the reference wherever that is quick enough.
    """

    def __init__(self, case: Case, arrays: tuple[np.ndarray, ...]) -> None:
        # What is made of several operations has a contract for each; all of them have the usual tolerance.
        contract = getattr(case.function, "operation", acm_dispatch.silhouette_samples.operation)
        self.relative, self.absolute = contract.tolerance[case.dtype]
        # A contract that compares in a way of its own does so because terms cancel: relative to what is largest.
        self.cancels = getattr(getattr(case.function, "operation", None), "agrees", None) is not None
        self.compared = _COMPARED.get(case.operation, lambda result: result)
        self.part: Any = ()
        if case.operation in _BY_NUMPY:
            self.expected: Any = self.compared(case.call(*arrays, backend="numpy")())
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
        reference = getattr(case.function, "reference", partial(case.function, backend="numpy"))
        self.expected = self.compared(reference(*arguments, **case.options))

    def deviation(self, result: Any) -> tuple[float, float]:
        """Largest error in multiples of what the contract allows, and relative to the largest expected number."""
        result = self.compared(result)
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
        largest = float(np.nanmax(np.abs(expected), initial=1e-300))
        allowed = self.absolute + self.relative * (np.abs(expected) + largest * self.cancels)
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
