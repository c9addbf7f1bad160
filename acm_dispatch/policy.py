"""The caller's wishes, layer over layer, and where each of them came from.

One `ContextVar` holds an immutable, interned `Policy`: the innermost `use` block, linked to those around it. It is
right under asyncio, nesting and exceptions, because leaving a block goes to the policy's own parent and no state is
kept anywhere else. Below the blocks lie the process (`set_backend`), the environment and the config file.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from . import registry
from .backend import Accuracy
from .errors import BackendNotFoundError, DispatchWarning
from .settings import (
    Settings,
    Tracing,
    Transfer,
    accuracy_class,
    config_path,
    from_environment,
    from_file,
    thread_count,
    transfer_rule,
)
from .threads import usable_cores

P = ParamSpec("P")
R = TypeVar("R")


class Policy:
    """The settings of one `use` block and the policy around it; made by `Policy.child` only, so equal is identical."""

    __slots__ = ("_children", "parent", "plans", "settings")

    def __init__(self, settings: Settings, parent: Policy | None) -> None:
        self.settings = settings
        self.parent = parent
        #: Resolved calls of all operations under this policy; the hot path reads it.
        self.plans: dict[Any, Callable[..., Any]] = {}
        self._children: dict[Settings, Policy] = {}

    def __repr__(self) -> str:
        return f"<Policy {' > '.join(_describe(settings) for settings in self._chain()) or 'default'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has not heard of this one's set_backend(), so it travels along as the outermost block.
        outermost = () if _process == Settings() else (_process,)
        return _restore, ((*outermost, *reversed(tuple(self._chain()))),)

    def child(self, settings: Settings) -> Policy:
        """The policy of a block with `settings` inside this one."""
        return self._children.setdefault(settings, Policy(settings, self))

    def layers(self) -> Iterator[tuple[str, Settings]]:
        """Every layer with its origin, strongest first."""
        for settings in self._chain():
            yield "use()", settings
        yield "set_backend()", _process
        yield from _outer_layers()

    def forget(self) -> None:
        """Drop all plans below; new dicts, so that a plan made under the old settings cannot slip in late."""
        self.plans = {}
        for child in list(self._children.values()):
            child.forget()

    def _chain(self) -> Iterator[Settings]:
        policy = self
        while policy.parent is not None:
            yield policy.settings
            policy = policy.parent


_ROOT = Policy(Settings(), None)
_current: ContextVar[Policy] = ContextVar("acm_dispatch_policy", default=_ROOT)
_process = Settings()
_outer: tuple[tuple[str, Settings], ...] | None = None

registry.on_change(_ROOT.forget)

#: The policy of the running context (the hot path calls this bound method).
current_policy = _current.get


def _restore(chain: tuple[Settings, ...]) -> Policy:
    policy = _ROOT
    for settings in chain:
        policy = policy.child(settings)
    return policy


def _describe(settings: Settings) -> str:
    said = {name: value for name, value in settings._asdict().items() if value not in (None, ())}
    return ", ".join(f"{name}={value!r}" for name, value in said.items()) or "nothing"


def _outer_layers() -> tuple[tuple[str, Settings], ...]:
    """Environment and file, read at the first need and again after `reload_config`."""
    global _outer
    if _outer is None:
        path = config_path()
        layers = ("environment", from_environment()), (str(path or "config file"), from_file(path))
        _outer = tuple((origin, _only_known(origin, settings)) for origin, settings in layers)
    return _outer


def _only_known(origin: str, settings: Settings) -> Settings:
    """`settings` without backends that nobody provides: one warning each, since a stale variable may not stop a job."""

    def known(chosen: Iterable[str]) -> tuple[str, ...]:
        kept: list[str] = []
        for name in chosen:
            try:
                kept.append(registry.find_backend(name).name)
            except BackendNotFoundError as error:
                warnings.warn(f"{origin}: {error}", DispatchWarning, stacklevel=2)
        return tuple(kept)

    for name, _ in settings.per_operation:
        if name not in registry.operations:
            warnings.warn(
                f"{origin}: a backend is set for {name}, which is no operation", DispatchWarning, stacklevel=2
            )
    chosen = tuple((name, known(value)) for name, value in settings.per_operation if name in registry.operations)
    return settings._replace(
        backends=known(settings.backends) or None if settings.backends else None,
        exclude=known(settings.exclude),
        per_operation=tuple((name, value) for name, value in chosen if value),
    )


class Wishes(NamedTuple):
    """What the layers together ask for one operation, and the origin of each answer."""

    backends: tuple[str, ...]
    strict: bool
    exclude: frozenset[str]
    threads: int
    accuracy: Accuracy
    transfer: Transfer
    disable: bool
    trace: Tracing
    origins: dict[str, str]


def wishes(policy: Policy, operation: str | None = None) -> Wishes:
    """The layers merged: the strongest that says something wins; exclusions add up."""
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    exclude: set[str] = set()
    for origin, settings in policy.layers():
        said = settings._asdict()
        chosen = dict(said.pop("per_operation")).get(operation)
        if chosen is not None:
            said["backends"] = chosen
        if said["backends"] is None and "backends" in found:
            said["strict"] = None  # a list of backends brings its own strictness
        elif said["backends"] is not None and said["strict"] is None:
            said["strict"] = False
        if fresh := set(said.pop("exclude")) - exclude:
            exclude |= fresh
            origins["exclude"] = f"{origins['exclude']}, {origin}" if "exclude" in origins else origin
        for name, value in said.items():
            if value is not None and name not in found:
                found[name], origins[name] = value, origin
    defaults: dict[str, Any] = {
        "backends": (),
        "strict": False,
        "threads": usable_cores(),
        "accuracy": "tolerance",
        "transfer": "never",
        "disable": False,
        "trace": "off",
    }
    return Wishes(**{**defaults, **found}, exclude=frozenset(exclude), origins=origins)


class use:  # noqa: N801 - a context manager that reads as a verb, like contextlib's
    """Prefer `backends`, in order, for the block or the decorated function; NumPy stays as the last resort.

    Parameters
    ----------
    *backends : str
        Preferred backends. None given: the choice stays as it is around the block.
    strict : bool, optional
        Only these backends: a call that none of them can run is a `BackendError`.
    exclude : sequence of str
        Backends never to be used, on top of what surrounding layers exclude.
    threads : int, optional
        Thread budget of every call.
    accuracy : {"bitwise", "tolerance", "relaxed"}, optional
        The loosest class of kernel that may run.
    transfer : {"never", "auto"}, optional
        Whether NumPy arrays may go to a GPU without its being named.

    Raises
    ------
    BackendNotFoundError
        If a name is unknown or not installed.
    ConfigurationError
        If another argument means nothing.

    Examples
    --------
    >>> import numpy as np, acm_dispatch
    >>> with acm_dispatch.use("numpy"):
    ...     acm_dispatch.pairwise_euclidean(np.zeros((1, 2)), np.array([[3.0, 4.0]]))
    array([[5.]])
    """

    def __init__(
        self,
        *backends: str,
        strict: bool | None = None,
        exclude: str | tuple[str, ...] | list[str] = (),
        threads: int | None = None,
        accuracy: Accuracy | None = None,
        transfer: Transfer | None = None,
    ) -> None:
        excluded = (exclude,) if isinstance(exclude, str) else tuple(exclude)
        for name in (*backends, *excluded):
            registry.find_backend(name)
        self._settings = Settings(
            backends=backends or None,
            strict=strict,
            exclude=excluded,
            threads=None if threads is None else thread_count(threads),
            accuracy=None if accuracy is None else accuracy_class(accuracy),
            transfer=None if transfer is None else transfer_rule(transfer),
        )

    def __enter__(self) -> Policy:
        return enter(self._settings)

    def __exit__(self, *exception: object) -> None:
        leave()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        from inspect import iscoroutinefunction, isgeneratorfunction

        if isgeneratorfunction(function):
            raise TypeError("use() cannot decorate a generator, whose caller would see the policy; write `with` inside")
        if iscoroutinefunction(function):

            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return wraps(function)(awaited)  # type: ignore[return-value] - a coroutine function again

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return called


def enter(settings: Settings) -> Policy:
    """Make a block of `settings` inside the current policy the current one."""
    policy = _current.get().child(settings)
    _current.set(policy)
    return policy


def leave() -> None:
    """Go back to the policy around the current block."""
    _current.set(_current.get().parent or _ROOT)


def set_backend(*backends: str | None, op: str | Callable[..., Any] | None = None, strict: bool = False) -> None:
    """Prefer `backends` in the whole process, seen by every thread; none (or None) takes the wish back.

    Parameters
    ----------
    *backends : str or None
        In order of preference.
    op : str or operation, optional
        Only for this operation.
    strict : bool, default False
        Only these backends (for the process as a whole, not for one operation).
    """
    global _process
    chosen = tuple(registry.find_backend(name).name for name in backends if name is not None)
    if op is None:
        _process = _process._replace(backends=chosen or None, strict=strict if chosen else None)
    else:
        others = dict(_process.per_operation)
        others.pop(name := registry.find_operation(op).name, None)
        _process = _process._replace(
            per_operation=tuple(sorted({**others, **({name: chosen} if chosen else {})}.items()))
        )
    registry.changed()


def set_process_tracing(level: Tracing | None) -> None:
    """Trace every thread of the process at `level`; None takes the wish back."""
    global _process
    _process = _process._replace(trace=level)
    registry.changed()


def reload_config() -> None:
    """Read the environment variables and the config file again."""
    global _outer
    _outer = None
    registry.changed()


class _Propagated:
    """`function` under a policy that was current elsewhere; pickles as long as `function` does."""

    def __init__(self, function: Callable[..., Any], policy: Policy) -> None:
        self.function = function
        self.policy = policy

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = _current.set(self.policy)
        try:
            return self.function(*args, **kwargs)
        finally:
            _current.reset(token)


def propagate(function: Callable[P, R], policy: Policy | None = None) -> Callable[P, R]:
    """`function` bound to the current policy (or `policy`): for threads, joblib, multiprocessing and Dask.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import acm_dispatch
    >>> with acm_dispatch.use("numpy"), ThreadPoolExecutor() as pool:
    ...     pool.submit(acm_dispatch.propagate(acm_dispatch.current_policy)).result()
    <Policy backends=('numpy',)>
    """
    return _Propagated(function, policy or current_policy())


class Config(NamedTuple):
    """Each setting as it stands here, with its origin."""

    rows: tuple[tuple[str, Any, str], ...]

    def __repr__(self) -> str:
        return "\n".join(f"{name:22} {value!s:20} {origin}" for name, value, origin in self.rows)


def config() -> Config:
    """Every setting in force in this context and the layer it comes from."""
    merged = wishes(current_policy())
    values = merged._asdict()
    origins = values.pop("origins")
    rows = [(name, _shown(value), origins.get(name, "default")) for name, value in values.items()]
    seen: set[str] = set()
    for origin, settings in current_policy().layers():
        for name, chosen in settings.per_operation:
            if name not in seen:
                seen.add(name)
                rows.append((f"backends of {name}", _shown(chosen), origin))
    return Config(tuple(rows))


def _shown(value: Any) -> Any:
    if isinstance(value, frozenset):
        value = tuple(sorted(cast("frozenset[str]", value)))
    return ", ".join(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value
