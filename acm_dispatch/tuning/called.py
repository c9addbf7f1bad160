"""The cells of what a program calls: one for each kind of call that has a plan of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..backends import registry
from ..errors import ConfigurationError, shown
from ..execution.dispatch import Operation
from ..execution.workload import Recorded, Workload, read_workload
from .cells import Cell, place_of, variant_of_cell


class Called(NamedTuple):
    """The cells, those with the most work in all first, and a sentence for each call that cannot be measured."""

    cells: list[Cell]
    ignored: list[str]


def workload_of(asked: str | os.PathLike[str] | Workload) -> Workload:
    """The workload, or that in a file.

    Raises
    ------
    ConfigurationError
        If there are no calls in it.
    """
    workload = asked if isinstance(asked, Workload) else read_workload(asked)
    if not workload.calls:
        told = f" ({'; '.join(workload.ignored[:3])})" if workload.ignored else ""
        raise ConfigurationError(f"workload is {shown(asked)}; expected a workload with calls in it{told}")
    return workload


def cells_of_calls(workload: Workload) -> Called:
    """A cell for each kind of call; kinds of the same magnitudes share one, as they share a plan."""
    weights: dict[Any, int] = {}
    cells: dict[Any, Cell] = {}
    ignored = list(workload.ignored)
    for call, count in workload.calls.items():
        operation = registry.operations.get(call.operation)
        cell = _cell(operation, call) if isinstance(operation, Operation) else None
        if cell is None or not isinstance(operation, Operation):
            ignored.append(f"{call} is no call of an operation that is here")
            continue
        work, width = place_of(operation, cell)
        magnitudes = (work.bit_length(), width) if work else cell.dims
        kind = (*cell[:1], *cell[3:5], variant_of_cell(operation, cell), magnitudes)
        weights[kind] = weights.get(kind, 0) + count * max(work, 1)
        cells.setdefault(kind, cell)
    return Called([cells[kind] for kind in sorted(cells, key=lambda kind: -weights[kind])], ignored)


def _cell(operation: Operation, call: Recorded) -> Cell | None:
    """The cell that is drawn as the call was; None where the operation has another form now, or nothing to compute."""
    forms = {name: (dtype, shape) for name, dtype, shape in call.arrays}
    dims: dict[str, int] = {}
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        if name not in forms and not spec.optional:
            return None
        shape = forms.pop(name)[1] if name in forms else ()
        if shape and len(shape) != len(spec.dims):
            return None
        dims |= dict(zip(spec.dims, shape, strict=False))
    if forms or {name for name, _ in call.options} != set(operation.option_names) or not all(dims.values()):
        return None
    dtypes = [dtype for _, dtype, _ in call.arrays]
    return Cell(
        operation.name,
        call.arrays[0][2][0],
        dims.get(operation.width, 1),
        next((dtype for dtype in dtypes if dtype.startswith("float")), dtypes[0]),
        call.threads,
        call.options,
        tuple(_drawn_dims(operation, dims, dict(call.options)).items()),
        tuple(name for name, _, _ in call.arrays if name in operation.defaults),
    )


def _drawn_dims(operation: Operation, dims: Mapping[str, int], options: Mapping[str, Any]) -> dict[str, int]:
    """The sizes with that by which the samples draw rows, where no array has it: a CSR matrix has one more pointer."""
    drawing = operation.samples.drawing
    rows = drawing.dims[0] if drawing else ""
    if not rows or rows in dims:
        return dict(dims)
    sizes = operation.result_shapes(dims, [options.get(name) for name in operation.parameters])
    return {**dims, rows: sizes[0][0] or 1}
