"""``acm-dispatch profile``: what is known of kernels' costs, where it is kept, and how to change that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from ..errors import ConfigurationError
from ..policy.layers import current_policy
from ..policy.resolved import resolved
from ..selection.keeping import update
from ..selection.machine import soft_facts
from ..selection.profile import Entry, Key, merged, read, text_of, user_path
from ..selection.sources import Source, sources
from .console import say


def in_force() -> tuple[Source, ...]:
    """The profiles that calls go by, the strongest first."""
    return sources(resolved(current_policy()).profile)


def show(to: Console, operation: str | None) -> None:
    """The profiles in force and how much of each counts, or all that they say of one operation."""
    if operation is None:
        for source in in_force():
            to.print(
                f"{source.name}: {source.path}\n  {source.status()}", markup=False, highlight=False, soft_wrap=True
            )
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    for name in ("profile", "entry", "measured", "work x columns: microseconds"):
        table.add_column(name, overflow="fold")
    for source in in_force():
        for entry in sorted(source.profile.of(operation)):
            points = ", ".join(f"{work:,} x {width}: {seconds * 1e6:,.3g}" for work, width, seconds in entry.points)
            table.add_row(
                source.name, str(entry.key), entry.measured, source.reason_against(entry) or entry.wrong or points
            )
    to.print(table)


def merge(files: Sequence[Path]) -> None:
    """Take the entries of other files into this machine's profile; of two the one that was measured later stays."""
    found = [read(_existing(file)) for file in files]
    for file, profile in zip(files, found, strict=True):
        for sentence in profile.ignored:
            say(f"{file}: ignored {sentence}")
    entries = sorted((e for profile in found for e in profile.entries.values()), key=lambda entry: entry.measured)
    update(user_path(), lambda old: merged(old, [e for e in entries if _is_newer(e, old)]))
    say(f"{len(entries)} entries merged into {user_path()}")


def _is_newer(entry: Entry, old: Mapping[Key, Entry]) -> bool:
    return entry.key not in old or old[entry.key].measured <= entry.measured


def prune() -> None:
    """Take out of this machine's profile what does not count any more."""
    path = user_path()
    source = Source("your profile", path, read(_existing(path)), True)
    left = {key: entry for key, entry in source.profile.entries.items() if source.reason_against(entry) is None}
    update(path, lambda old: {key: entry for key, entry in old.items() if key in left})
    say(f"{len(source.profile.entries) - len(left)} entries removed, {len(left)} left in {path}")


def reset() -> None:
    """Remove this machine's profile; calls go by the bundled one again."""
    path = user_path()
    say(f"{path} removed" if path.exists() else f"there is no {path}")
    path.unlink(missing_ok=True)


def export(file: Path, backends: Iterable[str]) -> None:
    """Write this machine's profile to a file: all of it, or what is of some backends and, to compare by, NumPy's."""
    wanted = {*backends, "numpy"} if backends else None
    entries = read(_existing(user_path())).entries.values()
    kept = [entry for entry in entries if wanted is None or entry.key.backend in wanted]
    file.write_text(text_of(kept, soft_facts()), encoding="utf-8")
    say(f"{len(kept)} entries written to {file}")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ConfigurationError(f"profile: there is no file {path}; `acm-dispatch tune` writes this machine's")
    return path
