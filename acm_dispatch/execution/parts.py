"""Operations over rows in blocks: what an engine does at each step, and the plain engine over blocks in memory.

The functions take a block's arguments and give pieces, results or states; where blocks are, and when they are
looked at, is up to the engine that calls them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ..contract.arrays import canonicalise, is_finite, not_finite
from ..contract.declaration import Composition
from ..contract.parts import (
    Apply,
    Arguments,
    Columns,
    Count,
    Fold,
    Found,
    Halo,
    Outcome,
    Parts,
    Rows,
    Scan,
    Step,
    Steps,
    Take,
    Undivided,
)
from ..contract.shapes import measure
from ..errors import DeclarationError, InvalidInput
from .dispatch import Operation

Subject = Operation | Composition

#: The arrays with rows of a block, by their names.
Block = Mapping[str, Any]


def completed(subject: Subject, arguments: Arguments) -> dict[str, Any]:
    """The arguments that have no rows, with defaults for those left out; options as their checks give them."""
    if isinstance(subject, Composition):
        parameters = inspect.signature(subject.function).parameters
        usual = {name: p.default for name, p in parameters.items() if p.default is not p.empty and name != "backend"}
        return {**usual, **arguments}
    bound, _ = subject.bind(**dict.fromkeys(subject.row_names), **arguments)
    named = dict(zip(subject.parameters, bound, strict=True))
    for name, check in subject.options.items():
        named[name] = check(subject.name, name, named[name])
    return {name: value for name, value in named.items() if name not in subject.row_names}


def parts_of(subject: Subject, arguments: Arguments) -> Parts:
    """How results of parts combine in a call with these arguments, which are `completed`.

    Raises
    ------
    DeclarationError
        If its author did not say.
    InvalidInput
        If they do not.
    """
    declared = subject.parts
    if declared is None:
        raise DeclarationError(f"{subject.name}: its declaration does not say how results of parts combine (parts=)")
    parts = declared(arguments) if callable(declared) else declared
    if isinstance(parts, Undivided):
        raise InvalidInput(subject.name, subject.row_names[0], parts.why)
    return parts


def _canonical(subject: Subject, block: Block) -> dict[str, Any]:
    """The block's arrays as folds see them: canonical, and finite where they have to be."""
    if isinstance(subject, Composition):
        return dict(block)
    specs = dict(zip(subject.array_names, subject.shapes.inputs, strict=True))
    names = list(block)
    chosen = [specs[name] for name in names]
    arrays = canonicalise(subject.name, names, chosen, list(block.values()))
    measure(subject.name, subject.shapes._replace(inputs=tuple(chosen)), names, arrays)
    for name, array in zip(names, arrays, strict=True):
        if subject.nan == "forbid" and array.dtype.kind == "f" and not is_finite(array):
            raise not_finite(subject.name, name)
    return dict(zip(names, arrays, strict=True))


def piece_of(subject: Subject, fold: Fold, block: Block, others: Arguments, found: Found) -> Any:
    """What a block adds to a fold."""
    with np.errstate(all="ignore"):  # the contracts say what NaN and infinity do
        return fold.map({**others, **_canonical(subject, block)}, found)


def merged(fold: Fold, first: Any, second: Any) -> Any:
    """What two neighbouring blocks add."""
    with np.errstate(all="ignore"):
        return fold.merge(first, second)


def finished(fold: Fold, piece: Any, others: Arguments, found: Found) -> Any:
    """What all blocks come to."""
    with np.errstate(all="ignore"):
        return fold.finish(piece, others, found)


def applied(apply: Apply, found: Found) -> Any:
    """What follows from what was found."""
    with np.errstate(all="ignore"):
        return apply.function(found)


def rows_of(subject: Subject, rows: Rows, block: Block, others: Arguments, found: Found, number: int) -> Any:
    """The results of a block by itself."""
    if rows.run is None:
        return subject.function(**{**others, **block})
    with np.errstate(all="ignore"):
        return rows.run({**others, **block}, found, number)


class Tail(NamedTuple):
    """What blocks before leave to those after them: rows from number `first` on, of which the next has number `row`."""

    block: Block
    first: int = 0
    row: int = 0


def extended(halo: Halo, block: Block, others: Arguments, tail: Tail | None) -> tuple[Block, int, Tail]:
    """The block with the rows before it that it needs, how many these are, and what it leaves to the next one."""
    tail = tail or Tail({name: array[:0] for name, array in block.items()})
    before = max(tail.row - tail.first, 0)
    past = max(tail.first - tail.row, 0)
    rows = {name: _after(tail.block[name], array[past:], before) for name, array in block.items()}
    return rows, before, left_by(halo, block, others, tail)


def left_by(halo: Halo, block: Block, others: Arguments, tail: Tail | None) -> Tail:
    """What a block, with what those before it leave, leaves to the next one."""
    tail = tail or Tail({name: array[:0] for name, array in block.items()})
    end = tail.row + _length(block)
    first = max(halo.first(others, end), tail.first)
    own = max(first - tail.row, 0)
    if first >= tail.row:
        return Tail({name: array[own:].copy() for name, array in block.items()}, first, end)
    kept = {name: np.concatenate([tail.block[name][first - tail.first :], array]) for name, array in block.items()}
    return Tail(kept, first, end)


def _after(tail: Any, rows: Any, count: int) -> Any:
    return np.concatenate([tail, rows]) if count else rows


def _length(block: Block) -> int:
    return next(iter(block.values())).shape[0]


def halo_rows(subject: Subject, halo: Halo, rows: Block, before: int, others: Arguments) -> Any:
    """The results of a block that is `extended` by so many rows."""
    results = subject.function(**{**others, **rows})
    return _each(results, lambda array: array[before:].copy()) if halo.by_row and before else results


def state_of(scan: Scan, block: Block, others: Arguments) -> Any:
    """What a block leaves to those after it."""
    with np.errstate(all="ignore"):
        return scan.state({**others, **block})


def scanned(scan: Scan, block: Block, others: Arguments, state: Any) -> Any:
    """The results of a block after others that leave this state."""
    with np.errstate(all="ignore"):
        return scan.run({**others, **block}, state)


def _each(results: Any, function: Callable[[Any], Any]) -> Any:
    """A function of each of the results, of which there are several in a tuple."""
    return tuple(map(function, cast("tuple[Any, ...]", results))) if isinstance(results, tuple) else function(results)


def concatenated(results: Sequence[Any]) -> Any:
    """The results of neighbouring blocks, one after the other."""
    if isinstance(results[0], tuple):
        return tuple(np.concatenate(arrays) for arrays in zip(*results, strict=True))
    return np.concatenate(results)


def assembled(subject: Subject, outcome: Outcome, dtype: Any) -> Any:
    """The operation's result; `dtype` is that of its real arguments."""
    if isinstance(subject, Composition) or outcome.whole is None:
        return next(part for part in (outcome.result, outcome.rows, outcome.whole) if part is not None)
    whole = list(in_dtype_of(subject, outcome.whole, dtype))
    rows = [] if outcome.rows is None else list(_several(outcome.rows))
    results = [rows.pop(0) if rows and has_rows else whole.pop(0) for has_rows in subject.row_results]
    if subject.returns is not None:
        return subject.returns(*results)
    return tuple(results) if len(results) > 1 else results[0]


def in_dtype_of(subject: Operation, results: Any, dtype: Any) -> tuple[Any, ...]:
    """Results of all rows together as the operation gives them to real arguments of this dtype."""
    return tuple(_in_dtype(subject, part, dtype) for part in _several(results))


def _several(results: Any) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", results) if isinstance(results, tuple) else (results,)


def _in_dtype(subject: Operation, array: Any, dtype: Any) -> Any:
    wanted = dtype if array.dtype.kind == "f" and not subject.widens else array.dtype
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(wanted, order="C", copy=False)


def dtype_of(subject: Subject, block: Block, others: Arguments) -> Any:
    """Of the real results of a call."""
    if isinstance(subject, Composition):
        return None
    given = {**others, **block}
    arrays = canonicalise(
        subject.name, subject.array_names, subject.shapes.inputs, [given[name] for name in subject.array_names]
    )
    return next((array.dtype for array in arrays if array is not None and array.dtype.kind == "f"), np.dtype("f8"))


class _InMemory:
    """Blocks of rows that are there, one after the other."""

    def __init__(self, subject: Subject, blocks: Sequence[Block], others: Arguments) -> None:
        self._subject, self._blocks, self._others = subject, blocks, others

    def answer(self, step: Step) -> Any:
        """What a step gives."""
        what, found = step
        if isinstance(what, Apply):
            return applied(what, found)
        if isinstance(what, Count):
            return sum(map(_length, self._blocks))
        if isinstance(what, Take):
            together = {name: np.concatenate([block[name] for block in self._blocks]) for name in self._blocks[0]}
            return {name: array[np.asarray(what.numbers, dtype=np.int64)] for name, array in together.items()}
        if isinstance(what, Columns):
            numbers = np.asarray(what.numbers, dtype=np.int64)
            return {
                name: np.concatenate([block[name][:, numbers] for block in self._blocks]) for name in self._blocks[0]
            }
        if isinstance(what, Fold):
            return self._fold(what, found)
        if isinstance(what, Halo):
            extended_blocks = self._extended(what)
            return concatenated([halo_rows(self._subject, what, *pair, self._others) for pair in extended_blocks])
        if isinstance(what, Scan):
            return self._scan(what)
        numbered = enumerate(self._blocks)
        return concatenated([rows_of(self._subject, what, block, self._others, found, i) for i, block in numbered])

    def _extended(self, halo: Halo) -> list[tuple[Block, int]]:
        tail, pairs = None, list[tuple[Block, int]]()
        for block in self._blocks:
            rows, before, tail = extended(halo, block, self._others, tail)
            pairs.append((rows, before))
        return pairs

    def _fold(self, fold: Fold, found: Found) -> Any:
        blocks = self._blocks if fold.halo is None else [rows for rows, _ in self._extended(fold.halo)]
        pieces = (piece_of(self._subject, fold, block, self._others, found) for block in blocks)
        total = next(pieces)
        for piece in pieces:
            total = merged(fold, total, piece)
        return finished(fold, total, self._others, found)

    def _scan(self, scan: Scan) -> Any:
        state, results = None, list[Any]()
        step = -1 if scan.backwards else 1
        for block in self._blocks[::step]:
            results.append(scanned(scan, block, self._others, state))
            own = state_of(scan, block, self._others)
            state = own if state is None else scan.join(state, own)
        return concatenated(results[::step])


def over_blocks(subject: Subject, blocks: Sequence[Block], **arguments: Any) -> Any:
    """What an operation gives of rows in blocks, from their parts: the plain engine, for tests and for blocks at hand.

    Parameters
    ----------
    subject : Operation or Composition
    blocks : sequence of mappings
        At least one; each has the arrays with rows by their names.
    **arguments
        The others, as in a call.

    Returns
    -------
    Any
        As a call with all rows together gives it; folds agree to rounding.
    """
    others = completed(subject, arguments)
    engine = _InMemory(subject, blocks, others)
    outcome = driven(parts_of(subject, others).steps(others), engine.answer)
    return assembled(subject, outcome, dtype_of(subject, blocks[0], others))


def driven(steps: Steps, answer: Callable[[Step], Any]) -> Outcome:
    """What steps come to where `answer` gives what each of them asks for."""
    given = None
    while True:
        try:
            step = steps.send(given)
        except StopIteration as end:
            return cast("Outcome", end.value)
        given = answer(step)
