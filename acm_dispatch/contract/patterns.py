"""Numbers of many kinds at random: what random calls are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .options import Check, draw_of

Numbers = np.ndarray[Any, Any]


class Patterns:
    """Arrays of one random call, always the same ones for a seed: for functions under `Samples.drawn`.

    Parameters
    ----------
    seed : int
    dims : mapping of str to int
    values : str
        One of `BASES`, and any of `WORDS`, separated by spaces.

    Attributes
    ----------
    dims : mapping of str to int
    rng : numpy.random.Generator
        For what is not covered here; always the same one for a draw.
    """

    def __init__(self, seed: int, dims: Mapping[str, int], values: str) -> None:
        self.dims = dict(dims)
        self.rng = np.random.default_rng([seed, 1])
        self._seed = seed
        self._base, *self._changes = values.split()

    def sizes(self, names: str) -> list[int]:
        """The sizes of the dimensions `names`, which are separated by spaces."""
        return [self.dims[name] for name in names.split()]

    def few(self) -> int:
        """A number of groups, mostly small."""
        most = max(*self.dims.values(), 2)
        return int(self.rng.choice([1, 2, 3, 8, min(most, 64), most]))

    def option(self, check: Check) -> Any:
        """A value that `check` says to accept."""
        draw = draw_of(check)
        if draw is None:
            raise LookupError("this check of an option does not say how its values are drawn")
        return draw(self.rng, self.dims)

    def real(self, *shape: int) -> Numbers:
        """Numbers of the drawn kind, with what gaps and infinities it has."""
        return self._numbers(shape, self._changes)

    def finite(self, *shape: int) -> Numbers:
        """Numbers of the drawn kind without gaps and infinities."""
        return self._numbers(shape, [change for change in self._changes if change not in MISSING])

    def whole(self, *shape: int, below: int) -> Numbers:
        """Integers from 0 to `below` - 1."""
        return self.rng.integers(0, max(below, 1), size=shape)

    def _numbers(self, shape: tuple[int, ...], changes: list[str]) -> Numbers:
        x = np.asarray(BASES[self._base](self.rng, shape), dtype=np.float64)
        if x.size:
            for change in changes:
                if change == "shared_rows":
                    self._share_rows(x)
                else:
                    CHANGES[change](self.rng, x)
        return x

    def _share_rows(self, x: Numbers) -> None:
        """Rows that arrays of the same width have in common, exactly or but for their last digits."""
        width = x.shape[-1]
        pool = np.random.default_rng([self._seed, 2, width]).normal(size=(5, width)).round(2)
        rows = pool[self.rng.integers(0, len(pool), size=x.shape[:-1])]
        near = 1e-9 * self.rng.integers(0, 2, size=(*x.shape[:-1], 1))
        x[...] = rows * (1 + near * self.rng.normal(size=x.shape))


def _columns(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[-1:] if len(shape) > 1 else ()


#: What numbers are before they are changed: functions of a generator and a shape.
BASES: Mapping[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "integers": lambda rng, shape: rng.integers(-3, 4, size=shape),
    "walk": lambda rng, shape: rng.normal(size=shape).cumsum(axis=0).round(2),
    "levels": lambda rng, shape: rng.normal(size=shape) + 10.0 ** rng.integers(0, 7, size=_columns(rng, shape)),
    "units": lambda rng, shape: rng.normal(size=shape) * 10.0 ** rng.integers(-6, 7, size=_columns(rng, shape)),
    "skewed": lambda rng, shape: np.exp(2 * rng.normal(size=shape)),
    "constant": lambda rng, shape: np.broadcast_to(rng.normal(size=_columns(rng, shape)), shape).copy(),
    "zeros": lambda _, shape: np.zeros(shape),
}


def _gaps(rng: np.random.Generator, x: Numbers) -> None:
    x[rng.random(x.shape) < rng.choice([0.02, 0.3, 0.9])] = np.nan


def _long_gaps(rng: np.random.Generator, x: Numbers) -> None:
    start, stop = np.sort(rng.integers(0, len(x) + 1, size=2))
    rows = x[start:stop]
    rows[..., rng.integers(0, x.shape[-1]) if x.ndim > 1 else slice(None)] = np.nan


def _infinities(rng: np.random.Generator, x: Numbers) -> None:
    x.flat[rng.integers(0, x.size, size=3)] = rng.choice([np.inf, -np.inf], size=3)


def _runs(rng: np.random.Generator, x: Numbers) -> None:
    start, stop = np.sort(rng.integers(0, len(x) + 1, size=2))
    x[start:stop] = x[start : start + 1]


def _outliers(rng: np.random.Generator, x: Numbers) -> None:
    x.flat[rng.integers(0, x.size, size=2)] *= 10.0 ** rng.integers(3, 13)


def _signed_zeros(rng: np.random.Generator, x: Numbers) -> None:
    x[rng.random(x.shape) < 0.3] = rng.choice([0.0, -0.0])


def _equal_columns(rng: np.random.Generator, x: Numbers) -> None:
    x[...] = x[..., rng.integers(0, x.shape[-1], size=x.shape[-1])]


def _rank_one(rng: np.random.Generator, x: Numbers) -> None:
    x[...] = rng.integers(1, 4, size=(*x.shape[:-1], 1)) * rng.integers(-9, 10, size=x.shape[-1])


#: What leaves out or spoils values: for arrays that may hold NaN and infinity.
MISSING: Mapping[str, Callable[[np.random.Generator, Numbers], None]] = {
    "gaps": _gaps,
    "long_gaps": _long_gaps,
    "infinities": _infinities,
}

#: What is then done to them, in this order: functions of a generator and the array, in place.
CHANGES: Mapping[str, Callable[[np.random.Generator, Numbers], None]] = {
    "rank_one": _rank_one,
    **MISSING,
    "runs": _runs,
    "outliers": _outliers,
    "signed_zeros": _signed_zeros,
    "equal_columns": _equal_columns,
}

#: All that may follow the first word of `Draw.values`.
WORDS = (*CHANGES, "shared_rows")
