"""What one profile says, put together for pictures: curves, who is fastest where, and the gain over NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, log
from pathlib import Path
from typing import NamedTuple

from ..errors import InvalidInput
from ..execution.dispatch import Operation, declared
from ..selection.costs import together
from ..selection.curves import Curve
from ..selection.profile import Entry, Profile, read
from ..selection.sources import Source
from ..tuning.cells import NUMBERS, WIDTHS, Cell, drawn, place_of, variant_of_cell

#: Places along a line of equal width at which it is looked who is fastest.
_LOOKS = 240

#: Factor in work beyond the last point of NumPy's up to which a gain is measured and no extrapolation.
_NEAR = 2.0

#: Rows that a call has at least, so that windows and neighbours are there.
_LEAST_ROWS = 5


class _AsWritten(Source):
    """A profile taken at its word: a report of it may be made on another machine."""

    def reason_against(self, entry: Entry) -> str | None:
        """None: it tells what was measured where it was."""
        return None


class Stretch(NamedTuple):
    """Amounts of work within which one backend is the fastest."""

    backend: str
    start: float
    stop: float


class Gain(NamedTuple):
    """How many times as fast as NumPy the fastest backend is, and which that is; `far` where it is extrapolated."""

    ratio: float
    backend: str
    far: bool


class Costs:
    """What is known of one operation: curves by backend, and the places that were measured."""

    def __init__(self, operation: Operation, curves: dict[str, Curve], places: dict[str, set[tuple[int, int]]]) -> None:
        self.operation = operation
        self.curves = curves
        self.places = places

    @property
    def widths(self) -> list[int]:
        """The numbers of columns at which something was measured."""
        return sorted({width for places in self.places.values() for _, width in places})

    def works(self, width: int, backend: str | None = None) -> list[int]:
        """The amounts of work that were measured at a width, on any backend or on one."""
        of = self.places.values() if backend is None else [self.places.get(backend, set())]
        return sorted({work for places in of for work, at in places if at == width})

    def fastest(self, work: float, width: int) -> str:
        """The backend whose curve is lowest."""
        return min(self.curves, key=lambda name: (self.curves[name].seconds(max(1, round(work)), width), name))

    def stretches(self, width: int) -> list[Stretch]:
        """Who is fastest at a width, from the least to the largest amount of work measured."""
        works = self.works(width)
        least, step = log(works[0]), log(works[-1] / works[0]) / _LOOKS
        found: list[Stretch] = []
        for look in range(_LOOKS + 1):
            work = exp(least + look * step)
            name = self.fastest(work, width)
            if found and found[-1].backend == name:
                found[-1] = found[-1]._replace(stop=work)
            else:
                found.append(Stretch(name, found[-1].stop if found else work, work))
        return found

    def gain(self, work: int, width: int) -> Gain | None:
        """Of a call of so much work; None where NumPy was not measured."""
        if "numpy" not in self.curves or not work:
            return None
        name = self.fastest(work, width)
        ratio = self.curves["numpy"].seconds(work, width) / self.curves[name].seconds(work, width)
        numpys = [place for place, at in self.places["numpy"] if at == width] or [0]
        return Gain(ratio, name, work > _NEAR * max(numpys))


class Measured:
    """A profile in one dtype, with as many threads as it knows of."""

    def __init__(self, path: Path, dtype: str) -> None:
        self.path, self.dtype = path, dtype
        self.profile: Profile = read(path)
        entries = [entry for entry in self.profile.entries.values() if entry.key.dtype == dtype]
        self.threads = max((entry.key.threads for entry in entries), default=1)
        self.days = sorted({entry.measured for entry in entries})
        self.wrong = [entry for entry in entries if entry.wrong]
        source = _AsWritten("the profile", path, self.profile, False)
        named = sorted({entry.key.operation for entry in entries if entry.points and not entry.wrong})
        known = {operation.name: operation for operation in declared()}
        self.unknown = [name for name in named if name not in known]
        self.costs = [self._costs(source, known[name]) for name in named if name in known]

    @property
    def backends(self) -> tuple[str, ...]:
        """Those of which something is known, NumPy last."""
        names = {name for costs in self.costs for name in costs.curves}
        return tuple(sorted(names, key=lambda name: (name == "numpy", name)))

    def _costs(self, source: Source, operation: Operation) -> Costs:
        typical = variant_of_cell(operation, Cell(operation.name, 1, 1, self.dtype, self.threads))
        known = together((source,), operation, self.dtype, typical, self.threads)
        places: dict[str, set[tuple[int, int]]] = {}
        for entry in source.entries_of(operation):
            if (entry.key.dtype, entry.key.variant) == (self.dtype, typical):
                places.setdefault(entry.key.backend, set()).update(point[:2] for point in entry.points)
        curves = {name: cost.curve for name, cost in known.items() if name in places}
        return Costs(operation, curves, places)

    def gains(self) -> Iterator[tuple[str, list[Gain | None]]]:
        """Of each operation the gain by size of its first array (`NUMBERS`), in the mean over the widths."""
        for costs in self.costs:
            yield costs.operation.name, [self._at_size(costs, numbers) for numbers in NUMBERS]

    def _at_size(self, costs: Costs, numbers: int) -> Gain | None:
        widths = [width for width in WIDTHS if width in costs.widths and numbers // width >= _LEAST_ROWS]
        cells = [Cell(costs.operation.name, numbers // width, width, self.dtype, self.threads) for width in widths]
        found = [gain for cell in cells if (gain := costs.gain(_work(costs.operation, cell), cell.width))]
        if not found:
            return None
        mean = exp(sum(log(gain.ratio) for gain in found) / len(found))
        names = [gain.backend for gain in found]
        return Gain(mean, max(sorted(set(names)), key=names.count), sum(gain.far for gain in found) * 2 > len(found))


def _work(operation: Operation, cell: Cell) -> int:
    """The cell's amount of work; where sizes do not tell it, by drawing its arguments, 0 where they are no call's."""
    work, _ = place_of(operation, cell)
    try:
        return work or operation.bound(*operation.bind(**drawn(operation, cell).arguments)).work
    except InvalidInput:
        return 0
