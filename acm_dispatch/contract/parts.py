"""How the results of parts of the rows combine: declared with an operation, and all that an engine has to know of it.

What is called rows here is the first dimension of an operation's first array. An engine holds these rows in blocks,
in order, and does what it is asked for in steps: `Rows` (a function of each block), `Halo` (of each block and rows
before it), `Scan` (of each block and what went before it), `Fold` (one result of all blocks), `Apply` (of earlier
results), and for the few that take more, `Take` (some rows, by number), `Columns` (all rows of some columns) and
`Count`. `Parts.steps` are the steps of an operation:
a generator that is sent what each step gives. What a step before gave is handed on as it is, so that it may be a
promise of a result.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

#: The arguments of a call by their names; of arrays that have rows, those of a block.
Arguments: TypeAlias = Mapping[str, Any]

#: What earlier steps gave, in order.
Found: TypeAlias = tuple[Any, ...]


class Rows(NamedTuple):
    """Rows of which each block's follow from that block: by the operation itself, unless it is said by what.

    Attributes
    ----------
    run : callable ``(arguments, found, number) -> results``, optional
        Of the block of that number, counted from 0.
    """

    run: Callable[[Arguments, Found, int], Any] | None = None

    @property
    def reads(self) -> int:
        return 1

    def steps(self, arguments: Arguments) -> Steps:
        return Outcome(rows=(yield Step(self)))


class Halo(NamedTuple):
    """Rows that follow from the block and rows before it.

    Attributes
    ----------
    first : callable ``(arguments, row) -> int``
        The number of the first row that blocks from `row` on need; not less for later ones. It may lie beyond `row`,
        where rows between windows belong to none.
    by_row : bool
        Whether the operation gives a row for each row: those of rows before the block are left out, then.
    """

    first: Callable[[Arguments, int], int]
    by_row: bool = True

    @property
    def reads(self) -> int:
        return 1

    def steps(self, arguments: Arguments) -> Steps:
        return Outcome(rows=(yield Step(self)))


class Scan(NamedTuple):
    """Rows that follow from the block and a state that all blocks before it leave: after it, where it is `backwards`.

    Attributes
    ----------
    state : callable ``(arguments) -> state``
        What a block leaves by itself.
    join : callable ``(earlier, later) -> state``
        What two neighbouring ones leave; associative. The one that is nearer to the rows to come is the later.
    run : callable ``(arguments, state) -> results``
        `state` is None where there is no block before.
    backwards : bool
    """

    state: Callable[[Arguments], Any]
    join: Callable[[Any, Any], Any]
    run: Callable[[Arguments, Any], Any]
    backwards: bool = False

    @property
    def reads(self) -> int:
        return 1

    def steps(self, arguments: Arguments) -> Steps:
        return Outcome(rows=(yield Step(self)))


class Fold(NamedTuple):
    """One result of all blocks.

    Attributes
    ----------
    map : callable ``(arguments, found) -> piece``
        Of a block.
    merge : callable ``(piece, piece) -> piece``
        Of neighbouring ones, in their order; associative, but for rounding. It changes neither.
    finish : callable ``(piece, arguments, found) -> result``
        `arguments` without those that have rows. A tuple where there are several results.
    halo : Halo, optional
        The rows that each block is given with it: pieces are of these rows together.
    """

    map: Callable[[Arguments, Found], Any]
    merge: Callable[[Any, Any], Any]
    finish: Callable[[Any, Arguments, Found], Any]
    halo: Halo | None = None

    @property
    def reads(self) -> int:
        return 1

    def steps(self, arguments: Arguments) -> Steps:
        return Outcome(whole=(yield Step(self)))


def together(folds: Sequence[Fold], finish: Callable[[Any, Arguments, Found], Any]) -> Fold:
    """Several folds in one read; `finish` takes their pieces, one of each."""

    def each(arguments: Arguments, found: Found) -> tuple[Any, ...]:
        return tuple(fold.map(arguments, found) for fold in folds)

    def merged(first: tuple[Any, ...], second: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(fold.merge(*pair) for fold, *pair in zip(folds, first, second, strict=True))

    return Fold(each, merged, finish)


class Passes(NamedTuple):
    """Several folds, each of which knows what those before it found, and what follows from them for each block.

    Attributes
    ----------
    folds : sequence of Fold
        One read of the rows each. The last one's result is the operation's, unless there are rows.
    rows : Rows, optional
        Another read. Of the operation's results, those whose first dimension is the rows.
    whole : callable ``(found) -> results``, optional
        The other results, where there are rows.
    """

    folds: Sequence[Fold]
    rows: Rows | None = None
    whole: Callable[[Found], Any] | None = None

    @property
    def reads(self) -> int:
        return len(self.folds) + (self.rows is not None)

    def steps(self, arguments: Arguments) -> Steps:
        found: Found = ()
        for fold in self.folds:
            found = (*found, (yield Step(fold, found)))
        if self.rows is None:
            return Outcome(whole=found[-1])
        whole = None if self.whole is None else (yield Step(Apply(self.whole), found))
        return Outcome(rows=(yield Step(self.rows, found)), whole=whole)


class Iterative(NamedTuple):
    """Steps of which each depends on what those before it found: an engine computes these at once.

    Attributes
    ----------
    run : callable ``(arguments) -> steps``
        A generator of steps; its arguments are without those that have rows. What it returns is the result, in which
        rows are what `Rows` gave.
    what : str
        The reads of the rows, in words.
    """

    run: Callable[[Arguments], Generator[Step, Any, Any]]
    what: str

    @property
    def reads(self) -> str:
        return self.what

    def steps(self, arguments: Arguments) -> Steps:
        return Outcome(result=(yield from self.run(arguments)))


class Undivided(NamedTuple):
    """No result of parts: `why` says so, and what to do instead, as the end of an error about the rows."""

    why: str


class Apply(NamedTuple):
    """A function of what earlier steps found."""

    function: Callable[[Found], Any]


class Take(NamedTuple):
    """Rows of these numbers, counted from 0, in this order: as one block, the arguments by their names."""

    numbers: Sequence[int]


class Columns(NamedTuple):
    """All rows of these columns, counted from 0, as one block."""

    numbers: Sequence[int]


class Count(NamedTuple):
    """How many rows there are."""


class Step(NamedTuple):
    """One thing that an engine is asked for, and what it is a function of beside the blocks."""

    what: Rows | Halo | Scan | Fold | Apply | Take | Columns | Count
    found: Found = ()


class Outcome(NamedTuple):
    """What is left in the end: rows, results of all rows together, or the operation's result as it is."""

    rows: Any = None
    whole: Any = None
    result: Any = None


Steps: TypeAlias = Generator[Step, Any, Outcome]

#: How the results of parts combine.
Parts: TypeAlias = Rows | Halo | Scan | Fold | Passes | Iterative

#: What an operation declares: that, or where it depends on them, a function of the arguments that have no rows.
DeclaredParts: TypeAlias = Parts | Undivided | Callable[[Arguments], "Parts | Undivided"] | None
