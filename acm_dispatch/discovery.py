"""Backends of installed distributions, found through the entry-point group ``acm_dispatch.backends``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .backend import Backend

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "acm_dispatch.backends"


class Problem(NamedTuple):
    """Something of a plugin that was left out, and why."""

    source: str
    sentence: str


def discover(registered: Callable[[str], Backend | None]) -> tuple[dict[str, Backend], list[Problem]]:
    """The backends of all entry points, and what is wrong with the others; `registered` knows the names taken."""
    from importlib.metadata import entry_points

    found: dict[str, Backend] = {}
    broken: list[Problem] = []
    for entry in sorted(entry_points(group=GROUP), key=_precedence):
        source = f"{entry.name} ({_distribution(entry) or entry.value})"
        try:
            backend = entry.load()
        except (Exception, SystemExit) as error:
            broken.append(Problem(source, f"its manifest does not import ({type(error).__name__}: {error})"))
            continue
        if not isinstance(backend, Backend):
            sentence = f"{entry.value} is a {type(backend).__name__}; expected an acm_dispatch.Backend"
            broken.append(Problem(source, sentence))
        elif (found.get(backend.name) or registered(backend.name) or backend) is not backend:
            sentence = f"a backend named {backend.name!r} is already registered; this one is left out"
            broken.append(Problem(source, sentence))
        else:
            found[backend.name] = backend
    return found, broken


def _distribution(entry: EntryPoint) -> str:
    """The name of the distribution that brings the entry; metadata may be incomplete."""
    return (entry.dist.name if entry.dist else "") or ""


def _precedence(entry: EntryPoint) -> tuple[bool, str, str]:
    """Of two plugins of one name the distribution that is named for it wins; else alphabetical, so always the same."""
    distribution = _distribution(entry)
    return distribution != f"acm-dispatch-{entry.name}", distribution, entry.name
