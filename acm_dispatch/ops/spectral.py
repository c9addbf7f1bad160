"""How much of each window of a signal lies in which bands of frequency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backends.numpy import numpy_backend
from ..contract.arrays import ArrayLike
from ..contract.options import drawn_by, expects, integer, number
from ..contract.samples import Samples
from ..errors import InvalidInput, shown
from ..execution.operation import operation
from . import units

Bands = tuple[tuple[float, float], ...]

_BANDS: Bands = ((0.0, 0.05), (0.05, 0.2), (0.2, 0.5))


def _drawn_bands(rng: np.random.Generator, dims: Mapping[str, int]) -> Bands:
    """Up to 4 of them, which may overlap, on frequencies of short windows and anywhere."""
    edges = [np.sort(rng.choice([0.0, 0.5, 0.25, 0.125, *rng.uniform(0, 0.5, 3)], 2, replace=False)) for _ in range(4)]
    return tuple((float(low), float(high)) for low, high in edges[: rng.integers(1, 5)])


@expects("pairs (low, high) with 0 <= low < high <= 0.5 cycles per sample, at least one")
@drawn_by(_drawn_bands)
def _check_bands(operation: str, argument: str, value: Any) -> Bands:
    try:
        bands = tuple((number(low), number(high)) for low, high in value)
    except Exception as error:  # whatever a value of the caller's raises
        raise InvalidInput(operation, argument, f"is {shown(value)}; expected pairs (low, high)") from error
    for low, high in bands:
        if not 0 <= low < high <= 0.5:
            problem = f"holds ({low}, {high}); expected 0 <= low < high <= 0.5 cycles per sample"
            raise InvalidInput(operation, argument, problem)
    if not bands:
        raise InvalidInput(operation, argument, "is empty; expected at least one pair (low, high)")
    return bands


def vibration(rng: np.random.Generator, n: int) -> dict[str, Any]:
    time = np.arange(n)[:, None]
    x = np.sin(time * rng.uniform(0.05, 3, size=9)) + 0.3 * rng.normal(size=(n, 9))
    return {"x": x, "window": 32, "bands": _BANDS, "step": 5}


_windows = Samples(vibration)


@_windows.case
def every_step(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(90, 3)), "window": 16, "bands": _BANDS}


@_windows.case
def missing_values(rng: np.random.Generator) -> dict[str, Any]:
    """A gap spoils the windows that hold it, and no other."""
    x = rng.normal(size=(120, 4))
    x[10, 0], x[60, 1], x[61, 1], x[119, 2] = np.nan, np.inf, -np.inf, np.nan
    return {"x": x, "window": 20, "bands": _BANDS, "step": 3}


@_windows.case
def odd_window(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(200, 5)), "window": 45, "bands": [[0.1, 0.3], (0.0, 0.5)], "step": 7}


@_windows.case
def prime_window(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(150, 2)), "window": 61, "bands": _BANDS, "step": 10}


@_windows.case
def window_of_one(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(6, 2)), "window": 1, "bands": _BANDS}


@_windows.case
def window_beyond_the_data(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(6, 2)), "window": 10**12, "bands": _BANDS}


@_windows.case
def step_beyond_the_window(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(100, 3)), "window": 8, "bands": _BANDS, "step": 13}


@_windows.case
def step_far_beyond_the_window(rng: np.random.Generator) -> dict[str, Any]:
    """Most rows belong to no window, and what is missing there spoils none."""
    x = rng.normal(size=(5000, 9))
    x[20:400], x[2010, 3] = np.nan, np.inf
    return {"x": x, "window": 16, "bands": _BANDS, "step": 400}


@_windows.case
def constant_columns(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.tile([0.1, 1e6 + 0.3], (70, 1)), "window": 10, "bands": _BANDS}


@_windows.case
def offset_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(300, 4)), "window": 64, "bands": ((0.02, 0.2), (0.2, 0.5)), "step": 8}


@_windows.case
def bands_overlap_and_miss_bins(rng: np.random.Generator) -> dict[str, Any]:
    """A band may hold no frequency at all; a gap spoils it all the same."""
    bands = ((0.1, 0.4), (0.2, 0.3), (0.301, 0.302), (0.3, 0.4))
    x = rng.normal(size=(80, 2))
    x[30, 1] = np.nan
    return {"x": x, "window": 10, "bands": bands, "step": 4}


@_windows.case
def squares_beside_the_range(rng: np.random.Generator) -> dict[str, Any]:
    """Magnitudes are numbers, and so are sums of their squares, or just not; where they are not, they are infinite."""
    x = rng.normal(size=(70, 7)) * [1e-153, 1e-158, 1e-170, 1e150, 1e153, 1e307, 1.0]
    x[:, 6] = rng.choice([1.7e308, -1.7e308], size=70)
    return {"x": x, "window": 32, "bands": _BANDS, "step": 3}


@_windows.case
def a_jump_between_windows(rng: np.random.Generator) -> dict[str, Any]:
    """What lies in one window, however large, leaves nothing in the next."""
    x = rng.normal(size=(64, 2)) * [1.0, 1e-150]
    x[20] = 1e152
    return {"x": x, "window": 16, "bands": _BANDS, "step": 4}


@_windows.mistake("bands")
def band_beyond_half(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "bands": [(0.2, 0.6)]}


@_windows.mistake("bands")
def band_upside_down(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "bands": [(0.3, 0.2)]}


@_windows.mistake("bands")
def bands_are_no_pairs(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "bands": [0.1, 0.2]}


@_windows.mistake("bands")
def no_bands(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "bands": []}


@_windows.mistake("window")
def no_window(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "window": 0}


@_windows.mistake("step")
def no_step(rng: np.random.Generator) -> dict[str, Any]:
    return {**vibration(rng, 64), "step": 0}


@operation(
    "n d -> (n>=window)*((n-window)//step+1) d len(bands)",
    work="(n >= window) * ((n - window) // step + 1) * d * window",
    nan="propagate",
    samples=_windows,
    options={"window": integer(minimum=1), "bands": _check_bands, "step": integer(minimum=1)},
    homogeneous="x -> 2",
)
def band_energy(
    x: ArrayLike, window: int, bands: Bands, *, step: int = 1, backend: str | None = None
) -> np.ndarray[Any, Any]:
    """Energy of each column's sliding windows within frequency bands.

    From each window its mean is taken; the energy of a band is the sum of squared magnitudes of the window's discrete
    Fourier transform over the frequencies in it.

    Parameters
    ----------
    x : array of shape (n, d)
    window : int
        Rows in a window, at least 1.
    bands : sequence of (low, high)
        In cycles per sample, 0 <= low < high <= 0.5; `low` belongs to the band, `high` only if it is 0.5.
    step : int, default 1
        Rows from one window to the next.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    ndarray of shape (windows, d, bands)
        In squared units of `x`; windows = (n - window) // step + 1, or 0 if `x` is shorter than one. A window that
        holds NaN or infinity gives NaN.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, or an option is out of range.

    Notes
    -----
    The transform is that of `numpy.fft.rfft`, without window function and without scaling. An energy is right, to a
    share of the whole window's, wherever it is a normal number.

    Examples
    --------
    >>> band_energy([[1.0], [-1.0], [1.0], [-1.0]], 4, [(0.0, 0.25), (0.25, 0.5)])
    array([[[ 0., 16.]]])
    """
    starts = range(0, len(x) - window + 1, step)
    result = np.empty((len(starts), x.shape[1], len(bands)))
    if not starts:  # the window may be longer than any memory
        return result
    frequencies = np.arange(window // 2 + 1) / window
    for i, start in enumerate(starts):
        values = x[start : start + window].T
        finite = np.isfinite(values).all(axis=1)
        # Counted in a unit of which no value has as much as one, no difference and no square overflows.
        exponents = np.frexp(np.where(finite, np.abs(values).max(axis=1), 0.0))[1]
        with np.errstate(invalid="ignore"):
            power = _power(np.ldexp(values, -exponents[:, None]))
        for k, (low, high) in enumerate(bands):
            inside = (frequencies >= low) & ((frequencies < high) | (high == 0.5))
            with np.errstate(over="ignore", under="ignore"):
                result[i, :, k] = np.ldexp(power[:, inside].sum(axis=1), 2 * exponents)
        result[i, ~finite] = np.nan  # in bands without any frequency, too
    return result


def _power(rows: Any) -> Any:
    """Squared magnitudes of each row's transform, its mean removed; NaN where anything is missing."""
    shifted = rows - rows[..., :1]
    shifted -= shifted.mean(axis=-1, keepdims=True)
    transform = np.fft.rfft(shifted)
    power = transform.real**2 + transform.imag**2
    return np.where(np.isfinite(rows).all(axis=-1, keepdims=True), power, np.nan)


#: Numbers transformed at a time: 8 MB in float64.
_BATCH = 1 << 20


@numpy_backend.kernel("band_energy")
def _band_energy_by_batches(x: Any, window: int, bands: Bands, step: int) -> Any:
    """Batches of windows through one transform each, then the bands by one matrix product."""
    views = np.lib.stride_tricks.sliding_window_view(x, window, axis=0)[::step]
    frequencies = np.arange(window // 2 + 1) / window
    inside = [(frequencies >= low) & ((frequencies < high) | (high == 0.5)) for low, high in bands]
    members = np.array(inside, dtype=np.float64).T
    count = max(_BATCH // (window * x.shape[1]), 1)
    result = np.empty((len(views), x.shape[1], len(bands)), x.dtype)
    with np.errstate(all="ignore"):
        for start in range(0, len(views), count):
            windows = views[start : start + count].astype(np.float64)
            energy = _power(windows) @ members
            if units.astray(energy).any():
                exponents = units.exponents(np, np.abs(windows).max(axis=2))[:, :, None]
                if exponents.any():
                    energy = np.ldexp(_power(np.ldexp(windows, -exponents)) @ members, 2 * exponents)
            result[start : start + count] = energy
    return result
