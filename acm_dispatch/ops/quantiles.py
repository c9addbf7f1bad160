"""Quantiles of columns, and along an axis."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike, as_array
from ..contract.options import drawn_by, expects, integer, one_of
from ..contract.parts import Arguments, Fold, Found, Passes, Undivided
from ..contract.patterns import Patterns
from ..contract.samples import Samples
from ..errors import InvalidInput, shown
from ..execution.composition import composition
from ..execution.operation import operation
from .brackets import first_read, second_read
from .missing import MISSING, Missing, columns, is_missing, sensors

#: Between two values: on the line, the one below, the one above, their mean, the nearer one.
Method = Literal["linear", "lower", "higher", "midpoint", "nearest"]

QUARTERS = (0.25, 0.5, 0.75)


@expects("numbers from 0 to 1, however many")
@drawn_by(
    lambda rng, dims: tuple(
        rng.choice([0.0, 0.25, 0.5, 0.99, 1.0, rng.random()], rng.choice([0, 1, 2, 7, 40])).tolist()
    )
)
def probabilities(operation: str, argument: str, value: Any) -> tuple[float, ...]:
    """Numbers from 0 to 1, in a form that can be compared."""
    numbers = as_array(operation, argument, value)
    if numbers.dtype.kind not in "iuf":
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected numbers from 0 to 1")
    if numbers.ndim != 1:
        raise InvalidInput(operation, argument, f"has {numbers.ndim} dimensions; expected one")
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected numbers from 0 to 1")
    return tuple(numbers.astype(np.float64).tolist())


def _quarters(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {**sensors(rng, n), "q": QUARTERS}


_levels = Samples(_quarters)
_levels.cases.update(
    (name, lambda rng, draw=draw: {**draw(rng), "q": (0.1, 0.5, 0.5, 0.99)}) for name, draw in columns.cases.items()
)


@_levels.case
def one_quantile(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 300), "q": (0.37,)}


@_levels.case
def no_quantile(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 30), "q": ()}


@_levels.case
def unsorted_and_repeated(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 2000), "q": (0.99, 0.01, 0.5, 0.01, 1.0, 0.0)}


@_levels.case
def many_quantiles(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(3000, 3)), "q": tuple(np.linspace(0, 1, 101))}


@_levels.case
def extremes(rng: np.random.Generator) -> dict[str, Any]:
    return {**columns.cases["infinities_are_numbers"](rng), "q": (0.0, 1.0)}


@_levels.case
def lower(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "lower"}


@_levels.case
def higher(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "higher"}


@_levels.case
def midpoint(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 1400), "method": "midpoint"}


@_levels.case
def nearest(rng: np.random.Generator) -> dict[str, Any]:
    """Half-way places, too, which go to the even one."""
    return {"x": rng.normal(size=(1203, 5)), "q": (0.25, 0.75, 0.5, 0.3), "method": "nearest"}


@_levels.case
def long_columns(rng: np.random.Generator) -> dict[str, Any]:
    """More rows than a kernel may want to hold, with ties."""
    return {"x": rng.normal(size=(50_000, 2)).round(2), "q": (0.001, 0.5, 0.9)}


@_levels.mistake("q")
def q_beyond_one(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (0.5, 1.1)}


@_levels.mistake("q")
def q_negative(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (-0.1,)}


@_levels.mistake("q")
def q_nan(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": (np.nan,)}


@_levels.mistake("q")
def q_not_numbers(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "q": "median"}


@_levels.mistake("method")
def unknown_method(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 8), "method": "hazen"}


@_levels.mistake("missing")
def unknown_missing(rng: np.random.Generator) -> dict[str, Any]:
    return {**_quarters(rng, 8), "missing": "none"}


def _levels_asked(arguments: Arguments) -> tuple[float, ...]:
    return arguments["q"]


@operation(
    "n d -> len(q) d",
    work="n * d * bool(q)",
    nan="skip",
    samples=_levels,
    options={
        "q": probabilities,
        "method": one_of(*get_args(Method)),
        "missing": MISSING,
    },
    homogeneous="x -> 1",
    parts=Passes((first_read(_levels_asked), second_read(_levels_asked))),
)
def column_quantiles(
    x: ArrayLike,
    q: ArrayLike,
    *,
    method: Method = "linear",
    missing: Missing = "nonfinite",
    backend: str | None = None,
) -> np.ndarray[Any, Any]:
    """Quantiles of each column's values that are not missing.

    Parameters
    ----------
    x : array of shape (n, d)
    q : sequence of k numbers
        From 0 to 1, in any order.
    method : {"linear", "lower", "higher", "midpoint", "nearest"}
        What to take where a quantile lies between two values: in proportion, the lower one, the higher one, their
        mean, or the nearer one (of two equally near, the one of even rank).
    missing : {"nonfinite", "nan"}
        What is left out: NaN and infinities, or NaN only.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (k, d)
        In the units of `x`; NaN for a column without values.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, `q` are not numbers from 0 to 1, or an option is another word.

    Notes
    -----
    Follows `numpy.quantile` of each column's values. Between an infinity and a number it gives the infinity, between
    the two infinities NaN.

    Examples
    --------
    >>> column_quantiles([[1.0], [2.0], [4.0], [float("nan")]], [0.5, 0.75])
    array([[2.],
           [3.]])
    """
    found = np.full((len(q), x.shape[1]), np.nan)
    for j, column in enumerate(x.T):
        values = np.sort(column[~is_missing(column, missing)])
        if len(values):
            found[:, j] = [_quantile(values, level, method) for level in q]
    return found


def _quantile(values: Any, level: float, method: str) -> Any:
    """Of sorted values: the one at `level`, or what the method makes of the two that it lies between."""
    place = level * (len(values) - 1)
    low, high = values[math.floor(place)], values[math.ceil(place)]
    if method in ("lower", "higher"):
        return low if method == "lower" else high
    if method == "nearest":
        return values[round(place)]  # to the even one of two
    share = 0.5 if method == "midpoint" else place - math.floor(place)
    if low == high or place == math.floor(place):
        return low
    with np.errstate(invalid="ignore"):
        return low * (1 - share) + high * share


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


def _as_levels(q: Any) -> tuple[Any, bool]:
    """The levels as a tuple, and whether there is but one, given as a number."""
    if isinstance(q, tuple):  # which plans are remembered by
        return q, False
    levels = to_host(as_array("quantiles", "q", q))
    return probabilities("quantiles", "q", np.atleast_1d(levels)), levels.ndim == 0


def _calls(*, x: Any, q: Any, axis: Any, method: Any, missing: Any) -> dict[str, dict[str, Any]]:
    return {"column_quantiles": {"x": _matrix(x, axis)[0], "q": _as_levels(q)[0], "method": method, "missing": missing}}


class _AsGiven(NamedTuple):
    """A piece of a read, and the dimensions and dtype of what it is of."""

    piece: Any
    dims: int
    dtype: Any


def _as_matrices(fold: Fold) -> Fold:
    """The same of vectors, or of matrices along their rows."""

    def each(arguments: Arguments, found: Found) -> _AsGiven:
        matrix, dims = _matrix(arguments["x"], arguments["axis"])
        if dims == 2 and arguments["axis"] == -1:
            raise InvalidInput("quantiles", "axis", "is -1, along the columns; expected 0 for rows in parts")
        if matrix.dtype.kind != "f":
            matrix = matrix.astype(np.float64)
        return _AsGiven(fold.map({**arguments, "x": matrix}, found), dims, matrix.dtype)

    def merged(first: _AsGiven, second: _AsGiven) -> _AsGiven:
        return first._replace(piece=fold.merge(first.piece, second.piece))

    def finish(total: _AsGiven, arguments: Arguments, found: Found) -> Any:
        result = fold.finish(total.piece, arguments, found)
        if not isinstance(result, np.ndarray):
            return result
        result = result[:, 0] if total.dims == 1 else result
        return (result[0] if _as_levels(arguments["q"])[1] else result).astype(total.dtype)

    return Fold(each, merged, finish)


def _levels_of_signal(arguments: Arguments) -> tuple[float, ...]:
    return _as_levels(arguments["q"])[0]


def _parts_by_axis(arguments: Arguments) -> Passes | Undivided:
    if arguments["axis"] == 1:
        return Undivided("has rows in parts; expected axis=0, or `column_quantiles` of its transpose")
    return Passes(tuple(map(_as_matrices, (first_read(_levels_of_signal), second_read(_levels_of_signal)))))


@composition(column_quantiles, samples=_signals, homogeneous="x -> 1", calls=_calls, parts=_parts_by_axis)
def quantiles(
    x: ArrayLike,
    q: ArrayLike,
    *,
    axis: int = 0,
    method: Method = "linear",
    missing: Missing = "nonfinite",
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
    levels, single = _as_levels(q)
    found = column_quantiles(matrix, levels, method=method, missing=missing, backend=backend)
    if dims == 1:
        found = found[:, 0]
    return found[0] if single else found
