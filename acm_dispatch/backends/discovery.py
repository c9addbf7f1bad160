"""Plugins of installed distributions, found through entry points.

The group ``acm_dispatch.operations`` names modules that declare operations, ``acm_dispatch.backends`` names backends.

Whatever a plugin raises is a row among the problems: a panic in Rust, say, is a `BaseException` and no `Exception`.
Only Ctrl-C goes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..errors import described
from .backend import Backend

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "acm_dispatch.backends"
OPERATIONS = "acm_dispatch.operations"


class Problem(NamedTuple):
    """Something of a plugin that was left out, and why."""

    source: str
    sentence: str


def discover(registered: Callable[[str], Backend | None]) -> tuple[dict[str, Backend], list[Problem]]:
    """The backends of all entry points, and what is wrong with the others; `registered` knows the names taken.

    Operations come first, since backends may have kernels for them.
    """
    broken = _declare_operations()
    found: dict[str, Backend] = {}
    entries, unread = _entry_points(GROUP)
    broken += [problem for problem in unread if problem not in broken]
    for entry in sorted(entries, key=_precedence):
        source = _source(entry)
        backend = _loaded(entry)
        if isinstance(backend, str):
            broken.append(Problem(source, backend))
        elif (found.get(backend.name) or registered(backend.name) or backend) is not backend:
            sentence = f"a backend named {backend.name!r} is already registered; this one is left out"
            broken.append(Problem(source, sentence))
        else:
            found[backend.name] = backend
    return found, broken


def _declare_operations() -> list[Problem]:
    """Import what declares operations; the rows of what cannot be imported."""
    entries, broken = _entry_points(OPERATIONS)
    for entry in sorted(entries, key=_precedence):
        try:
            entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            broken.append(Problem(_source(entry), f"its operations do not import ({described(error)})"))
    return broken


def _source(entry: EntryPoint) -> str:
    return f"{entry.name} ({_distribution(entry) or entry.value})"


def _entry_points(group: str) -> tuple[list[EntryPoint], list[Problem]]:
    """All entry points of the group; a distribution whose metadata cannot be read is left out."""
    from importlib.metadata import distributions, entry_points

    try:
        return list(entry_points(group=group)), []
    except Exception:  # without saying whose they are
        entries: list[EntryPoint] = []
        broken: list[Problem] = []
    for distribution in distributions():
        try:
            entries += distribution.entry_points.select(group=group)
        except Exception as error:
            folder = str(getattr(distribution, "_path", "a distribution"))
            broken.append(Problem(folder, f"its entry points cannot be read ({described(error)})"))
    return entries, broken


def _loaded(entry: EntryPoint) -> Backend | str:
    """The backend that the entry names, or the sentence why it is none."""
    try:
        backend = entry.load()
        if isinstance(backend, Backend):
            return backend
        return f"{entry.value} is a {type(backend).__name__}; expected an acm_dispatch.Backend"
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"its manifest does not import ({described(error)})"


def _distribution(entry: EntryPoint) -> str:
    """The name of the distribution that brings the entry; metadata may be incomplete."""
    try:
        return (entry.dist.name if entry.dist else "") or ""
    except Exception:
        return ""


def _precedence(entry: EntryPoint) -> tuple[bool, str, str]:
    """Of two plugins of one name the distribution that is named for it wins; else alphabetical, so always the same."""
    distribution = _distribution(entry)
    return distribution != f"acm-dispatch-{entry.name}", distribution, entry.name
