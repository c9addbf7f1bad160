"""Operations by name, backends by name: the only two global registries.

Backends are found through the entry-point group ``acm_dispatch.backends`` when the first call needs one. A plugin that
is broken costs a warning and a row in `problems`, never the import of this package.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .backend import Backend, Kernel, on_late_kernel, reason_of
from .errors import BackendNotFoundError, DeclarationError, DispatchWarning, OperationNotFoundError, suggestion

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from .composition import Composition
    from .operation import Operation

GROUP = "acm_dispatch.backends"

#: Our own backends, each in a distribution of its own: named in the advice when one is asked for and missing.
INSTALL = {name: f"pip install acm-dispatch-{name}" for name in ("rust", "numba", "cupy")}


class Problem(NamedTuple):
    """Something of a plugin that was left out, and why."""

    source: str
    sentence: str


operations: dict[str, Operation] = {}
compositions: dict[str, Composition] = {}
problems: list[Problem] = []
_backends: dict[str, Backend] = {}
_failed_loads: dict[str, str] = {}
_discovered = False
_in_progress = False
_discovering = threading.RLock()
_listeners: list[Callable[[], None]] = []


def on_change(listener: Callable[[], None]) -> None:
    """`listener` is called whenever cached plans may have become wrong."""
    _listeners.append(listener)


def changed() -> None:
    """Tell every listener that a backend or a setting is new."""
    for listener in _listeners:
        listener()


on_late_kernel.append(changed)


def register_backend(backend: Backend) -> None:
    """Add `backend` to this process, as an entry point would (notebooks, tests).

    Raises
    ------
    DeclarationError
        If the name is taken by another backend.
    """
    known = _backends.get(backend.name) if backend.name == "numpy" else backends().get(backend.name)
    if known is not None and known is not backend:
        raise DeclarationError(f"a backend named {backend.name!r} is already registered")
    _backends[backend.name] = backend
    changed()


def unregister_backend(name: str) -> None:
    """Take a backend out again."""
    if name == "numpy":
        raise DeclarationError("the NumPy backend is the last resort of every call and stays")
    _backends.pop(name, None)
    _failed_loads.pop(name, None)
    _checked.discard(name)
    changed()


def backends() -> dict[str, Backend]:
    """Every backend of this process by name; the first call looks through the entry points."""
    if not _discovered:
        with _discovering:
            if not _discovered and not _in_progress:
                _finish_discovery()
    return _backends


def _finish_discovery() -> None:
    global _discovered, _in_progress
    _in_progress = True  # a manifest may itself ask for backends, or register its own
    try:
        found, broken = _discover()
    finally:
        _in_progress = False
    _backends.update(found)
    _discovered = True
    problems.extend(broken)
    for source, sentence in broken:  # last, since a warning may be an error
        _warn(source, sentence)


def _discover() -> tuple[dict[str, Backend], list[Problem]]:
    """The backends of all entry points, and what is wrong with the others."""
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
        known = found.get(backend.name, _backends.get(backend.name)) if isinstance(backend, Backend) else None
        if not isinstance(backend, Backend):
            sentence = f"{entry.value} is a {type(backend).__name__}; expected an acm_dispatch.Backend"
            broken.append(Problem(source, sentence))
        elif known is not None and known is not backend:
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


def _report(source: str, sentence: str) -> None:
    problems.append(Problem(source, sentence))
    _warn(source, sentence)


def _warn(source: str, sentence: str) -> None:
    warnings.warn(f"backend {source}: {sentence}", DispatchWarning, stacklevel=2)


def find_backend(name: str) -> Backend:
    """The backend called `name`.

    Raises
    ------
    BackendNotFoundError
        With the nearest known name, and the install command if it is one of ours.
    """
    known = backends()
    if name in known:
        return known[name]
    hint = f"; install it with `{INSTALL[name]}`" if name in INSTALL else suggestion(name, [*known, *INSTALL])
    raise BackendNotFoundError(name, tuple(known), hint)


def kernel_of(backend: Backend, operation: str) -> Kernel | str:
    """The kernel, or the sentence why there is none: the backend is unavailable, broken, or lacks it."""
    return unusable(backend) or backend.kernels.get(operation, "has no kernel")


def unusable(backend: Backend) -> str | None:
    """Why nothing of `backend` can run here, or None. Whatever a stranger's code does, this is an answer."""
    if backend.name in _failed_loads:
        return _failed_loads[backend.name]
    try:
        if (reason := reason_of(backend.available())) is not None:
            return reason
    except Exception as error:
        return f"it cannot say whether it is available ({type(error).__name__}: {error})"
    try:
        _report_unknown_operations(backend)
    except (Exception, SystemExit) as error:
        sentence = f"its kernels do not import ({type(error).__name__}: {error})"
        _failed_loads[backend.name] = sentence
        _report(backend.name, sentence)
        return sentence
    return None


_checked: set[str] = set()


def _report_unknown_operations(backend: Backend) -> None:
    kernels = backend.kernels
    if backend.name not in _checked:
        _checked.add(backend.name)
        for name in kernels.keys() - operations.keys():
            advice = suggestion(name, operations)
            _report(backend.name, f"it has a kernel for {name!r}, which is no operation{advice}")


def find_operation(name: str | Any) -> Operation:
    """The operation of that name (or the operation function itself).

    Raises
    ------
    OperationNotFoundError
        With the nearest known name.
    """
    name = getattr(name, "__name__", name)
    if name in compositions:
        used = ", ".join(compositions[name].operations)
        raise OperationNotFoundError(f"{name} is made of other operations; ask for {used}")
    if name not in operations:
        raise OperationNotFoundError(f"no operation is called {name!r}{suggestion(str(name), operations)}")
    return operations[name]
