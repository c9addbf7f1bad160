"""What results look like before anything is computed: dimensions, dtypes and sizes of blocks, by the declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from acm_dispatch.contract.parts import Halo, Rows, Step
from acm_dispatch.execution import parts


def results_of_rows(subject: Any, step: Step, rows: Mapping[str, Any], others: Mapping[str, Any]) -> Any:
    """An array like each of the results of a block of one row; in a tuple where there are several."""
    block = {name: np.zeros((1, *array.shape[1:]), array.dtype) for name, array in rows.items()}
    if not hasattr(subject, "shapes"):
        what = step.what if isinstance(step.what, Rows) else Rows()
        return parts.rows_of(subject, what, block, others, step.found, 0)
    several = isinstance(step.what, Rows) and step.what.run is not None and not all(subject.row_results)
    metas = _declared(subject, block, others)
    if several:
        metas = [meta for meta, has_rows in zip(metas, subject.row_results, strict=True) if has_rows]
    return tuple(metas) if len(metas) > 1 else metas[0]


def results_of_whole(subject: Any, rows: Mapping[str, Any], others: Mapping[str, Any], dtype: Any) -> Any:
    """An array like each result without rows, None for those with; None for all where data tell their shape."""
    if not hasattr(subject, "shapes") or any("?" in spec.dims for spec in subject.shapes.outputs):
        return None
    block = {name: np.zeros((1, *array.shape[1:]), array.dtype) for name, array in rows.items()}
    metas = _declared(subject, block, others)
    return [None if has_rows else meta for meta, has_rows in zip(metas, subject.row_results, strict=True)]


def _declared(subject: Any, block: Mapping[str, Any], others: Mapping[str, Any]) -> list[Any]:
    """By the shapes of the declaration."""
    given = {**others, **block}
    dims: dict[str, int] = {}
    for name, spec in zip(subject.array_names, subject.shapes.inputs, strict=True):
        if given[name] is not None:
            dims.update(zip(spec.dims, np.shape(given[name]), strict=True))
    for spec in subject.shapes.inputs:
        for dim, usual in spec.defaults:
            dims.setdefault(dim, dims[usual])
    dtype = parts.dtype_of(subject, block, others)
    wide = np.dtype(np.float64) if subject.widens else dtype
    shapes = subject.result_shapes(dims, [given[name] for name in subject.parameters])
    specs = zip(shapes, subject.shapes.outputs, strict=True)
    return [np.zeros([size or 0 for size in shape], np.int64 if spec.integer else wide) for shape, spec in specs]


def sizes_of_windows(subject: Any, halo: Halo, rows: Mapping[str, Any], others: Mapping[str, Any]) -> Sequence[float]:
    """Rows of the results of each block; NaN where a block's rows are not known."""
    sizes = next(iter(rows.values())).chunks[0]
    if halo.by_row or any(np.isnan(size) for size in sizes):
        return sizes
    row, first, found = 0, 0, list[int]()
    for size in sizes:
        length = max(row + size - first, 0)
        block = {name: np.broadcast_to(0.0, (length, *array.shape[1:])) for name, array in rows.items()}
        dims = {
            dim: n
            for name, spec in zip(subject.array_names, subject.shapes.inputs, strict=True)
            if name in block
            for dim, n in zip(spec.dims, block[name].shape, strict=True)
        }
        given = {**others, **block}
        shape = subject.result_shapes(dims, [given[name] for name in subject.parameters])[0]
        found.append(int(shape[0] or 0))
        row += size
        first = max(halo.first(others, row), first)
    return found
