"""What is measured: cells, each an operation on arrays of a size and dtype with a number of threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..backends.threads import usable_cores
from ..contract.widths import WIDTHS, nearest_width
from ..execution.dispatch import Operation
from ..execution.draws import Draw, arguments_of
from ..selection.costs import variant_of

#: Numbers in the first array, from calls that cost nothing but themselves to some that leave the caches.
NUMBERS = (60, 2_000, 11_000, 60_000, 600_000)

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


class Drawn(NamedTuple):
    """The arguments of a cell, by name, and how many bytes their arrays hold."""

    arguments: dict[str, Any]
    bytes: int


def cells_of(
    operation: Operation, dtypes: Sequence[str], threads: Sequence[int], numbers: Sequence[int] = NUMBERS
) -> Iterator[Cell]:
    """Every cell of an operation, the small ones first.

    Small calls run on one thread whatever the budget, so that only the larger half is measured with some threads; but
    with one, too, which is what workers have, and what NumPy's calls have to see to.
    """
    widths = WIDTHS if operation.width else (1,)
    extremes = {min(threads), max(threads)}
    for place, count in enumerate(sorted(numbers)):
        for width in widths:
            rows = max(count // width, _LEAST_ROWS)
            if rows * width > 2 * count:
                continue
            for dtype in dtypes:
                for budget in threads:
                    if budget in extremes or 2 * place >= len(numbers):
                        yield Cell(operation.name, rows, width, dtype, budget)


def thread_counts(cores: int | None = None) -> tuple[int, ...]:
    """The numbers of threads that are measured: one, the powers of two between, and all."""
    cores = cores or usable_cores()
    return tuple(sorted({1, cores, *(2**i for i in range(1, 10) if 2**i < cores)}))


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
