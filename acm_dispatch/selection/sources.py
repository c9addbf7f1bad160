"""Where profiles come from, the strongest first, and which of their entries count here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..backends import registry
from ..policy.settings import BUNDLED, OWN
from .locks import Lock, understood
from .machine import facts_of, instruction_set
from .profile import Entry, Profile, bundled_paths, read, site_path, user_path

if TYPE_CHECKING:
    from ..contract.declaration import Declaration


class Source:
    """A profile with what it is called, and whether it was measured here: then entries count whose facts hold."""

    def __init__(self, name: str, path: Path, profile: Profile, of_this_machine: bool) -> None:
        self.name = name
        self.path = path
        self.profile = profile
        self.of_this_machine = of_this_machine
        self._strange: list[str] = []
        decisions = understood(profile.decisions, self._strange)
        #: The decisions of a file that is a lock.
        self.lock = Lock(name, decisions) if decisions else None

    def entries_of(self, operation: Declaration) -> list[Entry]:
        """The entries that count for the operation, and have something to say of costs."""
        own = self.profile.of(operation.name)
        return [entry for entry in own if entry.points and not entry.wrong and self.reason_against(entry) is None]

    def wrong_kernels(self, operation: str) -> dict[tuple[str, str], str]:
        """Kernels whose results differed from the reference's, by backend and name, each with a sentence."""
        wrong = [entry for entry in self.profile.of(operation) if entry.wrong and self.reason_against(entry) is None]
        return {entry.key[1:3]: f"out of use by {self.name}: {entry.wrong}" for entry in wrong}

    def reason_against(self, entry: Entry) -> str | None:
        """Why an entry does not count here, or None."""
        operation = registry.operations.get(entry.key.operation)
        if operation is None:
            return "its operation is not there"
        if entry.unit != operation.work:
            return "its operation measures work otherwise now"
        backend = registry.backends().get(entry.key.backend)
        if backend is None:
            return f"backend {entry.key.backend} is not installed"
        if self.of_this_machine and entry.facts != facts_of(backend):
            return f"backend {entry.key.backend} or the processor is another now"
        return None

    def status(self) -> str:
        """How much of it counts, as a sentence."""
        reasons: dict[str, int] = {}
        for reason in filter(None, map(self.reason_against, self.profile.entries.values())):
            reasons[reason] = reasons.get(reason, 0) + 1
        told = [f"{count} because {reason}" for reason, count in sorted(reasons.items())]
        told += [*self.profile.ignored, *self._strange]
        used = len(self.profile.entries) - sum(reasons.values())
        ignored = sum(reasons.values()) + len(self.profile.ignored) + len(self._strange)
        locked = f"{len(self.lock)} decisions, " if self.lock else ""
        return f"{locked}{used} entries used, {ignored} ignored{': ' if told else ''}{'; '.join(told)}"


def sources(named: str) -> tuple[Source, ...]:
    """The profiles in force, the strongest first, for what the setting `profile` says."""
    found: list[Source] = []
    if named not in (OWN, BUNDLED):
        found.append(_kept(f"the profile {named}", Path(named), True))
    if named == OWN or (found and found[0].lock):
        found += filter(None, (_yours(), _of_the_environment()))
    for name, backend in sorted(registry.backends().items()):
        if backend.profile is not None:
            found.append(_kept(f"the profile that {name} brings", Path(backend.profile), False))
    nearest = _nearest()
    return (*found, _kept("the bundled profile", nearest, False)) if nearest else tuple(found)


#: What this process has measured on its own calls.
_learnt: tuple[Entry, ...] = ()


def add_learnt(entries: Iterable[Entry]) -> None:
    """Let these entries count as part of this machine's profile; plans are made anew."""
    global _learnt
    _learnt = tuple(entries)
    _yours.cache_clear()
    registry.changed()


@cache
def _yours() -> Source | None:
    path = user_path()
    kept = _kept("your profile", path, True) if path.is_file() else None
    if not _learnt:
        return kept
    return Source("your profile", path, (kept.profile if kept else Profile()).with_more(_learnt), True)


def _of_the_environment() -> Source | None:
    path = site_path()
    return _kept("the environment's profile", path, True) if path.is_file() else None


@cache
def _kept(name: str, path: Path, of_this_machine: bool) -> Source:
    return Source(name, path, read(path), of_this_machine)


def read_again() -> None:
    """Forget what files said, since one has been written."""
    _kept.cache_clear()
    _yours.cache_clear()
    registry.changed()


@cache
def _nearest() -> Path | None:
    return min(bundled_paths(), key=_remoteness, default=None)


def _remoteness(path: Path) -> tuple[Any, ...]:
    """How unlike this machine the one is that a bundled profile is named for."""
    from ..backends.threads import usable_cores

    level, _, cores = path.stem.rpartition("-")
    architecture = level.partition("-")[0]
    here = instruction_set()
    return level != here, architecture != here.partition("-")[0], abs(log(int(cores) / usable_cores())), path.name
