"""Quantiles along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike, as_array
from ..contract.options import integer
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.composition import composition
from .column_quantiles import QUARTERS, column_quantiles, probabilities
from .missing import sensors


def _quartered_signal(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": rng.normal(size=n), "q": QUARTERS}


_signals = Samples(_quartered_signal)


@_signals.drawn("n d")
def _signals_of_any_size(drawn: Patterns) -> dict[str, Any]:
    """Vectors, and matrices along either axis."""
    axis = int(drawn.rng.integers(-2, 2))
    x = drawn.real(*drawn.sizes("n d")) if axis % 2 or drawn.rng.random() < 0.5 else drawn.real(drawn.dims["n"])
    options = {name: drawn.option(check) for name, check in column_quantiles.operation.options.items()}
    return {"x": x, "axis": axis if x.ndim == 2 else -(axis % 2), **options}


@_signals.case
def one_number(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=33), "q": 0.5}


@_signals.case
def no_values(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.array([]), "q": [0.1, 0.2]}


@_signals.case
def by_column(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 500), "q": [0.9, 0.1], "method": "lower"}


@_signals.case
def by_row(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 20), "q": [0.9, 0.1], "axis": 1, "missing": "nan"}


@_signals.case
def last_axis(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quartered_signal(rng, 40), "axis": -1}


@_signals.mistake("x")
def three_dimensions(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros((2, 2, 2)), "q": 0.5}


@_signals.mistake("axis")
def axis_beyond(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros(4), "q": 0.5, "axis": 1}


@_signals.mistake("axis")
def axis_not_whole(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros((4, 2)), "q": 0.5, "axis": 1.0}


@_signals.mistake("q")
def ragged_q(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros(4), "q": [[0.1], [0.2, 0.3]]}


@_signals.mistake("q")
def q_in_percent(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.zeros(4), "q": 50}


def _matrix(x: Any, axis: Any) -> tuple[Any, int]:
    """`x` with what is summarised in columns, and how many dimensions it has."""
    values = as_array("quantiles", "x", x)
    if values.ndim not in (1, 2):
        raise InvalidInput("quantiles", "x", f"has {values.ndim} dimensions; expected 1 or 2")
    along = integer()("quantiles", "axis", axis)
    if along not in range(-values.ndim, values.ndim):
        raise InvalidInput("quantiles", "axis", f"is {along}; expected an axis of an array of {values.ndim} dimensions")
    matrix = values.reshape(-1, 1) if values.ndim == 1 else values.T if along % 2 else values
    return matrix, values.ndim


def _levels(q: Any) -> tuple[Any, bool]:
    """The levels as a tuple, and whether there is but one, given as a number."""
    if isinstance(q, tuple):  # which plans are remembered by
        return q, False
    levels = to_host(as_array("quantiles", "q", q))
    return probabilities("quantiles", "q", np.atleast_1d(levels)), levels.ndim == 0


def _calls(*, x: Any, q: Any, axis: Any, method: Any, missing: Any) -> dict[str, dict[str, Any]]:
    return {"column_quantiles": {"x": _matrix(x, axis)[0], "q": _levels(q)[0], "method": method, "missing": missing}}


@composition(column_quantiles, samples=_signals, homogeneous="x -> 1", calls=_calls)
def quantiles(
    x: ArrayLike,
    q: ArrayLike,
    *,
    axis: int = 0,
    method: str = "linear",
    missing: str = "nonfinite",
    backend: str | None = None,
) -> Any:
    """Quantiles of the values that are not missing, along an axis of a vector or matrix.

    Parameters
    ----------
    x : array of one or two dimensions
    q : number or sequence of k numbers
        From 0 to 1, in any order.
    axis : int, default 0
        The axis that is summarised: 0 gives the quantiles of each column.
    method : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to take where a quantile lies between two values, as in `numpy.quantile`.
    missing : {"nonfinite", "nan"}
        What is left out: NaN and infinities, or NaN only.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (k,) for a vector, (k, d) for d columns
        In the units of `x`; NaN where there are no values. Without the first dimension where `q` is a number.

    Raises
    ------
    InvalidInput
        If `x` is not a real vector or matrix, `q` are not numbers from 0 to 1, `axis` is none of `x`, or an option is
        another word.

    References
    ----------
    Follows `numpy.quantile`; see `column_quantiles`.

    Examples
    --------
    >>> quantiles([3.0, 1.0, 2.0, float("nan")], [0.0, 0.5])
    array([1., 2.])
    """
    matrix, dims = _matrix(x, axis)
    levels, single = _levels(q)
    found = column_quantiles(matrix, levels, method=method, missing=missing, backend=backend)
    if dims == 1:
        found = found[:, 0]
    return found[0] if single else found
