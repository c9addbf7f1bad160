"""What is measured: cells, each an operation on arrays of a size and dtype with a number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..backends.threads import usable_cores
from ..contract.options import choices_of
from ..contract.widths import WIDTHS, nearest_width
from ..execution.dispatch import Operation
from ..execution.draws import Draw, arguments_of
from ..selection.costs import variant_of

#: Numbers in the first array, from calls that cost nothing but themselves to some that leave the caches.
NUMBERS = (60, 2_000, 11_000, 60_000, 600_000)

#: Where variants are measured: small and large calls, of one column and of some.
_NUMBERS, _WIDTHS = (2_000, 60_000), (1, 30)

#: Fewest rows of a cell.
_LEAST_ROWS = 5

#: Sizes of what is neither rows nor columns: rows of a second matrix, clusters or components, trees.
OTHERS: Mapping[str, int] = MappingProxyType({"m": 60, "k": 8, "t": 50, "c": 200})


class Cell(NamedTuple):
    """One place of the table that tuning fills.

    `options` are those that are not as the operation's typical call has them, `dims` sizes that are not the usual ones,
    `given` the optional arrays (None: those of the typical call).
    """

    operation: str
    rows: int
    width: int
    dtype: str
    threads: int
    options: tuple[tuple[str, Any], ...] = ()
    dims: tuple[tuple[str, int], ...] = ()
    given: tuple[str, ...] | None = None

    @property
    def is_variant(self) -> bool:
        """Whether it is something else than the typical call."""
        return bool(self.options) or self.given is not None


class Drawn(NamedTuple):
    """The arguments of a cell, by name, and how many bytes their arrays hold."""

    arguments: dict[str, Any]
    bytes: int


def cells_of(
    operation: Operation, dtypes: Sequence[str], threads: Sequence[int], numbers: Sequence[int] = NUMBERS
) -> Iterator[Cell]:
    """Every cell of an operation, the small ones first, those of its variants after those of its typical call.

    Small calls run on one thread whatever the budget, so that only the larger half is measured with some threads; but
    with one, too, which is what workers have, and what NumPy's calls have to see to. Variants are measured at some
    sizes and widths, which tell how they compare.
    """
    numbers = sorted(numbers)
    large = numbers[(len(numbers) + 1) // 2] if len(numbers) > 1 else numbers[0] + 1
    yield from _grid(operation, dtypes, threads, numbers, WIDTHS, large)
    some = [count for count in numbers if count in _NUMBERS] or numbers
    for options, given in variants_of(operation):
        for cell in _grid(operation, dtypes, threads, some, _WIDTHS, large):
            yield cell._replace(options=options, given=given)


def _grid(
    operation: Operation,
    dtypes: Sequence[str],
    threads: Sequence[int],
    numbers: Sequence[int],
    widths: Sequence[int],
    large: int,
) -> Iterator[Cell]:
    for count in numbers:
        for width in widths if operation.width else (1,):
            rows = max(count // width, _LEAST_ROWS)
            if rows * width > 2 * count:
                continue
            for dtype in dtypes:
                for budget in threads:
                    if budget in (min(threads), max(threads)) or count >= large:
                        yield Cell(operation.name, rows, width, dtype, budget)


def variants_of(operation: Operation) -> Iterator[tuple[tuple[tuple[str, Any], ...], tuple[str, ...] | None]]:
    """What may make a call of the operation another algorithm, one change of its typical call at a time.

    That is each other word or switch of an option, and each array that may be left out, given or left out; with the
    options and the given arrays of a cell.
    """
    options, absent = usual(operation)
    for name, check in operation.options.items():
        now = options.get(name, operation.defaults.get(name))
        for choice in choices_of(check):
            if choice != now:
                yield ((name, choice),), None
    optional = [name for name in operation.array_names if name in operation.defaults]
    given = {name for name in optional if name not in absent}
    for name in optional:
        yield (), tuple(each for each in optional if each in given ^ {name})


def thread_counts(cores: int | None = None, at_once: float | None = None) -> tuple[int, ...]:
    """The numbers of threads that are measured: one, the powers of two between, as many as run at once, and all."""
    cores = cores or usable_cores()
    running = min(max(round(at_once or cores), 1), cores)
    return tuple(sorted({1, running, cores, *(2**i for i in range(1, 10) if 2**i < cores)}))


def drawn(operation: Operation, cell: Cell, seed: int = 0, others: Mapping[str, int] = OTHERS) -> Drawn:
    """Ordinary arguments of the cell's size, with the options of the operation's typical call where it has no others.

    `others` are the sizes of what is neither rows nor columns.
    """
    options, absent = usual(operation, seed)
    options |= dict(cell.options)
    if cell.given is not None:
        absent = tuple(name for name in operation.array_names if name in operation.defaults and name not in cell.given)
    draw = Draw(seed, _sizes(operation, cell, others), "normal", _fitting(options, cell), absent)
    return drawn_in(cell.dtype, operation, draw)


def usual(operation: Operation, seed: int = 0) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The options of the operation's typical call, and the optional arrays that it is made without."""
    typical = operation.samples.typical(np.random.default_rng(seed), 2)
    options = {name: typical[name] for name in operation.option_names if name in typical}
    return options, tuple(name for name in operation.defaults if name in operation.array_names and name not in typical)


def drawn_in(dtype: str, operation: Operation, draw: Draw) -> Drawn:
    """The arguments of a draw with their real arrays in that dtype."""
    given = {name: _in_dtype(value, dtype) for name, value in arguments_of(operation, draw).items()}
    return Drawn(given, sum(value.nbytes for value in given.values() if isinstance(value, np.ndarray)))


def place_of(operation: Operation, cell: Cell) -> tuple[int, int]:
    """Work of the cell's call, told without drawing it, and the width that stands for its own.

    Work is 0 where the sizes are no call's, and where they do not tell it: arrays may not be as shapes have them (CSR).
    """
    if operation.samples.drawing is not None:
        return 0, nearest_width(cell.width)
    return operation.amount(_sizes(operation, cell), _values(operation, cell)), nearest_width(cell.width)


def variant_of_cell(operation: Operation, cell: Cell) -> str:
    """What of the cell's call makes it another task, apart from sizes."""
    return variant_of(operation, _values(operation, cell))


def _values(operation: Operation, cell: Cell) -> list[Any]:
    """The cell's options in their places; of arrays whether they are given."""
    typical = {**operation.samples.typical(np.random.default_rng(0), 2), **dict(cell.options)}
    if cell.given is not None:
        for name in operation.array_names:
            typical[name] = name if name in cell.given or name not in operation.defaults else None
    return [typical.get(name, operation.defaults.get(name)) for name in operation.parameters]


def _sizes(operation: Operation, cell: Cell, others: Mapping[str, int] = OTHERS) -> dict[str, int]:
    """A size for each dimension: the first array's are the cell's."""
    drawing = operation.samples.drawing
    names = drawing.dims if drawing else tuple({d: 0 for spec in operation.shapes.inputs for d in spec.dims})
    sizes = {name: others.get(name, 8) for name in names}
    sizes[names[0]] = cell.rows
    if operation.width in sizes:
        sizes[operation.width] = cell.width
    return sizes | {name: size for name, size in cell.dims if name in sizes}


def _fitting(options: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """Numbers of components no larger than the matrix has directions; windows stay as they are."""
    most = min(cell.rows, cell.width)
    return {k: min(value, most) if k == "n_components" else value for k, value in options.items()}


def _in_dtype(value: Any, dtype: str) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.ascontiguousarray(value, dtype=dtype)
    return value
