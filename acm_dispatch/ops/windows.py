"""Windows that move along the rows: how the operations on them are declared, and matrices that test them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from ..contract.options import Check, integer, optional
from ..contract.parts import Arguments, Halo
from ..contract.samples import Samples
from ..errors import InvalidInput
from ..execution.operation import OperationFunction, operation
from .missing import gappy, sensors

if TYPE_CHECKING:
    from ..contract.samples import Draw

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

#: Numbers in the windows that are looked at together: 8 MB in float64, so that they stay in the cache.
_BLOCK = 1 << 20


def _hour(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Windows of an hour of minutes."""
    return {**sensors(rng, n), "window": 60, "min_periods": 30}


def _in_short_windows(draw: Draw) -> Draw:
    return lambda rng: {**draw(rng), "window": 5, "min_periods": 2}


#: The traps that every operation on moving windows has to pass.
windowed = Samples(_hour)
windowed.cases.update((name, _in_short_windows(draw)) for name, draw in gappy.cases.items())
del windowed.cases["sorted_columns"]  # it shows something only where values are ordered


@windowed.case
def default_periods(rng: np.random.Generator) -> dict[str, Any]:
    """One missing value makes a whole window of results missing."""
    x = rng.normal(size=(90, 11))
    x[30, 0], x[60:64, 1] = np.nan, np.inf
    return {"x": x, "window": 12}


@windowed.case
def no_periods(rng: np.random.Generator) -> dict[str, Any]:
    """A window without values gives NaN all the same."""
    x = rng.normal(size=(70, 3))
    x[10:40, 0] = np.nan
    return {"x": x, "window": 6, "min_periods": 0}


@windowed.case
def windows_of_one(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 20), "window": 1}


@windowed.case
def windows_of_two(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 40), "window": 2, "min_periods": 1}


@windowed.case
def window_beyond_the_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(9, 3)), "window": 10**12}


@windowed.case
def growing_windows(rng: np.random.Generator) -> dict[str, Any]:
    """Longer than the data: what pandas calls expanding."""
    return {**sensors(rng, 100), "window": 1000, "min_periods": 1}


@windowed.case
def constant_runs_and_jumps(rng: np.random.Generator) -> dict[str, Any]:
    """What running sums do not forget: after a jump, their rounding errors stay."""
    x = np.repeat([0.1, 1e6 + 0.3, -3.7, 1e9, 0.1, 0.0], 50)[:, None] + np.zeros(9)
    x[100:, 1:] += rng.normal(size=(200, 8)) * np.repeat([1.0, 1e-3, 1.0, 0.0], 50)[:, None]
    return {"x": x, "window": 20, "min_periods": 4}


@windowed.case
def spikes(rng: np.random.Generator) -> dict[str, Any]:
    """Huge values in small noise, and infinities, none of which may last longer than their window."""
    x = 20 + 0.01 * rng.normal(size=(160, 4))
    x[50, 0], x[80, 1], x[90, 1], x[100, 2] = 1e12, np.inf, -np.inf, -1e9
    return {"x": x, "window": 16, "min_periods": 5}


@windowed.case
def long_gaps(rng: np.random.Generator) -> dict[str, Any]:
    x = 1e6 + rng.normal(size=(240, 10))
    x[40:130, ::3], x[:35, 1], x[200:, 2] = np.nan, np.nan, np.nan
    return {"x": x, "window": 30, "min_periods": 1}


@windowed.case
def tides(rng: np.random.Generator) -> dict[str, Any]:
    """Many short windows, so several tiles of rows."""
    x = np.sin(np.arange(2600)[:, None] / (5 + np.arange(3))) + 0.01 * rng.normal(size=(2600, 3))
    x[rng.random(x.shape) < 0.02] = np.nan
    return {"x": x.round(3), "window": 7, "min_periods": 4}


@windowed.case
def long_windows(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(1500, 1)).cumsum(axis=0)
    x[rng.random(x.shape) < 0.05] = np.nan
    return {"x": x.round(2), "window": 1201, "min_periods": 100}


@windowed.case
def single_giants(rng: np.random.Generator) -> dict[str, Any]:
    """Sums and powers of distances overflow, where statistics do not; later windows know nothing of it."""
    x = rng.normal(size=(40, 6)).round(3) * [1.0, 1.0, 1.0, 1e-200, 1e-90, 1.0]
    x[8, 0], x[8, 1], x[30, 1], x[14, 2], x[20, 3], x[20, 4] = 6e307, 1.3e154, -1.3e154, -2e307, 1e200, 1e90
    x[11:13, 5] = 1.7e308, -1e308
    return {"x": x, "window": 6, "min_periods": 2}


@windowed.case
def powers_out_of_range(rng: np.random.Generator) -> dict[str, Any]:
    """Of values so small that their powers are 0, and so large that these are infinite."""
    scales = [1e-305, 1e-200, 1e-155, 3e-81, 1e-60, 1e60, 3e80, 1e153, 1e200, 1e305]
    return {"x": rng.exponential(size=(60, 10)) * scales, "window": 12}


@windowed.case
def all_sizes(rng: np.random.Generator) -> dict[str, Any]:
    """A decay from the largest numbers to the smallest, then zeros, then growth; gaps in one column."""
    sizes = np.concatenate([np.linspace(305, -305, 120), np.linspace(-305, 305, 40)])
    x = rng.uniform(1, 2, size=(160, 3)) * 10.0 ** sizes[:, None]
    x[110:130], x[rng.random(160) < 0.2, 1] = 0.0, np.nan
    return {"x": x, "window": 7, "min_periods": 3}


@windowed.mistake("window")
def empty_window(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "window": 0}


@windowed.mistake("window")
def half_a_row(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "window": 2.5}


@windowed.mistake("min_periods")
def negative_periods(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "window": 3, "min_periods": -1}


@windowed.mistake("min_periods")
def more_periods_than_rows_in_the_window(rng: np.random.Generator) -> dict[str, Any]:
    return {**sensors(rng, 8), "window": 3, "min_periods": 4}


def _first_of_windows(arguments: Arguments, row: int) -> int:
    """Kernels make windows of two halves about every row whose number is a multiple of the window.

    Blocks that begin at such a row have their halves, and so their rounding, where all rows together have them.
    """
    window: int = arguments["window"]
    return max((row - window + 1) // window * window, 0)


def rolling(
    samples: Samples = windowed,
    *,
    work: str = "n * d",
    homogeneous: str = "",
    agrees: Callable[..., None] | None = None,
    **options: Check,
) -> Callable[[Callable[P, R]], OperationFunction[P, R]]:
    """Declares an operation ``(x, window, *, option, min_periods=None)`` on the windows that end at each row.

    Its kernels take at most as many rows a window as `x` has, then the options, then `min_periods` as a number from 1.
    The work is that of windows made of parts, which hardly grows with them; `work` says so where it does.
    """

    def declare(body: Callable[P, R]) -> OperationFunction[P, R]:
        return operation(
            "n d -> n d",
            work=work,
            nan="skip",
            samples=samples,
            options={"window": integer(minimum=1), **options, "min_periods": optional(integer(minimum=0))},
            prepare=partial(_periods_counted, body.__name__),
            homogeneous=homogeneous,
            agrees=agrees,
            parts=Halo(_first_of_windows),
        )(body)

    return declare


def _periods_counted(operation: str, x: Any, window: int, *options: Any) -> tuple[Any, ...]:
    """`min_periods` as a number, of at most the window; both cut to what the rows can hold."""
    *others, periods = options
    if periods is None:
        periods = window
    elif periods > window:
        raise InvalidInput(operation, "min_periods", f"is {periods}; expected at most the window, {window}")
    rows = len(x)
    return x, max(min(window, rows), 1), *others, max(min(periods, rows + 1), 1)


def over_windows(
    x: Any, window: int, min_periods: Any, statistic: Callable[[Any], Any], degree: int | None = None
) -> Any:
    """What `statistic` makes of the windows: k x d x window numbers, NaN where missing, into k x d results.

    With a `degree`, each window is counted in a power of two of which it has less than one, so that sums and powers of
    its values are numbers, and results in that power of it.
    """
    out = np.full(x.shape, np.nan)
    if x.size == 0:
        return out
    values = np.where(np.isfinite(x), x, np.nan)
    padded = np.concatenate([np.full((window - 1, x.shape[1]), np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=0)
    length = max(_BLOCK // (x.shape[1] * window), 1)
    for start in range(0, len(x), length):
        rows = slice(start, start + length)
        enough = (~np.isnan(windows[rows])).sum(axis=2) >= min_periods
        found = statistic(windows[rows]) if degree is None else _in_units(windows[rows], statistic, degree)
        out[rows] = np.where(enough, found, np.nan)
    return out


def _in_units(windows: Any, statistic: Callable[[Any], Any], degree: int) -> Any:
    exponents = np.frexp(np.nan_to_num(np.fmax.reduce(np.abs(windows), axis=2)))[1]
    return np.ldexp(statistic(np.ldexp(windows, -exponents[:, :, None])), degree * exponents)
