"""A recording of sensors: what the loader and the simulation give and the analysis takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Booleans = np.ndarray[Any, np.dtype[np.bool_]]
Times = np.ndarray[Any, np.dtype[np.datetime64]]


class Truth(NamedTuple):
    """What a simulation put into its recording, so that the result can be judged."""

    fault_start: np.datetime64
    fault_end: np.datetime64
    fault_sensors: tuple[str, ...]
    stuck_sensor: str
    stuck_start: np.datetime64
    stuck_samples: int
    regimes: Integers


class Recording(NamedTuple):
    """Times in ascending order to the microsecond, a column of values per sensor, and what was decided on the way."""

    source: str
    times: Times
    names: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...]
    truth: Truth | None = None
    labels: Mapping[str, Floats] = MappingProxyType({})

    @property
    def step(self) -> np.timedelta64:
        """The usual time between two rows."""
        steps = np.diff(self.times)
        return np.median(steps.astype(np.int64)).astype(np.int64).astype(steps.dtype)


def shortened(names: Sequence[str]) -> tuple[str, ...]:
    """`names` without the prefix that all of them share, cut at a separator so that words stay whole."""
    if len(names) < 2:
        return tuple(names)
    differ = next((i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), 0)
    shared = re.match(r".*[ ._/:\\-]", names[0][:differ])
    start = len(shared[0]) if shared else 0
    short = tuple(name[start:] for name in names)
    return tuple(names) if all(name.isdigit() for name in short) else short


def when(time: np.datetime64, unit: str = "m") -> str:
    """A time as one reads it, to the minute or as exactly as `unit` says."""
    return str(time.astype(f"datetime64[{unit}]")).replace("T", " ")


def clock(recording: Recording) -> Callable[[np.datetime64], str]:
    """How a recording's times are written: to the minute or second where all are whole, else as its step asks for."""
    counts = recording.times.astype("datetime64[us]").astype(np.int64)
    slow = recording.step >= np.timedelta64(1, "s")  # a logger's jitter is nothing to read
    sizes = (("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))
    exact = next(unit for unit, size in sizes if not (counts % size).any() or (slow and unit == "s"))
    return partial(when, unit=exact)


def counted(number: int, noun: str) -> str:
    """``1 row``, ``1,200 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def lasting(duration: np.timedelta64) -> str:
    """A duration in its natural unit: ``250 ms``, ``90 s``, ``45 min``, ``6.5 h``, ``1,234 d``."""
    seconds = float(duration / np.timedelta64(1, "us")) / 1e6
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (1e-6, "us"))
    larger = (part for part in units if seconds >= part[0] * (2 if part[0] > 1 else 1))
    size, unit = next(larger, (1, "s"))
    number = seconds / size
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"
