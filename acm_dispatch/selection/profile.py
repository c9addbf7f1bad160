"""Profiles: what kernels were measured to cost, in a JSON file with an entry a line, each valid by itself.

An entry counts as long as the hard facts it names hold: instruction set, version and build of the backend, and the
operation's measure of work. A file that is damaged, edited or of another version loses the entries that cannot be
understood, never the others, and never stops a call.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..errors import shortened
from .curves import Point

FORMAT = 1

#: Bytes that a profile may have: some times what every operation takes on every backend, dtype and number of threads.
_MOST_BYTES = 1 << 25


class Key(NamedTuple):
    """What an entry is about. `variant` names arguments that were not as the operation's typical call has them."""

    operation: str
    backend: str
    kernel: str
    dtype: str
    threads: int
    variant: str = ""

    def __str__(self) -> str:
        variant = f" with {self.variant}" if self.variant else ""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.operation}{variant} on {self.backend} by {self.kernel}, {self.dtype}, {threads}"


class Entry(NamedTuple):
    """What was measured of one kernel.

    Attributes
    ----------
    key : Key
    facts : str
        What the machine and the backend have to be for the entry to count.
    unit : str
        The operation's measure of work.
    measured : str
        The day.
    points : tuple of Point
        Empty where the kernel is not to be used.
    importing, loading, compiling : float
        Seconds that the first call of all, the first with machine code on disk, and the first without take more.
    undecided : tuple of (int, int)
        Work and width where no kernel is shown to be the fastest: measured first in the next run.
    wrong : str
        The sentence why its results are not to be trusted; empty where they agree with the reference.
    """

    key: Key
    facts: str
    unit: str
    measured: str
    points: tuple[Point, ...]
    importing: float = 0.0
    loading: float = 0.0
    compiling: float = 0.0
    undecided: tuple[tuple[int, int], ...] = ()
    wrong: str = ""


class Profile:
    """The entries of one document, understood when they are asked for, and a sentence for each that is none.

    A call needs those of one operation; understanding all of them would take as long as loading a backend.
    """

    def __init__(
        self,
        rows: Iterable[Any] = (),
        unreadable: str | None = None,
        machine: Mapping[str, Any] | None = None,
        decisions: Any = (),
    ) -> None:
        #: What the file tells its readers of the machine; nothing depends on it.
        self.machine: Mapping[str, Any] = machine or {}
        #: What a lock has instead of entries, as it stands in the file.
        self.decisions = decisions
        self._rows: dict[str, list[Any]] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._ignored: list[str] = [unreadable] if unreadable else []
        for row in rows:
            name = cast("dict[str, Any]", row).get("operation") if isinstance(row, dict) else None
            self._rows.setdefault(str(name), []).append(row)

    def of(self, operation: str) -> list[Entry]:
        """The entries of one operation."""
        if operation not in self._entries:
            understood = [self._understood(row) for row in self._rows.get(operation, ())]
            self._entries[operation] = [entry for entry in understood if entry is not None]
        return self._entries[operation]

    def with_more(self, entries: Iterable[Entry]) -> Profile:
        """The same with these entries merged into its own."""
        more = Profile(decisions=self.decisions, machine=self.machine)
        more._rows, more._ignored = dict(self._rows), self._ignored
        by_operation: dict[str, list[Entry]] = {}
        for entry in entries:
            by_operation.setdefault(entry.key.operation, []).append(entry)
        for operation, fresh in by_operation.items():
            own = merged({entry.key: entry for entry in self.of(operation)}, fresh)
            more._rows.setdefault(operation, [])
            more._entries[operation] = list(own.values())
        return more

    def _understood(self, row: Any) -> Entry | None:
        try:
            return _entry(row)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            told = shortened(f"{type(error).__name__}: {error}")
            self._ignored.append(f"1 because an entry of {shortened(str(_named(row)))} is not understood ({told})")
            return None

    @property
    def entries(self) -> dict[Key, Entry]:
        """All entries."""
        return {entry.key: entry for operation in self._rows for entry in self.of(operation)}

    @property
    def ignored(self) -> tuple[str, ...]:
        """A sentence for the file, or for each of its entries, that is not understood."""
        _ = self.entries
        return tuple(self._ignored)


def _named(row: Any) -> Any:
    return cast("dict[str, Any]", row).get("operation") if isinstance(row, dict) else "no operation"


def read(path: str | os.PathLike[str]) -> Profile:
    """The profile in a file; empty, with a sentence, where there is no file that can be understood."""
    import json

    try:
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        document = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        return Profile(unreadable=f"the file cannot be read ({shortened(str(error))})")
    return understood(document)


def understood(document: Any) -> Profile:
    """What a document says, entry by entry."""
    if not isinstance(document, dict):
        return Profile(unreadable="the file is no profile")
    document = cast("dict[str, Any]", document)
    if document.get("format") != FORMAT:
        told = shortened(repr(document.get("format")))
        return Profile(unreadable=f"the file has format {told}; {FORMAT} is understood")
    rows = document.get("entries")
    if not isinstance(rows, list):
        return Profile(unreadable="the file has no list of entries")
    machine = document.get("machine")
    machine = cast("dict[str, Any]", machine) if isinstance(machine, dict) else None
    return Profile(cast("list[Any]", rows), machine=machine, decisions=document.get("decisions", ()))


def _entry(row: Any) -> Entry:
    operation, backend, kernel, dtype = (_text(row[name]) for name in Key._fields[:4])
    importing, loading, compiling = (_duration(row.get(name, 0.0)) for name in ("importing", "loading", "compiling"))
    entry = Entry(
        Key(operation, backend, kernel, dtype, _whole(row["threads"]), _text(row.get("variant", ""))),
        _text(row["facts"]),
        _text(row["unit"]),
        _text(row["measured"]),
        tuple(Point(_whole(work), _whole(width), _positive(seconds)) for work, width, seconds in row["points"]),
        importing,
        loading,
        compiling,
        tuple((_whole(work), _whole(width)) for work, width in row.get("undecided", ())),
        _text(row.get("wrong", "")),
    )
    if not entry.points and not entry.wrong:
        raise ValueError("it has no points")
    return entry


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"{value!r} is no whole number from 1 on")
    return value


def _duration(value: Any) -> float:
    return _positive(value) if value != 0 else 0.0


def _positive(value: Any) -> float:
    if not isinstance(value, int | float) or not isfinite(value) or value <= 0:
        raise ValueError(f"{value!r} is no time")
    return float(value)


def text_of(entries: Iterable[Entry], machine: Mapping[str, Any]) -> str:
    """The file's text: sorted, an entry a line, so that two profiles can be compared by eye."""
    import json

    lines = ",\n".join(json.dumps(_row(entry)) for entry in sorted(entries))
    return f'{{"format": {FORMAT},\n"machine": {json.dumps(dict(machine))},\n"entries": [\n{lines}\n]}}\n'


def _row(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {**entry.key._asdict(), **entry._asdict()}
    del row["key"]
    row["points"] = [[work, width, float(f"{seconds:.3g}")] for work, width, seconds in entry.points]
    optional = ("variant", "importing", "loading", "compiling", "undecided", "wrong")
    row |= {name: float(f"{row[name]:.3g}") for name in ("importing", "loading", "compiling")}
    return {name: value for name, value in row.items() if value or name not in optional}


def merged(old: Mapping[Key, Entry], new: Iterable[Entry]) -> dict[Key, Entry]:
    """`old` with what is new: points of the same place replaced, all of an entry whose facts have changed."""
    entries = dict(old)
    for entry in new:
        known = entries.get(entry.key)
        if known is not None and (known.facts, known.unit, known.wrong) == (entry.facts, entry.unit, entry.wrong):
            points = {point[:2]: point for point in (*known.points, *entry.points)}
            measured = {point[:2] for point in entry.points}
            undecided = {*(place for place in known.undecided if place not in measured), *entry.undecided}
            entry = entry._replace(
                points=tuple(sorted(points.values())),
                importing=entry.importing or known.importing,
                loading=entry.loading or known.loading,
                compiling=entry.compiling or known.compiling,
                undecided=tuple(sorted(undecided)),
            )
        entries[entry.key] = entry
    return entries


def user_path() -> Path:
    """The profile of this machine, in the user's cache folder or where ``ACM_DISPATCH_CACHE_DIR`` says."""
    from .machine import machine_name

    return cache_folder() / f"{machine_name()}.json"


def cache_folder() -> Path:
    """Where profiles of this user's machines are kept."""
    import sys

    if named := os.environ.get("ACM_DISPATCH_CACHE_DIR"):
        return Path(named)
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    elif sys.platform == "darwin":
        folder = Path("~/Library/Caches")
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    try:
        return folder.expanduser() / "acm_dispatch"
    except RuntimeError:  # no home directory: then nothing is found there
        return folder / "acm_dispatch"


def site_path() -> Path:
    """The profile of everyone who uses this environment: an administrator's, or a container image's."""
    import sys

    return Path(sys.prefix) / "share" / "acm_dispatch" / "profile.json"


def bundled_paths() -> list[Path]:
    """The profiles in this package, each measured on one kind of machine."""
    return sorted((Path(__file__).parent / "profiles").glob("*.json"))
