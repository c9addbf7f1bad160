"""Operations by name, backends by name: the only two global registries.

Backends are found through their entry points when the first call needs one. A plugin that is broken costs a warning and
a row in `problems`, never the import of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..contract.declaration import Composition, Declaration
from ..errors import (
    BackendNotFoundError,
    DeclarationError,
    OperationNotFoundError,
    described,
    shown,
    suggestion,
    warn,
)
from . import forksafe
from .backend import Backend, Kernel, on_late_kernel, reason_of
from .discovery import Problem, discover

#: Our own backends, each in a distribution of its own: named in the advice when one is asked for and missing.
INSTALL = {name: f"pip install acm-dispatch-{name}" for name in ("rust", "numba", "cupy")}

operations: dict[str, Declaration] = {}
compositions: dict[str, Composition] = {}
problems: list[Problem] = []
_backends: dict[str, Backend] = {}
_failed_loads: dict[str, str] = {}
_discovered = False
_in_progress = False
_listeners: list[Callable[[], None]] = []


def _begin_again() -> None:
    """In a child that was forked while another thread looked through the entry points."""
    global _in_progress
    _in_progress = False


_discovering = forksafe.Lock(_begin_again)
_changing = forksafe.Lock()


def on_change(listener: Callable[[], None]) -> None:
    """`listener` is called whenever cached plans may have become wrong."""
    _listeners.append(listener)


def changed() -> None:
    """Tell every listener that a backend or a setting is new."""
    for listener in _listeners:
        listener()


on_late_kernel.append(changed)
# What another thread was changing when this process was forked has not been told to everyone.
forksafe.in_child(changed)


def register_backend(backend: Backend) -> None:
    """Add `backend` to this process, as an entry point would (notebooks, tests).

    Parameters
    ----------
    backend : Backend

    Raises
    ------
    DeclarationError
        If it is none, or its name is taken by another backend.
    """
    if not isinstance(cast("Any", backend), Backend):
        raise DeclarationError(f"{shown(backend)} is a {type(backend).__name__}; expected an acm_dispatch.Backend")
    if backend.name != "numpy":  # which registers itself while this package is imported
        backends()
    _add({backend.name: backend})
    changed()


def _add(more: dict[str, Backend]) -> None:
    """A new dict each time: an iteration over the old one goes on undisturbed."""
    global _backends
    with _changing:
        for name, backend in more.items():
            if _backends.get(name, backend) is not backend:
                raise DeclarationError(f"a backend named {name!r} is already registered")
        _backends = {**_backends, **more}


def unregister_backend(name: str) -> None:
    """Take a backend out again.

    Parameters
    ----------
    name : str

    Raises
    ------
    BackendNotFoundError
        If there is none of that name.
    DeclarationError
        If it is NumPy's.
    """
    global _backends
    if find_backend(name).name == "numpy":
        raise DeclarationError("the NumPy backend is the last resort of every call and stays")
    with _changing:
        _backends = {key: backend for key, backend in _backends.items() if key != name}
    _failed_loads.pop(name, None)
    problems[:] = [problem for problem in problems if problem.source != name]
    changed()


def backends() -> dict[str, Backend]:
    """Every backend of this process by name, as of now; the first call looks through the entry points."""
    if not _discovered:
        with _discovering:
            if not _discovered and not _in_progress:
                _finish_discovery()
    return _backends


def _finish_discovery() -> None:
    global _discovered, _in_progress
    forksafe.wait_for_imports()
    _in_progress = True  # a manifest may itself ask for backends, or register its own
    try:
        found, broken = discover(lambda name: _backends.get(name))
    finally:
        _in_progress = False
    _add(found)
    _discovered = True
    problems.extend(broken)
    changed()  # a manifest may have called an operation, when half of this was known
    for source, sentence in broken:  # last, since a warning may be an error
        _warn(source, sentence)


def is_under_way() -> bool:
    """Whether the caller is part of the search itself: a manifest, or a signal handler that interrupted it."""
    return _in_progress


def is_complete() -> bool:
    """Whether all entry points have been looked at, so that a name that is unknown now is unknown."""
    return _discovered


def _report(source: str, sentence: str) -> None:
    """One row and one warning, however many threads notice."""
    problem = Problem(source, sentence)
    with _changing:
        if problem in problems:
            return
        problems.append(problem)
    _warn(source, sentence)


def _warn(source: str, sentence: str) -> None:
    warn(f"plugin {source}: {sentence}")


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


def kernels_of(backend: Backend, operation: str) -> tuple[Kernel, ...] | str:
    """The kernels in their order, or why there is none: the backend is unavailable, broken, or lacks one."""
    missing = backend.refuses.get(operation, "has no kernel")
    return unusable(backend) or backend.kernels.get(operation) or missing


def has_kernel(backend: Backend, operation: str) -> bool:
    """Whether the backend is usable and has a kernel for the operation."""
    return not isinstance(kernels_of(backend, operation), str)


def unusable(backend: Backend) -> str | None:
    """Why nothing of `backend` can run here, or None. Whatever a third party's code does, this is an answer."""
    if backend.name in _failed_loads:
        return _failed_loads[backend.name]
    try:
        if (reason := reason_of(backend.available())) is not None:
            return reason
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic in Rust is no Exception
        return f"it cannot say whether it is available ({described(error)})"
    try:
        strange = backend.kernels.keys() - operations.keys()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        sentence = f"its kernels do not import ({described(error)})"
        _failed_loads[backend.name] = sentence
        _report(backend.name, sentence)
        return sentence
    for name in strange:
        _report(backend.name, f"it has a kernel for {name!r}, which is no operation{suggestion(name, operations)}")
    return None


def find_composition(name: str | Any) -> Composition | None:
    """The composition of that name (or the function itself), or None."""
    known = _plain_name(name)
    return None if known is None else compositions.get(known)


def _plain_name(subject: Any) -> str | None:
    """The name that a text or a function is, as a plain text; None of anything else."""
    try:
        name: Any = getattr(subject, "__name__", subject)
    except Exception:  # whatever an object says that it has
        return None
    return str.__str__(name) if issubclass(cast("type[Any]", type(name)), str) else None


def find_operation(name: str | Any) -> Declaration:
    """The operation of that name (or the operation function itself).

    Raises
    ------
    OperationNotFoundError
        With the nearest known name.
    """
    subject, name = name, _plain_name(name)
    if name is None:
        raise OperationNotFoundError(f"{shown(subject)} is no operation, nor the name of one")
    if name not in operations and name not in compositions:
        backends()  # it may be a plugin's, which are looked for when one is needed
    if name in compositions:
        used = ", ".join(compositions[name].operations)
        raise OperationNotFoundError(f"{name} has no kernels of its own, it is made of {used}; ask for these")
    if name not in operations:
        near = suggestion(name, [*operations, *compositions])
        raise OperationNotFoundError(f"no operation is called {shown(name)}{near}")
    return operations[name]
