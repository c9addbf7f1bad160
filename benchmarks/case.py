"""A case: what is called on how much of which data, what must be reached, where the floor lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

import acm_dispatch

from . import arguments
from .arguments import BANDS, STEP, WINDOW, Arguments, overlap_of, window_of

SEED = 20260101

#: Samples of an operation's contract on which candidates that are fine on ordinary data may lose their digits.
TRAPS = ("offset_1e6", "near_duplicates", "condition_1e12")

#: Rows of a case's small version: enough for every code path and a window, quick in pure Python.
_SMALL = 80

#: What `need` calls our own call of the same case in float64.
OWN_FLOAT64 = "float64"


@dataclass(frozen=True)
class Case:
    """One row of the table.

    `size` is n x m x d for distances (rows, other rows, columns), n x k x m for products, n x d x k for clusters, n x d
    for columns, n x c and n x c x k for a sparse matrix of 1 % and what it is multiplied with, values x those in a
    chunk for streams. `need` maps "best", "exact" (the best of those that keep their digits on the contract's traps), a
    peer's package or name, or "float64" (our own call in float64) to the least ratio of its time to ours; `floor_ms` is
    what the reference machine allows.
    """

    operation: str
    size: tuple[int, ...]
    need: dict[str, float] = field(default_factory=dict)
    floor_ms: float | None = None
    variant: str = ""
    dtype: str = "float64"
    missing: bool = False

    @property
    def key(self) -> str:
        """What peers are registered under: the operation, and the variant where there are several."""
        return f"{self.operation} {self.variant}".strip()

    @property
    def label(self) -> str:
        """The size as one reads it: ``10k x 50``."""
        return " x ".join(map(_short, self.size))

    @property
    def data(self) -> str:
        """Which values the arguments hold."""
        return "5 % NaN" if self.missing else "clean"

    @property
    def id(self) -> str:
        """Unique, and what ``--only`` looks into."""
        words = [*self.key.split(), self.label.replace(" ", ""), self.dtype, "nan" if self.missing else "clean"]
        return "-".join(words)

    @property
    def function(self) -> Callable[..., Any]:
        """Ours: the public operation, or what stands for it."""
        return arguments.CALLS.get(self.operation) or getattr(acm_dispatch, self.operation)

    @property
    def options(self) -> dict[str, Any]:
        """Keywords of our call beyond the arrays."""
        if self.operation.startswith("rolling_"):
            return {"window": WINDOW}
        if self.operation == "band_energy":
            return {"window": window_of(self.size[0]), "bands": BANDS, "step": STEP}
        if self.operation == "power_spectrum":
            return {"segment": window_of(self.size[0]), "overlap": overlap_of(self.size[0])}
        return arguments.OPTIONS.get(self.variant or self.operation, {})

    def call(self, *drawn: Any, **more: Any) -> Callable[[], Any]:
        """Our call with these arguments."""
        names = arguments.KEYWORDS.get(self.operation, ())
        positional = drawn[: len(drawn) - len(names)]
        named = dict(zip(names, drawn[len(positional) :], strict=True))
        return partial(self.function, *positional, **named, **self.options, **more)

    def draw(self) -> Arguments:
        """The arguments of the call, the same each time."""
        draw = arguments.DRAWS.get(self.operation, arguments.SENSORS)
        drawn = draw(np.random.default_rng(SEED), *self.size)
        if self.missing:
            drawn[0][np.random.default_rng(SEED + 1).random(drawn[0].shape) < 0.05] = np.nan
        return self.complete(drawn)

    def complete(self, drawn: Arguments) -> Arguments:
        """`drawn` in the case's dtype, followed by what the variant derives from the first array."""
        real = tuple(
            a.astype(self.dtype, copy=False) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in drawn
        )
        return real + arguments.DERIVED.get(self.key, arguments.NOTHING)(real[0])

    def traps(self) -> list[Arguments]:
        """The traps of the operation's contract, as arguments of this case."""
        samples = acm_dispatch.registry.compositions.get(self.operation) or getattr(self.function, "operation", None)
        if samples is None:
            return []
        draws = [samples.samples.cases[name] for name in TRAPS if name in samples.samples.cases]
        drawn = [draw(np.random.default_rng(SEED)).items() for draw in draws]
        return [self.complete(tuple(value for name, value in items if _is_drawn(name, value))) for items in drawn]

    def small(self) -> Case:
        """The same case on few rows, for tests and warming up."""
        return replace(self, size=tuple(min(size, _SMALL) for size in self.size))

    def in_float64(self) -> Case:
        """The same case in float64, without needs of its own."""
        return replace(self, dtype="float64", need={}, floor_ms=None)


def _is_drawn(name: str, value: Any) -> bool:
    return isinstance(value, np.ndarray) or name in arguments.OF_THE_SAMPLE


def _short(count: int) -> str:
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if count % unit == 0:
            return f"{count // unit}{name}"
    return str(count)
