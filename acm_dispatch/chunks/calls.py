"""A call of an operation on a source: its declaration says which arguments have rows, and how their parts combine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..backends import registry
from ..contract.arrays import as_array
from ..contract.declaration import Composition
from ..contract.parts import Halo, Passes, Scan
from ..errors import InvalidInput, OperationNotFoundError, shown, suggestion
from ..execution import parts
from .source import Source

#: A row that is far from the first, at whose place what an operation needs of the rows before does not depend.
_FAR = 1 << 40


class Call:
    """What is asked of the rows of a source.

    Parameters
    ----------
    operation : operation, composition or str
    source : Source
        Stands for the first argument.
    args, kwargs
        The others. Arrays that have a row for each row of the source are given whole.

    Attributes
    ----------
    subject : Operation or Composition
    source : Source
    others : mapping
        The arguments that have no rows.
    parts : Parts
        How results of parts combine.
    """

    def __init__(self, operation: Any, source: Source, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.subject, self.source = _subject(operation), source
        name = self.subject.name
        self._first, *others_with_rows = self.subject.row_names
        given = inspect.signature(self.subject.function).bind(None, *args, **kwargs).arguments
        if given.pop("backend", None) is not None:
            raise InvalidInput(
                name, "backend", "is given with rows in chunks; expected a choice by `use(...)` around them"
            )
        beside = {key: as_array(name, key, given.pop(key)) for key in others_with_rows if given.get(key) is not None}
        for key, array in beside.items():
            if source.rows is not None and len(array) != source.rows:
                raise InvalidInput(name, key, f"has {len(array):,} rows; {source.label} has {source.rows:,}")
        del given[self._first]
        self._beside = beside
        self.others = parts.completed(self.subject, {key: given[key] for key in given if key not in others_with_rows})
        self.parts = parts.parts_of(self.subject, self.others)
        self._require_repeatable()

    def _require_repeatable(self) -> None:
        if not self.source.repeatable and self.reads != 1:
            reads = self.reads if isinstance(self.reads, str) else f"{self.reads} reads"
            once = f"is {self.source.label}, which can be read once; expected what can be read again, for {reads}"
            raise InvalidInput(self.subject.name, self._first, once)

    @property
    def reads(self) -> int | str:
        """Of the source: as the operation says, and one more where states have to come from behind."""
        return 2 if isinstance(self.parts, Scan) and self.parts.backwards else self.parts.reads

    def block(self, values: np.ndarray[Any, Any], start: int) -> dict[str, Any]:
        """The arrays with rows for the rows from `start` on, where the source has these values."""
        beside = {key: array[start : start + len(values)] for key, array in self._beside.items()}
        return {self._first: values, **beside}

    def picked(self, values: np.ndarray[Any, Any], numbers: Any) -> dict[str, Any]:
        """The same for rows of these numbers."""
        return {self._first: values, **{key: array[numbers] for key, array in self._beside.items()}}

    @property
    def nothing(self) -> dict[str, Any]:
        """A block of no rows."""
        return self.block(np.empty((0, self.source.width), self.source.dtype), 0)

    @property
    def rows_before(self) -> int:
        """How many rows before a block it takes to compute that block."""
        folds = self.parts.folds if isinstance(self.parts, Passes) else (self.parts,)
        halos = [part if isinstance(part, Halo) else getattr(part, "halo", None) for part in folds]
        needed = [_FAR + row - halo.first(self.others, _FAR + row) for halo in halos if halo for row in range(3)]
        return max([0, *needed])


def _subject(operation: Any) -> Any:
    """The declaration of an operation or composition, given as such or by its name."""
    name = operation if isinstance(operation, str) else getattr(operation, "__name__", "")
    known = {**registry.compositions, **registry.operations}
    if name not in known or not (isinstance(operation, str) or known[name].function is operation):
        raise OperationNotFoundError(f"{shown(operation)} is no operation{suggestion(name, known)}")
    return known[name]


def is_composed(call: Call) -> bool:
    """Whether it is of a composition, whose results have no declared shapes."""
    return isinstance(call.subject, Composition)
