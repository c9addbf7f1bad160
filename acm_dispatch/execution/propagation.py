"""A policy, and the traces and workloads that record under it, carried to where context variables do not reach."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from ..policy.layers import Policy, current_policy, restore, swap
from .recording import count_in, current_workloads, stop_counting
from .tracing import Trace, current_traces, record_in, stop_recording
from .workload import Workload

P = ParamSpec("P")
R = TypeVar("R")


class _Propagated:
    """`function` under a policy that was current elsewhere; pickles if `function` does, without what records."""

    def __init__(
        self,
        function: Callable[..., Any],
        policy: Policy,
        traces: tuple[Trace, ...] = (),
        workloads: tuple[Workload, ...] = (),
    ) -> None:
        self.function = function
        self.policy = policy
        self.traces = traces
        self.workloads = workloads

    def __reduce__(self) -> tuple[Any, ...]:
        return _Propagated, (self.function, self.policy)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from inspect import iscoroutinefunction

        if iscoroutinefunction(self.function):
            return self._awaited(*args, **kwargs)
        with self._there():
            return self.function(*args, **kwargs)

    async def _awaited(self, *args: Any, **kwargs: Any) -> Any:
        with self._there():
            return await self.function(*args, **kwargs)

    @contextmanager
    def _there(self) -> Generator[None]:
        policy, traces, workloads = swap(self.policy), record_in(self.traces), count_in(self.workloads)
        try:
            yield
        finally:
            stop_counting(workloads)
            stop_recording(traces)
            restore(policy)


def propagate(function: Callable[P, R], policy: Policy | None = None) -> Callable[P, R]:
    """`function` bound to the current policy (or `policy`): for threads, joblib, multiprocessing and Dask.

    Blocks (`use`, `trace`) hold in their own context: asyncio tasks, `asyncio.to_thread` and forked children are inside
    them; threads of a pool, spawned processes and joblib's workers are not, unless they get a propagated function. A
    worker without one is warned, once a process, if a block is open in another thread or was open where its process was
    started. A worker process that was started before the block cannot know of it.

    Calls in another thread are recorded in the traces and workloads that are open here; another process has its own.

    Parameters
    ----------
    function : callable
        A function or coroutine function; the result pickles if it does.
    policy : Policy, optional
        From `current_policy`.

    Raises
    ------
    TypeError
        If `function` is a generator function, which would run under the policy of its caller.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> import acm_dispatch
    >>> with acm_dispatch.use("numpy"), ThreadPoolExecutor() as pool:
    ...     pool.submit(acm_dispatch.propagate(acm_dispatch.current_policy)).result()
    <Policy backends=('numpy',)>
    """
    from inspect import isasyncgenfunction, isgeneratorfunction

    if isgeneratorfunction(function) or isasyncgenfunction(function):
        raise TypeError("propagate() cannot carry a generator, whose caller would see the policy; write `with` inside")
    return _Propagated(function, policy or current_policy(), current_traces(), current_workloads())
