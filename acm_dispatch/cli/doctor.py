"""``acm-dispatch doctor``: what is here, what is not, and why; it reports trouble and never ends in it."""

from __future__ import annotations

import importlib
import platform
import sys
import time
import warnings
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..backends import registry
from ..backends.discovery import GROUP, OPERATIONS
from ..backends.threads import usable_cores
from ..errors import DispatchWarning, described
from ..policy.resolved import config
from ..tuning.parallelism import achieved_parallelism
from ..tuning.staleness import staleness
from .cpu import cpu_features, cpu_model, thread_limit
from .profile import in_force

#: The share of threads below which it is told that they do not run at once.
_FEW = 0.7


def examine(console: Console) -> None:
    """Print every part of the examination."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DispatchWarning)  # each of them has its row below
        manifests = list(_manifests())
        backends = list(_backends())
    settings = config().rows
    _print(console, "Versions", ("part", "version"), _versions())
    _print(console, "Processor", ("what", "found"), _processor())
    _print(console, "Backends", ("backend", "version", "kernels", "state"), backends)
    _print(console, "Manifests", ("entry point", "distribution", "import ms", "state"), manifests)
    problems = [(problem.source, problem.sentence) for problem in registry.problems]
    _print(console, "Broken plugins", ("plugin", "problem"), problems or [("none", "")])
    _print(console, "Profiles", ("profile", "file", "state"), _profiles())
    rows = [(name, str(value), origin) for name, value, origin in settings]
    _print(console, "Settings", ("setting", "value", "origin"), rows)


def _profiles() -> Iterable[tuple[str, ...]]:
    """What calls go by, the strongest first, how much of it counts, and whether it is still true."""
    for source in in_force():
        stale = staleness(source.profile) if source.of_this_machine else None
        yield source.name, str(source.path), "; ".join(filter(None, [source.status(), stale]))


def _print(console: Console, title: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    for position, name in enumerate(header):
        table.add_column(name, no_wrap=position == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(Text(title, style="bold cyan"))
    console.print(table)


def _versions() -> list[tuple[str, str]]:
    rows = [("acm-dispatch", _version("acm-dispatch")), ("python", f"{platform.python_version()} ({sys.platform})")]
    rows += [(name, _version(name)) for name in ("numpy", "scipy", "pandas", "pyarrow", "matplotlib")]
    for pool in _thread_pools():
        detail = " ".join(str(pool[key]) for key in ("version", "architecture", "threading_layer") if pool.get(key))
        rows.append((f"{pool['user_api']}: {pool['internal_api']}", f"{detail}, {pool['num_threads']} threads"))
    return rows


def _thread_pools() -> list[dict[str, Any]]:
    """BLAS and OpenMP libraries in use, as far as threadpoolctl is here to see them."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return []
    return threadpool_info()


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _processor() -> list[tuple[str, str]]:
    rows = [
        ("model", cpu_model()),
        ("features", cpu_features()),
        ("usable threads", f"{usable_cores()} ({thread_limit()})"),
        ("threads that run at once", _at_once(usable_cores())),
    ]
    return [*rows, *_rust_library()]


def _at_once(threads: int) -> str:
    """As many as are measured to, and what a number far below says."""
    found = achieved_parallelism(threads)
    few = "; other programs or a limit of the container take the rest, so that fewer threads may be faster"
    return f"{found:.1f}{few if found < _FEW * threads else ''}"


def _rust_library() -> list[tuple[str, str]]:
    """The instruction set that the Rust backend chose, and how it was compiled, as far as there is one that says so."""
    try:
        core: Any = importlib.import_module("acm_rs._core")
        return [("Rust kernels use", str(core.isa())), ("Rust kernels are built by", str(core.build()))]
    except (ImportError, AttributeError):
        return []


def _manifests() -> Iterable[tuple[str, ...]]:
    """Each plugin's entry point and how long its import takes; measured before anything else has imported it."""
    for entry in (*metadata.entry_points(group=OPERATIONS), *metadata.entry_points(group=GROUP)):
        start = time.perf_counter()
        try:
            entry.load()
            state = "ok"
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a plugin may fail in any way; here it is a row, not an end
            state = f"does not import ({described(error)})"
        milliseconds = f"{(time.perf_counter() - start) * 1e3:.1f}"
        yield entry.name, entry.dist.name if entry.dist else "", milliseconds, state


def _backends() -> Iterable[tuple[str, ...]]:
    for name, backend in registry.backends().items():
        reason = registry.unusable(backend)
        kernels = "-" if reason else str(len(backend.kernels.keys() & registry.operations.keys()))
        failed = [] if reason else [k for found in backend.kernels.values() for k in found if k.out_of_use]
        out = "".join(f"; {kernel.operation} is {kernel.out_of_use}" for kernel in failed)
        yield name, backend.version, kernels, f"cannot run: {reason}" if reason else f"ready{out}"
    for name, command in registry.INSTALL.items():
        if name not in registry.backends():
            yield name, "", "-", f"not installed; {command}"
