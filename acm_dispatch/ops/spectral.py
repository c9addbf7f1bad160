"""Energy of each window within frequency bands, and Welch's estimate of the power spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from ..backends.transfer import to_host
from ..contract.arrays import ArrayLike
from ..contract.options import drawn_by, expects, integer, number, one_of
from ..contract.parts import Arguments, Fold, Found, Halo
from ..contract.samples import Samples
from ..errors import InvalidInput, shown
from ..execution.operation import operation

Bands = tuple[tuple[float, float], ...]
#: What is taken off each segment, and what it is weighed by.
Detrend = Literal["mean", "linear", "none"]
Window = Literal["hann", "hamming", "blackman", "boxcar"]

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


def _first_of_next_window(window: int, step: int, row: int) -> int:
    """Where the first window begins that `row` rows do not hold."""
    return max((row - window) // step + 1, 0) * step


def _first_of_bands(arguments: Arguments, row: int) -> int:
    return _first_of_next_window(arguments["window"], arguments["step"], row)


@operation(
    "n d -> (n>=window)*((n-window)//step+1) d len(bands)",
    work="(n >= window) * ((n - window) // step + 1) * d * window",
    nan="propagate",
    samples=_windows,
    options={"window": integer(minimum=1), "bands": _check_bands, "step": integer(minimum=1)},
    homogeneous="x -> 2",
    parts=Halo(_first_of_bands, by_row=False),
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


def _signals(rng: np.random.Generator, n: int) -> dict[str, Any]:
    return {"x": vibration(rng, n)["x"], "segment": 64, "overlap": 32}


_segments = Samples(_signals)


@_segments.case
def linear_detrend(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(300, 3)) + 0.1 * np.arange(300)[:, None]
    return {"x": x, "detrend": "linear", "segment": 100, "overlap": 75}


@_segments.case
def boxcar_without_detrend(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(101, 4)), "detrend": "none", "window": "boxcar", "segment": 25, "overlap": 0}


@_segments.case
def hamming_of_odd_length(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(90, 2)), "window": "hamming", "segment": 33, "overlap": 11}


@_segments.case
def blackman(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(64, 2)), "window": "blackman", "segment": 64, "overlap": 0}


@_segments.case
def signals_at_1e6(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": 1e6 + rng.normal(size=(200, 4)), "segment": 40, "overlap": 10}


@_segments.case
def signals_that_are_constant(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": np.tile([0.1, 1e6 + 0.3], (70, 1)), "segment": 16, "overlap": 15}


@_segments.case
def segment_of_one(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(5, 2)), "detrend": "none", "segment": 1, "overlap": 0}


@_segments.case
def lines_through_two_rows(rng: np.random.Generator) -> dict[str, Any]:
    """Nothing is left of them."""
    x = rng.normal(size=(24, 3))
    return {"x": x, "detrend": "linear", "window": "boxcar", "segment": 2, "overlap": 1}


@_segments.case
def lines_through_three_rows(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(30, 3)), "detrend": "linear", "window": "hamming", "segment": 3, "overlap": 0}


@_segments.case
def lines_through_gaps(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(130, 4))
    x[3, 0], x[64, 1], x[40, 2], x[129, 3] = np.nan, -np.inf, np.inf, np.nan
    return {"x": x, "detrend": "linear", "window": "boxcar", "segment": 13, "overlap": 5}


@_segments.case
def gaps_without_detrend(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(130, 4))
    x[3, 0], x[64, 1], x[40, 2], x[129, 3] = np.nan, -np.inf, np.inf, np.nan
    return {"x": x, "detrend": "none", "segment": 16, "overlap": 8}


@_segments.case
def gap_after_the_last_segment(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(130, 2))
    x[128, 0], x[127, 1] = np.nan, -np.inf
    return {"x": x, "segment": 32, "overlap": 16}


@_segments.case
def gap_spoils_its_column(rng: np.random.Generator) -> dict[str, Any]:
    x = rng.normal(size=(256, 3))
    x[100, 1] = np.nan
    return {"x": x, "segment": 64, "overlap": 32}


@_segments.case
def segments_beside_the_range(rng: np.random.Generator) -> dict[str, Any]:
    """Sums of squares leave the range of numbers where their mean does not, and where it does."""
    x = rng.normal(size=(300, 7)) * [1e-153, 1e-155, 1e-170, 1e150, 1e153, 1e307, 1.0]
    x[:, 6] = rng.choice([1.7e308, -1.7e308], size=300)
    return {"x": x, "segment": 16, "overlap": 8}


@_segments.case
def lines_beside_the_range(rng: np.random.Generator) -> dict[str, Any]:
    return {**segments_beside_the_range(rng), "detrend": "linear"}


@_segments.mistake("segment")
def segment_beyond_the_data(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(63, 2)), "segment": 64, "overlap": 32}


@_segments.mistake("overlap")
def overlap_as_long_as_the_segment(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(128, 2)), "segment": 64, "overlap": 64}


@_segments.mistake("detrend")
def unknown_detrend(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(128, 2)), "detrend": "constant", "segment": 64, "overlap": 32}


@_segments.mistake("segment")
def no_segment(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(128, 2)), "segment": 0, "overlap": 0}


@_segments.mistake("overlap")
def negative_overlap(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(128, 2)), "segment": 64, "overlap": -1}


@_segments.mistake("window")
def unknown_window(rng: np.random.Generator) -> dict[str, Any]:
    return {"x": rng.normal(size=(128, 2)), "window": "square", "segment": 64, "overlap": 32}


def _check_segments(x: Any, detrend: str, window: str, segment: int, overlap: int) -> tuple[Any, ...]:
    """Segments that fit into the rows of `x`, and overlap by less than their length."""
    if overlap >= segment:
        raise InvalidInput("power_spectrum", "overlap", f"is {overlap}; expected less than the segment of {segment}")
    if segment > len(x):
        raise _segment_beyond(segment, len(x))
    return x, detrend, window, segment, overlap


def _segment_beyond(segment: int, rows: int) -> InvalidInput:
    return InvalidInput("power_spectrum", "segment", f"is {segment}; expected at most the {rows} rows of `x`")


def _assert_spectrum(actual: tuple[Any, ...], expected: tuple[Any, ...], rtol: float, atol: float) -> None:
    """Densities agree to a share of the largest in their column: an amplitude is rounded as the largest one is."""
    np.testing.assert_allclose(actual[0], expected[0], rtol=rtol, atol=atol)
    densities, wanted = actual[1], expected[1]
    with np.errstate(all="ignore"):
        rounding = 64 * np.finfo(np.float64).eps * np.sqrt(wanted.max(axis=0, where=np.isfinite(wanted), initial=0.0))
        allowed = rtol * wanted + atol + 2 * rounding * np.sqrt(wanted) + rounding**2
        close = (np.abs(densities - wanted) <= allowed) | (densities == wanted)
    close |= np.isnan(densities) & np.isnan(wanted)
    assert close.all(), f"densities {densities[~close][:5]} instead of {wanted[~close][:5]}"


class _Periodograms(NamedTuple):
    """Mean of the periodograms of some segments, how many these are, and of how many rows the last ones are."""

    mean: Any
    segments: int
    rows: int


def _first_of_segments(arguments: Arguments, row: int) -> int:
    segment, overlap = arguments["segment"], arguments["overlap"]
    return _first_of_next_window(segment, max(segment - overlap, 1), row)


def _periodograms(arguments: Arguments, _: Found) -> _Periodograms:
    x, segment, overlap = (arguments[name] for name in ("x", "segment", "overlap"))
    if overlap < segment and len(x) < segment:
        return _Periodograms(np.zeros((segment // 2 + 1, x.shape[1])), 0, len(x))
    power = power_spectrum(**{**arguments, "x": x.astype(np.float64, copy=False)})[1]
    return _Periodograms(to_host(power), (len(x) - overlap) // (segment - overlap), len(x))


def _periodograms_merged(first: _Periodograms, second: _Periodograms) -> _Periodograms:
    segments = first.segments + second.segments
    if first.segments == 0 or second.segments == 0:
        return _Periodograms((first if first.segments else second).mean, segments, second.rows)
    # By shares, since the sum of densities may be more than the largest number.
    mean = first.mean * (first.segments / segments) + second.mean * (second.segments / segments)
    return _Periodograms(mean, segments, second.rows)


def _spectrum(periodograms: _Periodograms, arguments: Arguments, _: Found) -> tuple[Any, Any]:
    mean, segments, rows = periodograms
    if segments == 0:  # so these are all rows
        raise _segment_beyond(arguments["segment"], rows)
    return np.fft.rfftfreq(arguments["segment"]), mean


@operation(
    "n d -> segment//2+1, segment//2+1 d",
    work="n * d",
    nan="propagate",
    samples=_segments,
    prepare=_check_segments,
    agrees=_assert_spectrum,
    homogeneous="x -> 0, 2",
    parts=Fold(_periodograms, _periodograms_merged, _spectrum, halo=Halo(_first_of_segments, by_row=False)),
    options={
        "detrend": one_of(*get_args(Detrend)),
        "window": one_of(*get_args(Window)),
        "segment": integer(minimum=1),
        "overlap": integer(minimum=0),
    },
)
def power_spectrum(
    x: ArrayLike,
    *,
    detrend: Detrend = "mean",
    window: Window = "hann",
    segment: int = 256,
    overlap: int = 128,
    backend: str | None = None,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Power spectral density of each column, by Welch's averaged periodograms.

    Parameters
    ----------
    x : array of shape (n, d)
    detrend : {"mean", "linear", "none"}
        What is taken from each segment.
    window : {"hann", "hamming", "blackman", "boxcar"}
    segment : int, default 256
        Rows in a segment, at most n.
    overlap : int, default 128
        Rows that neighbouring segments share, less than `segment`.
    backend : str, optional
        Run on this backend only.

    Returns
    -------
    frequencies : ndarray of shape (segment // 2 + 1,)
        In cycles per sample.
    power : ndarray of shape (segment // 2 + 1, d)
        In squared units of `x` per cycle per sample, one-sided. A segment that holds NaN or infinity makes its column
        NaN; rows after the last whole segment are not looked at.

    Raises
    ------
    InvalidInput
        If `x` is not a real matrix, has fewer rows than a segment, or an option is out of range.

    References
    ----------
    P. Welch (1967), The use of the fast Fourier transform for the estimation of power spectra. Follows
    `scipy.signal.welch` with ``fs=1``. A density is right, to a share of the largest, wherever it is a normal number. A
    line takes all there is from one or two rows, and leaves exactly 0; of more rows that lie on one, rounding is left,
    of the size of 1e-16 of the values, squared.

    Examples
    --------
    >>> frequencies, power = power_spectrum(np.cos(np.pi * np.arange(8.0))[:, None], segment=4, overlap=2)
    >>> frequencies
    array([0.  , 0.25, 0.5 ])
    """
    from scipy.signal import welch

    if x.shape[1] == 0:
        return np.fft.rfftfreq(segment), np.empty((segment // 2 + 1, 0))
    kind: Any = {"mean": "constant", "linear": "linear", "none": False}[detrend]
    used = x[: (len(x) - overlap) // (segment - overlap) * (segment - overlap) + overlap]
    largest = np.abs(used).max(axis=0)
    finite = np.isfinite(largest)
    # Counted in a unit of which no value has as much as one, no difference and no square overflows.
    exponents = np.frexp(np.where(finite, largest, 0.0))[1]
    if (np.abs(exponents) > 100).any():
        used = np.ldexp(used, -exponents)
    else:
        exponents[:] = 0
    # Of values far from 0 their mean would leave no digits.
    level = 0.0 if detrend == "none" else used[0]
    shifted = np.where(finite, used, 0.0) - np.where(finite, level, 0.0)
    if detrend == "linear" and segment <= 2:
        shifted *= 0.0  # a line goes through them
    frequencies, power = welch(shifted, window=window, nperseg=segment, noverlap=overlap, detrend=kind, axis=0)
    with np.errstate(over="ignore", under="ignore"):
        return frequencies, np.where(finite, np.ldexp(power, 2 * exponents), np.nan)
