"""How much of a signal lies at which frequency: blocks of windows through one transform each, in float64."""

from __future__ import annotations

from typing import Any

from acm_dispatch.numpy_kernels import units

from .blocks import blocks
from .declared import kernel


@kernel("band_energy")
def band_energy(xp: Any, x: Any, window: int, bands: Any, step: int) -> Any:
    starts = range(0, len(x) - window + 1, step)
    out = xp.empty((len(starts), x.shape[1], len(bands)), x.dtype)
    frequencies = xp.arange(window // 2 + 1) / window
    for some, windows in _windows(xp, x, window, step, len(starts), about_first=False):
        exponents = _exponents(xp, windows, 2)
        windows = xp.ldexp(windows, -exponents)
        windows = windows - windows[:, :, :1]
        power = _squared_magnitudes(xp, windows - windows.mean(axis=2, keepdims=True))
        for k, (low, high) in enumerate(bands):
            inside = (frequencies >= low) & ((frequencies < high) | (high == 0.5))
            out[some, :, k] = xp.ldexp(xp.where(inside, power, 0.0).sum(axis=2), 2 * exponents[:, :, 0])
        out[some] = xp.where(xp.isfinite(windows).all(axis=2)[:, :, None], out[some], xp.nan)
    return out


@kernel("power_spectrum")
def power_spectrum(xp: Any, x: Any, detrend: str, window: str, segment: int, overlap: int) -> tuple[Any, Any]:
    from scipy.signal import get_window

    dtype, weights = x.dtype, get_window(window, segment)
    count = (len(x) - overlap) // (segment - overlap)
    step = segment - overlap
    exponents = _exponents(xp, x[: (count - 1) * step + segment].astype(xp.float64, copy=False), 0)
    x = xp.ldexp(x.astype(xp.float64, copy=False), -exponents)
    power = xp.zeros((x.shape[1], segment // 2 + 1))
    for _, windows in _windows(xp, x, segment, step, count, about_first=detrend != "none"):
        transformed = _squared_magnitudes(xp, _detrended(xp, windows, detrend) * xp.asarray(weights))
        power += xp.where(xp.isfinite(windows).all(axis=2)[:, :, None], transformed, xp.nan).sum(axis=0)
    power[:, 1 : (segment + 1) // 2] *= 2.0  # every frequency but 0 and a half stands for its negative as well
    power /= count * float((weights * weights).sum())
    power = xp.ldexp(power, 2 * exponents[0][:, None])
    frequencies = xp.arange(segment // 2 + 1) / segment
    return frequencies.astype(dtype), xp.ascontiguousarray(power.T.astype(dtype))


def _windows(xp: Any, x: Any, window: int, step: int, count: int, about_first: bool = True) -> Any:
    """Ranges of the `count` windows, each with (windows, columns, rows) of values, about the first value of each.

    Of values far from 0 their mean would leave no digits.
    """
    for some in blocks(count, x.shape[1] * window):
        places = step * xp.arange(some.start, some.stop)[:, None] + xp.arange(window)
        windows = x[places].astype(xp.float64, copy=False).transpose(0, 2, 1)
        yield some, windows - windows[:, :, :1] if about_first else windows


def _exponents(xp: Any, values: Any, axis: int) -> Any:
    """Of units in which squares of values along an axis are numbers, 0 as a rule and where a value is missing."""
    largest = xp.abs(values).max(axis=axis, keepdims=True)
    return units.exponents(xp, xp.where(xp.isfinite(largest), largest, 0.0))


def _detrended(xp: Any, windows: Any, detrend: str) -> Any:
    """Windows without what `detrend` takes from them."""
    if detrend == "none":
        return windows
    windows = windows - windows.mean(axis=2, keepdims=True)
    length = windows.shape[2]
    if detrend == "mean" or length == 1:
        return windows
    time = xp.arange(length) - (length - 1) / 2
    slope = (windows * time).sum(axis=2, keepdims=True) / (time * time).sum()
    return windows - slope * time


def _squared_magnitudes(xp: Any, windows: Any) -> Any:
    transform = xp.fft.rfft(windows, axis=2)
    return transform.real**2 + transform.imag**2
