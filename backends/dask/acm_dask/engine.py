"""Lazy results of calls on Dask arrays: one graph for each step that an operation's declaration asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph

from acm_dispatch import InvalidInput
from acm_dispatch.contract.parts import Apply, Columns, Count, Fold, Halo, Iterative, Rows, Step, Take
from acm_dispatch.execution import parts

from . import tasks
from .results import results_of_rows, results_of_whole, sizes_of_windows

#: Pieces that one task merges.
_FAN_IN = 8


def lazy_result(subject: Any, arguments: Mapping[str, Any]) -> Any:
    """What the operation gives of rows in Dask's blocks: Dask arrays, computed when they are asked for.

    What takes steps that depend on each other (`kmeans`) is computed at once, but for its rows.
    """
    rows = _rows_in_blocks(subject, arguments)
    others = {name: value for name, value in arguments.items() if name not in subject.row_names}
    for name, value in others.items():
        if isinstance(value, da.Array):
            raise InvalidInput(subject.name, name, "is a lazy array; expected one in memory (`.compute()` makes one)")
    others = parts.completed(subject, others)
    declared = parts.parts_of(subject, others)
    engine = _Graphs(subject, rows, others, at_once=isinstance(declared, Iterative))
    outcome = parts.driven(declared.steps(others), engine.answer)
    if outcome.result is not None:
        return outcome.result
    return outcome.rows if outcome.whole is None else engine.assembled(outcome)


def _rows_in_blocks(subject: Any, arguments: Mapping[str, Any]) -> dict[str, da.Array]:
    """The arrays with rows, in the same blocks of rows, each in one block of columns."""
    given = {name: arguments[name] for name in subject.row_names}
    first = next(array for array in given.values() if isinstance(array, da.Array))
    rows: dict[str, da.Array] = {}
    for name, array in given.items():
        if not isinstance(array, da.Array):
            array = da.from_array(np.asarray(array), chunks=(first.chunks[0], *np.shape(array)[1:]))
        if any(blocks != 1 for blocks in array.numblocks[1:]):
            problem = f"has its columns in {array.numblocks[1]} blocks; expected one (`.rechunk({{1: -1}})` makes one)"
            raise InvalidInput(subject.name, name, problem)
        if array.numblocks[:1] != first.numblocks[:1]:
            raise InvalidInput(subject.name, name, f"has {array.numblocks[0]} blocks; expected {first.numblocks[0]}")
        rows[name] = array
    return rows


class _Graphs:
    """Answers steps with arrays and promises; with what they come to where that decides about the next step."""

    def __init__(self, subject: Any, rows: dict[str, da.Array], others: dict[str, Any], at_once: bool) -> None:
        self._subject, self._rows, self._others, self._at_once = subject, rows, others, at_once
        self._arrays = list(rows.values())
        self._count = self._arrays[0].numblocks[0]
        self._block_keys = [
            [(array.name, number, *[0] * (array.ndim - 1)) for array in self._arrays] for number in range(self._count)
        ]

    def answer(self, step: Step) -> Any:
        """What a step gives."""
        what = step.what
        if isinstance(what, Count):
            return self._known_rows()
        if isinstance(what, Take | Columns):
            return self._taken(what)
        if isinstance(what, Fold | Apply):
            promise = self._fold(step) if isinstance(what, Fold) else self._apply(step)
            return promise.compute() if self._at_once else promise
        if isinstance(what, Rows):
            return self._map(step)
        return self._chain(step, tasks.tail, tasks.windows) if isinstance(what, Halo) else self._scan(step)

    def _known_rows(self) -> int:
        if any(np.isnan(size) for size in self._arrays[0].chunks[0]):
            for array in self._arrays:
                array.compute_chunk_sizes()
        return self._arrays[0].shape[0]

    def _taken(self, what: Take | Columns) -> dict[str, Any]:
        self._known_rows()
        numbers = np.asarray(what.numbers, dtype=np.int64)
        index = numbers if isinstance(what, Take) else (slice(None), numbers)
        return {name: np.asarray(array[index].compute()) for name, array in self._rows.items()}

    def _task(self, step: Step) -> tuple[tasks.Task, list[Any], str]:
        """The step as a task, the keys of what it is a function of, and a name for its graph."""
        task = tasks.Task(self._subject, tuple(self._rows), self._others, step)
        keys: list[Any] = []
        if self._at_once:
            task.found = step.found
        else:
            keys = [promise.key for promise in step.found]
        return task, keys, tokenize(task, [array.name for array in self._arrays], keys, task.found)

    def _promised(self, key: Any, name: str, graph: dict[Any, Any], found: Sequence[Any]) -> Delayed:
        return Delayed(key, HighLevelGraph.from_collections(name, graph, [*self._arrays, *_delayed(found)]), layer=name)

    def _apply(self, step: Step) -> Delayed:
        task, keys, token = self._task(step)
        name = f"applied-{token}"
        return self._promised(name, name, {name: (tasks.applied, task, keys)}, step.found)

    def _fold(self, step: Step) -> Delayed:
        """A piece of each block, merged in their order by a tree, and finished."""
        task, keys, token = self._task(step)
        name, graph = f"{self._subject.name}-{token}", {}
        tails = self._chained(graph, f"tail-{token}", tasks.tail_of_fold, task) if step.what.halo else {}
        level: list[Any] = []
        for number, blocks in enumerate(self._block_keys):
            level.append((f"piece-{token}", number))
            graph[level[-1]] = (tasks.piece, task, blocks, keys, tails.get(number - 1))
        depth = 0
        while len(level) > 1:
            groups = [level[start : start + _FAN_IN] for start in range(0, len(level), _FAN_IN)]
            level = [(f"merged-{depth}-{token}", number) for number in range(len(groups))]
            graph.update({key: (tasks.merged, task, group) for key, group in zip(level, groups, strict=True)})
            depth += 1
        graph[name] = (tasks.finished, task, level[0], keys)
        return self._promised(name, name, graph, step.found)

    def _map(self, step: Step) -> Any:
        task, keys, token = self._task(step)
        name = f"{self._subject.name}-{token}"
        run = {number: (tasks.rows, task, blocks, keys, number) for number, blocks in enumerate(self._block_keys)}
        return self._as_arrays(step, name, run, {}, self._arrays[0].chunks[0])

    def _chained(self, graph: dict[Any, Any], name: str, function: Any, task: tasks.Task) -> dict[int, Any]:
        """Tasks that hand something on from each block to the next one: their keys by the block's number."""
        before, keys = None, {}
        for number, blocks in enumerate(self._block_keys[:-1]):
            keys[number] = (name, number)
            graph[keys[number]] = (function, task, blocks, before)
            before = keys[number]
        return keys

    def _chain(self, step: Step, carry: Any, function: Any) -> Any:
        task, _, token = self._task(step)
        graph: dict[Any, Any] = {}
        tails = self._chained(graph, f"tail-{token}", carry, task)
        run = {
            number: (function, task, blocks, tails.get(number - 1)) for number, blocks in enumerate(self._block_keys)
        }
        sizes = sizes_of_windows(self._subject, step.what, self._rows, self._others)
        return self._as_arrays(step, f"{self._subject.name}-{token}", run, graph, sizes)

    def _scan(self, step: Step) -> Any:
        what: Any = step.what
        task, _, token = self._task(step)
        order = list(range(self._count))[:: -1 if what.backwards else 1]
        graph: dict[Any, Any] = {}
        run: dict[int, Any] = {}
        before = None
        for number in order:
            run[number] = (tasks.scanned, task, self._block_keys[number], before)
            graph[f"state-{token}", number] = (tasks.state, task, self._block_keys[number], before)
            before = (f"state-{token}", number)
        return self._as_arrays(step, f"{self._subject.name}-{token}", run, graph, self._arrays[0].chunks[0])

    def _as_arrays(self, step: Step, name: str, run: dict[int, Any], graph: dict[Any, Any], sizes: Any) -> Any:
        """The results of blocks as arrays: one for each result."""
        metas = results_of_rows(self._subject, step, self._rows, self._others)
        if isinstance(metas, tuple):
            graph.update({(name, number): task for number, task in run.items()})
            results = [(f"{name}-{i}", {n: (tasks.part, (name, n), i) for n in run}, m) for i, m in enumerate(metas)]
        else:
            results = [(name, run, metas)]
        arrays: list[da.Array] = []
        for own, pieces, meta in results:
            layer = {**graph, **{(own, number, *[0] * (meta.ndim - 1)): task for number, task in pieces.items()}}
            lazy = HighLevelGraph.from_collections(own, layer, [*self._arrays, *_delayed(step.found)])
            arrays.append(da.Array(lazy, own, (tuple(sizes), *((size,) for size in meta.shape[1:])), meta=meta[:0]))
        return tuple(arrays) if isinstance(metas, tuple) else arrays[0]

    def assembled(self, outcome: parts.Outcome) -> Any:
        """Results of all rows together, as arrays beside those with rows; a promise if data tell their shape."""
        task = tasks.Task(self._subject, tuple(self._rows), self._others, Step(Count()))
        dtype = (
            parts.dtype_of(self._subject, _no_rows(self._rows), self._others)
            if hasattr(self._subject, "shapes")
            else None
        )
        metas = results_of_whole(self._subject, self._rows, self._others, dtype)
        token = tokenize(task, outcome.whole.key, str(dtype))
        name = f"whole-{token}"
        if metas is None:
            return self._promised(
                name, name, {name: (tasks.assembled, task, outcome.whole.key, dtype)}, [outcome.whole]
            )
        promise = self._promised(name, name, {name: (tasks.whole, task, outcome.whole.key, dtype)}, [outcome.whole])
        numbers = iter(range(len(metas)))
        rows = list(outcome.rows if isinstance(outcome.rows, tuple) else [] if outcome.rows is None else [outcome.rows])
        results: list[Any] = []
        for meta in metas:
            if meta is None:
                results.append(rows.pop(0))
                continue
            own = f"{name}-{next(numbers)}"
            layer = {(own, *[0] * meta.ndim): (tasks.part, promise.key, int(own.rsplit("-", 1)[1]))}
            lazy = HighLevelGraph.from_collections(own, layer, [promise])
            results.append(da.Array(lazy, own, tuple((size,) for size in meta.shape), meta=meta))
        if self._subject.returns is not None:
            return self._subject.returns(*results)
        return tuple(results) if len(results) > 1 else results[0]


def _no_rows(rows: Mapping[str, da.Array]) -> dict[str, Any]:
    return {name: np.empty((0, *array.shape[1:]), array.dtype) for name, array in rows.items()}


def _delayed(found: Sequence[Any]) -> list[Delayed]:
    return [value for value in found if isinstance(value, Delayed)]
