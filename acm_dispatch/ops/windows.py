"""Windows that move along the rows: how the operations on them are declared, and matrices that test them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from ..errors import InvalidInput
from ..operation import OperationFunction, operation
from ..options import Check, integer, optional
from ..samples import Samples
from .missing import gappy, sensors

if TYPE_CHECKING:
    from ..samples import Draw

P = ParamSpec("P")
R = TypeVar("R", covariant=True)

#: Numbers in the windows that are looked at together: 8 MB in float64, so that they stay in the cache.
_BLOCK = 1 << 20


def roomy_unit(window: int, power: int) -> float:
    """What values are counted in, so that sums of them and of their products with so many counts do not overflow."""
    return 8.0 * 2.0 ** (power * window.bit_length())


def _hour(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Windows of an hour of minutes."""
    return {**sensors(rng, n), "window": 60, "min_periods": 30}


def _in_short_windows(draw: Draw) -> Draw:
    return lambda rng: {**draw(rng), "window": 5, "min_periods": 2}


#: The traps that every operation on moving windows has to pass.
windowed = Samples(_hour)
windowed.cases.update((name, _in_short_windows(draw)) for name, draw in gappy.cases.items())
# Squares of the one overflow, and the other shows something only where values are ordered.
del windowed.cases["largest_numbers"], windowed.cases["sorted_columns"]


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
def almost_too_large(rng: np.random.Generator) -> dict[str, Any]:
    """Means and slopes are numbers where sums of differences overflow; so are deviations where squares just do not."""
    x = rng.normal(size=(40, 3)).round(3)
    x[8, 0], x[8, 1], x[30, 1], x[14, 2] = 6e307, 1.3e154, -1.3e154, -2e307
    return {"x": x, "window": 6, "min_periods": 2}


@windowed.case
def almost_too_small(rng: np.random.Generator) -> dict[str, Any]:
    """Powers that become 0 say nothing of a shape."""
    return {"x": rng.normal(size=(60, 3)) * [1e-100, 1e-150, 1e-60], "window": 12}


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


def rolling(
    samples: Samples = windowed, *, work: str = "n * d", homogeneous: str = "", **options: Check
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
        )(body)

    return declare


def _periods_counted(operation: str, x: Any, window: int, *options: Any) -> tuple[Any, ...]:
    *others, periods = options
    if periods is None:
        periods = window
    elif periods > window:
        raise InvalidInput(operation, "min_periods", f"is {periods}; expected at most the window, {window}")
    rows = len(x)
    return x, max(min(window, rows), 1), *others, max(min(periods, rows + 1), 1)


def over_windows(x: Any, window: int, min_periods: Any, statistic: Callable[[Any], Any]) -> Any:
    """What `statistic` makes of the windows: k x d x window numbers, NaN where missing, into k x d results."""
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
        out[rows] = np.where(enough, statistic(windows[rows]), np.nan)
    return out
