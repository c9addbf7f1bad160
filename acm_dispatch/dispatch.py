"""What becomes of a call: canonicalise, select, remember, run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, cast

from . import registry, selection, tracing
from .arrays import kind_of
from .backend import Kernel
from .declaration import Declaration
from .errors import ConfigurationError, InvalidInput, Unsupported, shown
from .policy import Policy, current_policy
from .selection import Plan, Request
from .wishes import wishes
from .wrapper import generate

#: Beyond this many an operation's plans under a policy are forgotten, so that options from data cannot fill the memory.
_MAX_PLANS = 4096

#: Options with more parts than this (levels of quantiles, say) are no part of a plan that is remembered.
_MAX_PARTS = 256


class Explanation(NamedTuple):
    """Which backend would run a call, and why the others would not."""

    operation: str
    dims: dict[str, int]
    dtype: str
    work: int
    chosen: str | None
    decided_by: str
    verdicts: dict[str, str]

    def __str__(self) -> str:
        dims = ", ".join(f"{name} = {size:,}" for name, size in self.dims.items())
        lines = [f"{self.operation} ({dims}; {self.dtype}; about {self.work:,} units of work)"]
        return "\n".join(lines + [f"  {name:8} {verdict}" for name, verdict in self.verdicts.items()])


class Operation(Declaration):
    """A declared operation and its dispatch."""

    def __init__(self, body: Callable[..., Any], shapes: str, **contract: Any) -> None:
        super().__init__(body, shapes, **contract)
        self.function, self._measure = generate(self, self.dispatch, self.recover)

    def dispatch(self, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """Canonicalise, validate, select, remember, run."""
        policy = current_policy()
        plans = policy.plans.setdefault(self.name, {})
        backend = self._name_of(backend)
        values, dims = self.canonical(arguments)
        self.require_memory(dims, values)
        key = self._key(values, backend)
        call = plans.get(key)
        if call is None:
            request = self.request(policy, values, dims, backend)
            call = self._observed(selection.select(request), request)
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            # Weighing copies to a GPU looks at sizes that are not part of the key.
            if request.wishes.transfer == "never" and _short(request.options):
                plans[key] = call
        try:
            return self._run(call, values)
        except Exception as error:
            return self._retry(error, values, dims, backend)

    def _name_of(self, backend: Any) -> str | None:
        """The ``backend=`` keyword as a plain text, which every later look at it can rely on."""
        if backend is None or type(backend) is str:
            return backend
        if not issubclass(cast("type[Any]", type(backend)), str):
            raise ConfigurationError(f"{self.name}: backend is {shown(backend)}; expected the name of one")
        return str.__str__(backend)

    def recover(self, error: Exception, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """What the hot path does with an exception of a kernel; its arguments are canonical already."""
        values, dims = self.canonical(arguments)
        return self._retry(error, values, dims, backend)

    def _key(self, values: list[Any], backend: str | None) -> Any:
        """The key of the plan for canonical arguments; device arrays have keys of their own."""
        measured = self._measure(*values, backend)
        kind = kind_of(values[0])
        key = measured[1] if measured else None
        return key if kind == "numpy" else (key, kind)

    def request(self, policy: Policy, values: list[Any], dims: Mapping[str, int], backend: str | None) -> Request:
        """What selection needs to know of a call."""
        arrays = [value for value in values[: len(self.array_names)] if value is not None]
        return Request(
            self,
            kind_of(arrays[0]),
            str(next((array.dtype for array in arrays if array.dtype.kind == "f"), arrays[0].dtype)),
            selection.representative(self.amount(dims, values).bit_length()),
            sum(array.size for array in arrays) + self.result_size(dims, values),
            dict(zip(self.option_names, values[len(self.array_names) :], strict=True)),
            wishes(policy, self.name),
            backend,
        )

    def _observed(self, plan: Plan, request: Request) -> Callable[..., Any]:
        """The plan's call, recorded where the policy traces."""
        level = request.wishes.trace
        return plan.call if level == "off" else tracing.traced(plan, self, level)

    def _run(self, call: Callable[..., Any], values: list[Any]) -> Any:
        result = call(*(self.prepare(*values) if self.prepare else values))
        return self.returns(*result) if self.returns else result

    def _retry(self, error: Exception, values: list[Any], dims: Mapping[str, int], backend: str | None) -> Any:
        """The next candidate after a decline; any other error goes on, with a note of who raised it."""
        if isinstance(error, InvalidInput):
            raise error
        request = self.request(current_policy(), values, dims, backend)
        plan = selection.select(request)
        declined: dict[str, str] = {}
        while isinstance(error, Unsupported):
            declined[plan.backend] = str(error)
            plan = selection.select(request, declined)
            try:
                return self._run(self._observed(plan, request), values)
            except Exception as next_error:
                error = next_error
        error.add_note(f"raised by backend {plan.backend!r} in acm_dispatch operation {self.name!r}")
        raise error

    def reference(self, *args: Any, **kwargs: Any) -> Any:
        """The operation's meaning: the NumPy body, whatever the policy says."""
        values, dims = self.canonical(self.bind(*args, **kwargs)[0])
        self.require_memory(dims, values)
        call = self.run_reference
        if self.nan == "forbid":
            call = selection.finite_first(call, self)
        return self._run(call, values)

    def plan(self, *args: Any, **kwargs: Any) -> Plan:
        """The resolved call for arguments like these: a callable that takes canonical arguments unchecked."""
        arguments, backend = self.bind(*args, **kwargs)
        backend, (values, dims) = self._name_of(backend), self.canonical(arguments)
        plan = selection.select(self.request(current_policy(), values, dims, backend))
        return plan._replace(call=partial(self._run_plan, plan.call))

    def _run_plan(self, call: Callable[..., Any], *values: Any) -> Any:
        return self._run(call, list(values))

    def kernels(self) -> dict[str, Kernel]:
        """The kernels of every usable backend, by the backend's name."""
        found = {name: registry.kernel_of(backend, self.name) for name, backend in registry.backends().items()}
        return {name: kernel for name, kernel in found.items() if isinstance(kernel, Kernel)}

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Every backend's verdict on a call with these arguments, before running it."""
        arguments, backend = self.bind(*args, **kwargs)
        backend, (values, dims) = self._name_of(backend), self.canonical(arguments)
        request = self.request(current_policy(), values, dims, backend)
        verdicts: dict[str, str] = {}
        chosen, decided_by = None, "no backend is left"
        for candidate in selection.candidates(request, {}):
            name = candidate.backend.name
            verdict = candidate.reason
            if verdict is None and chosen is None:
                chosen, decided_by = name, selection.decision(request, name)
                verdict = f"runs it ({decided_by})"
            verdicts[name] = verdict or f"could run it, comes after {chosen}"
        return Explanation(self.name, dict(dims), request.dtype, request.work, chosen, decided_by, verdicts)


def declared() -> list[Operation]:
    """Every operation, in the order of their declaration."""
    return [operation for operation in registry.operations.values() if isinstance(operation, Operation)]


def find(name: str | Any) -> Operation:
    """The operation of that name (or the operation function itself); `OperationNotFoundError` where there is none."""
    return cast("Operation", registry.find_operation(name))


def _short(options: Mapping[str, Any]) -> bool:
    return all(len(cast("Any", value)) <= _MAX_PARTS for value in options.values() if isinstance(value, tuple))
