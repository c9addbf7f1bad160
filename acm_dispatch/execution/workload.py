"""Kinds of calls, counted: what a program really does, in memory and in a file to which many processes may add.

The file is JSON with a kind of call a line. What cannot be understood is left out with a sentence, as of a profile.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple, cast

from ..backends import forksafe
from ..errors import shortened

FORMAT = 1

#: Kinds of calls that are told apart; a program whose shapes never repeat must not fill the memory.
_MOST_KINDS = 10_000

#: Bytes that a file may have: some times what so many kinds take.
_MOST_BYTES = 1 << 25


class Recorded(NamedTuple):
    """One kind of call.

    Attributes
    ----------
    operation : str
    arrays : tuple of (str, str, tuple of int)
        Name, dtype and shape of each array that was given.
    options : tuple of (str, object)
        The other arguments, by name.
    threads : int
        The budget that it had.
    """

    operation: str
    arrays: tuple[tuple[str, str, tuple[int, ...]], ...]
    options: tuple[tuple[str, Any], ...]
    threads: int

    def __str__(self) -> str:
        arrays = ", ".join(f"{name}: {dtype} {'x'.join(map(str, shape))}" for name, dtype, shape in self.arrays)
        return f"{self.operation}({arrays})"


class Workload:
    """Kinds of calls and how often each was made.

    Attributes
    ----------
    calls : dict of Recorded to int
    left_out : int
        Calls of which no note was made, since more kinds are not told apart or an option has no hash.
    ignored : tuple of str
        A sentence for each part of a file, or for the file, that is not understood.
    """

    def __init__(self, ignored: tuple[str, ...] = ()) -> None:
        self.calls: dict[Recorded, int] = {}
        self.left_out = 0
        self.ignored = ignored
        self._counting = forksafe.Lock()

    def __str__(self) -> str:
        often = sorted(self.calls.items(), key=lambda pair: -pair[1])
        total = f"{sum(self.calls.values()):,} calls, {len(self.calls):,} of them different"
        return "\n".join([total, *(f"{count:9,} x {call}" for call, count in often)])

    def count(self, call: Recorded, times: int = 1) -> None:
        """Note that the call was made so many times."""
        try:
            with self._counting:
                known = self.calls.get(call, 0)
                if known or len(self.calls) < _MOST_KINDS:
                    self.calls[call] = known + times
                    return
        except TypeError:  # an option that has no hash
            pass
        self.left_out += times

    def save(self, path: str | os.PathLike[str]) -> None:
        """Add the calls to those in a file, which other processes may be writing, too.

        Parameters
        ----------
        path : path

        Raises
        ------
        OSError
            If the file or its folder cannot be written.
        """
        from pathlib import Path

        from ..selection.keeping import rewrite

        def together() -> str:
            known = read_workload(path) if os.path.exists(path) else Workload()
            for call, count in self.calls.items():
                known.count(call, count)
            return _text_of(known)

        rewrite(Path(path), together)


def _text_of(workload: Workload) -> str:
    import json

    rows: list[str] = []
    for call, count in workload.calls.items():
        arrays = {name: {"dtype": dtype, "shape": shape} for name, dtype, shape in call.arrays}
        row = {"operation": call.operation, "arrays": arrays, "options": dict(call.options)}
        try:
            rows.append(json.dumps({**row, "threads": call.threads, "count": count}))
        except TypeError:  # an option that no file can hold
            workload.left_out += count
    lines = ",\n".join(sorted(rows))
    return f'{{"format": {FORMAT},\n"calls": [\n{lines}\n]}}\n'


def read_workload(path: str | os.PathLike[str]) -> Workload:
    """The calls in a file; none, with a sentence, where there is no file that can be understood."""
    import json

    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        document = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        return Workload((f"the file cannot be read ({shortened(str(error))})",))
    rows = cast("dict[str, Any]", document).get("calls") if isinstance(document, dict) else None
    if not isinstance(rows, list) or cast("dict[str, Any]", document).get("format") != FORMAT:
        return Workload((f"the file is no workload of format {FORMAT}",))
    return _understood(cast("list[Any]", rows))


def _understood(rows: list[Any]) -> Workload:
    workload = Workload()
    ignored: list[str] = []
    for row in rows:
        try:
            workload.count(_call(row), _whole(row["count"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            ignored.append(f"a call is not understood ({shortened(f'{type(error).__name__}: {error}')})")
    workload.ignored = tuple(ignored)
    return workload


def _call(row: Any) -> Recorded:
    arrays = tuple(
        (str(name), str(form["dtype"]), tuple(_whole(size, least=0) for size in form["shape"]))
        for name, form in row["arrays"].items()
    )
    options = tuple((str(name), _hashable(value)) for name, value in row["options"].items())
    return Recorded(str(row["operation"]), arrays, options, _whole(row["threads"]))


def _hashable(value: Any) -> Any:
    """Lists of a file were tuples."""
    return tuple(map(_hashable, cast("list[Any]", value))) if isinstance(value, list) else value


def _whole(value: Any, least: int = 1) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"{value!r} is no whole number from {least} on")
    return value
