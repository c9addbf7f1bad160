"""The scopes in which settings hold: a block (`use`) and the process (`set_backend`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from ..backends import registry
from ..backends.backend import Accuracy
from ..errors import BackendNotFoundError, ConfigurationError, shown
from .layers import Policy, enter, leave, update_process
from .settings import Fallback, OnMissing, Settings, Tracing, Transfer, Tune, parsed

P = ParamSpec("P")
R = TypeVar("R")


def _several(names: str | Iterable[str]) -> Iterable[str]:
    if not isinstance(cast("Any", names), Iterable):
        raise ConfigurationError(f"exclude is {shown(names)}; expected names of backends")
    return (names,) if isinstance(names, str) else names


class use:  # noqa: N801 - a context manager that reads as a verb, like contextlib's
    """Prefer `backends`, in order, for the block or the decorated function; NumPy stays as the last resort.

    The block holds in its own context; `propagate` carries it into other threads and processes.

    Parameters
    ----------
    *backends : str
        Preferred backends. None given: the choice stays as it is around the block.
    strict : bool, optional
        Only these backends: a call that none of them can run is a `BackendError`.
    exclude : str or several
        Backends never to be used, on top of what surrounding layers exclude.
    threads : int, optional
        Thread budget of every call.
    accuracy : {"bitwise", "tolerance", "relaxed"}, optional
        The loosest class of kernel that may run.
    transfer : {"never", "auto"}, optional
        Whether NumPy arrays may go to a GPU without its being named.
    fallback : {"warn", "error", "silent"}, optional
        Where a kernel fails with an error that is its own: run the next one with a warning, raise the error, or run the
        next one in silence. A call that names its backend (``backend=``) always raises.
    profile : str or path, optional
        What kernels cost: "own" (this machine's profile, else the bundled one), "bundled", or the path of a file; that
        of a lock (`freeze`) says which kernel runs each call.
    tune : {"off", "auto"}, optional
        Try other kernels on calls of which nothing was measured here, on the caller's own arguments, for a tenth of the
        time that calls take: the faster one runs them from then on, and this machine's profile has it when the process
        ends. Only in the main thread of a process that no other one started.
    on_missing : {"predict", "error"}, optional
        What a call becomes that is not in the lock, or whose kernel there cannot run it: the choice goes by costs, or
        there is a `BackendError`.
    verify : float, optional
        The share of calls that the reference computes, too, counted: of 0.01 one in a hundred. A result that breaks the
        contract costs a warning, and takes the kernel out of use in this process; the caller gets the reference's.

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
        exclude: str | Iterable[str] = (),
        threads: int | None = None,
        accuracy: Accuracy | None = None,
        transfer: Transfer | None = None,
        fallback: Fallback | None = None,
        profile: str | os.PathLike[str] | None = None,
        tune: Tune | None = None,
        on_missing: OnMissing | None = None,
        verify: float | None = None,
    ) -> None:
        excluded = known_names(_several(exclude))
        known_names(backends)
        if strict is not None and not isinstance(cast("Any", strict), bool):
            raise ConfigurationError(f"strict is {shown(strict)}; expected True or False")
        given: dict[str, Any] = {
            "profile": profile,
            "tune": tune,
            "on_missing": on_missing,
            "verify": verify,
            "threads": threads,
            "accuracy": accuracy,
            "transfer": transfer,
            "fallback": fallback,
        }
        self._settings = parsed(given).changed(backends=backends, strict=strict, exclude=excluded)

    def __enter__(self) -> Policy:
        return enter(self._settings)

    def __exit__(self, *exception: object) -> None:
        leave(self._settings)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

        if isinstance(function, type):
            raise TypeError("use() cannot decorate a class, only functions; decorate its methods")
        if isgeneratorfunction(function) or isasyncgenfunction(function):
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


def set_backend(*backends: str | None, op: str | Callable[..., Any] | None = None, strict: bool = False) -> None:
    """Prefer `backends` in the whole process, seen by every thread; none (or None) takes the preference back.

    Parameters
    ----------
    *backends : str or None
        In order of preference.
    op : str or operation, optional
        Only for this operation.
    strict : bool, default False
        Only these backends (for the process as a whole, not for one operation).

    Raises
    ------
    BackendNotFoundError
        If a name is unknown or not installed.
    OperationNotFoundError
        If `op` is no operation, or made of others.
    ConfigurationError
        If `strict` is asked for one operation.

    Examples
    --------
    >>> import numpy as np, acm_dispatch
    >>> acm_dispatch.set_backend("numpy", op="zscore")
    >>> acm_dispatch.zscore.explain(np.ones((9, 2))).decided_by
    'set_backend()'
    >>> acm_dispatch.set_backend(None, op="zscore")
    """
    chosen = known_names([name for name in backends if name is not None])
    if op is not None and strict:
        raise ConfigurationError("strict holds for the process as a whole, not for one operation; use() can be strict")
    if op is None:
        update_process(lambda settings: settings.changed(backends=chosen or None, strict=strict if chosen else None))
        return
    name = registry.find_operation(op).name

    def choose(settings: Settings) -> Settings:
        others = {key: value for key, value in settings.per_operation if key != name}
        return settings.changed(per_operation=tuple(sorted({**others, **({name: chosen} if chosen else {})}.items())))

    update_process(choose)


def known_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, each of which some backend has.

    Raises
    ------
    BackendNotFoundError
        Naming the first that no backend has.
    ConfigurationError
        If one is no name at all.
    """
    for name in (names := tuple(names)):
        if not isinstance(cast("Any", name), str):
            raise ConfigurationError(
                f"{shown(name)} is not the name of a backend; several are given as several arguments"
            )
        try:
            registry.find_backend(name)
        except BackendNotFoundError:
            if not registry.is_under_way():  # a signal handler may name what is about to be found
                raise
    return names


def set_process_tracing(level: Tracing | None) -> None:
    """Trace every thread of the process at `level`; None takes that back."""
    update_process(lambda settings: settings.changed(trace=level))
