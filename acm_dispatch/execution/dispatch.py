"""What becomes of a call: canonicalise, select, remember, run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from ..backends import registry
from ..backends.backend import Kernel
from ..contract.arrays import MOST_NUMBERS, kind_of
from ..contract.declaration import Declaration
from ..contract.shapes import misfit
from ..errors import ConfigurationError, shown
from ..policy import tables
from ..policy.layers import running_policy
from ..selection.bound import BoundCall
from ..selection.choose import candidates, requested
from ..selection.costs import Estimate, predictions
from ..selection.request import Request
from .binding import Plan, plan_of, reference
from .recovery import recover
from .wrapper import generate

#: Beyond this many an operation's plans under a policy are forgotten, so that options from data cannot fill the memory.
_MAX_PLANS = 4096

#: Options with more parts than this (levels of quantiles, say) are no part of a plan that is remembered.
_MAX_PARTS = 256

#: Where the types of usual arguments come from.
_USUAL = ("numpy", "builtins")


class Explanation(NamedTuple):
    """Which backend would run a call, and why the others would not.

    `predicted` has what the call takes on each backend of which something is known, and where the figure comes from.
    """

    operation: str
    dims: dict[str, int]
    dtype: str
    work: int
    chosen: str | None
    decided_by: str
    verdicts: dict[str, str]
    predicted: dict[str, Estimate]

    def __str__(self) -> str:
        return "\n".join([self._call(), *(f"  {name:8} {self._told(name)}" for name in self.verdicts)])

    def html(self) -> str:
        """The table that notebooks show."""
        return tables.html(self._call(), ("backend", "verdict"), [(name, self._told(name)) for name in self.verdicts])

    _repr_html_ = html

    def _call(self) -> str:
        dims = ", ".join(f"{name} = {size:,}" for name, size in self.dims.items())
        return f"{self.operation} ({dims}; {self.dtype}; about {self.work:,} units of work)"

    def _told(self, name: str) -> str:
        cost = self.predicted.get(name)
        return self.verdicts[name] if cost is None else f"{self.verdicts[name]}; {cost}"


class ComposedExplanation(NamedTuple):
    """Which backend would run each operation that a composition is made of, and why the others would not."""

    operation: str
    parts: dict[str, Explanation]

    @property
    def chosen(self) -> dict[str, str | None]:
        """The backend of each operation."""
        return {name: part.chosen for name, part in self.parts.items()}

    @property
    def decided_by(self) -> dict[str, str]:
        """What decided for each operation."""
        return {name: part.decided_by for name, part in self.parts.items()}

    @property
    def verdicts(self) -> dict[str, dict[str, str]]:
        """Every backend's verdict on each operation."""
        return {name: part.verdicts for name, part in self.parts.items()}

    def __str__(self) -> str:
        return "\n".join([f"{self.operation} is made of", *map(str, self.parts.values())])

    def _repr_html_(self) -> str:
        return "".join(part.html() for part in self.parts.values())


class Operation(Declaration):
    """A declared operation and its dispatch."""

    def __init__(self, body: Callable[..., Any], shapes: str, **contract: Any) -> None:
        super().__init__(body, shapes, **contract)
        self.function, self._measure = generate(self, self.dispatch, self.recover)

    def dispatch(self, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """Canonicalise, validate, select, remember, run."""
        engine = engine_of(arguments[: len(self.array_names)])
        if engine is not None:
            return engine(self, dict(zip(self.parameters, arguments, strict=True)))
        policy = running_policy()
        plans = policy.plans.setdefault(self.name, {})
        call = self.bound(arguments, backend)
        if call.results > MOST_NUMBERS:
            self.require_memory(call.dims, call.values)
        plan = plans.get(call.key)
        if plan is None:
            plan = self._planned(requested(call, policy), plans)
        try:
            result = plan.call(*call.values)
        except BaseException as error:
            result = recover(error, plan, requested(call, policy))
        return self.remembers(result, arguments[0]) if self.remembers else result

    def recover(self, error: BaseException, plan: Plan, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """What the hot path does with an exception of a plan; its arguments are canonical already."""
        return recover(error, plan, requested(self.bound(arguments, backend), running_policy()))

    def _name_of(self, backend: Any) -> str | None:
        """The ``backend=`` keyword as a plain text, which every later look at it can rely on."""
        if backend is None or type(backend) is str:
            return backend
        if not issubclass(cast("type[Any]", type(backend)), str):
            raise ConfigurationError(f"{self.name}: backend is {shown(backend)}; expected the name of one")
        return str.__str__(backend)

    def bound(self, arguments: tuple[Any, ...], backend: str | None) -> BoundCall:
        """The call with these arguments, in the declared order; `InvalidInput` where they break the contract."""
        backend = self._name_of(backend)
        values = self.checked(arguments)
        arrays = [value for value in values[: len(self.array_names)] if value is not None]
        measured = self._measure(*values, backend)
        if measured is None:
            raise misfit(self.name, self.shapes, self.array_names, values[: len(self.array_names)])
        work, key, dims, results = measured
        kind = kind_of(arrays[0])
        dtype = str(next((array.dtype for array in arrays if array.dtype.kind == "f"), arrays[0].dtype))
        # Device arrays take the slow way always, and have plans of their own.
        key = key if kind == "numpy" else (key, kind)
        options = dict(zip(self.option_names, values[len(self.array_names) :], strict=True))
        return BoundCall(self, values, dims, backend, work, key, kind, dtype, options, results)

    def _planned(self, request: Request, plans: dict[Any, Plan]) -> Plan:
        """A new plan, remembered among `plans` where its key says all that it depends on."""
        plan = plan_of(request)
        if len(plans) >= _MAX_PLANS:
            plans.clear()
        if not plan.depends_on_sizes and _short(request.call.options):
            plans[request.call.key] = plan
        return plan

    def _request(self, *args: Any, **kwargs: Any) -> Request:
        """What selection needs to know of a call with these arguments here and now."""
        return requested(self.bound(*self.bind(*args, **kwargs)), running_policy())

    def reference(self, *args: Any, **kwargs: Any) -> Any:
        """The operation's meaning: the NumPy body, whatever the policy says."""
        values, dims = self.canonical(self.bind(*args, **kwargs)[0])
        self.require_memory(dims, values)
        return reference(self)(*values)

    def plan(self, *args: Any, **kwargs: Any) -> Plan:
        """The resolved call for arguments like these: a callable that takes canonical arguments unchecked."""
        request = self._request(*args, **kwargs)
        return plan_of(request)

    def kernels(self) -> dict[str, tuple[Kernel, ...]]:
        """The kernels of every usable backend in their order, by the backend's name."""
        found = {name: registry.kernels_of(backend, self.name) for name, backend in registry.backends().items()}
        return {name: kernels for name, kernels in found.items() if not isinstance(kernels, str)}

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Every backend's verdict on a call with these arguments, before running it."""
        request = self._request(*args, **kwargs)
        verdicts: dict[str, str] = {}
        chosen, decided_by = None, "no backend is left"
        for candidate in candidates(request):
            name = candidate.backend.name
            reasons = [candidate.reason] if candidate.reason else []
            if candidate.kernel is not None and chosen is None:
                chosen, decided_by = name, candidate.decided_by
                reasons.insert(0, f"runs it{_by(candidate.kernel)} ({decided_by})")
            elif candidate.kernel is not None:
                reasons.insert(0, f"could run it{_by(candidate.kernel)}, comes after {chosen}")
            verdicts[name] = "; ".join(reasons)
        call = request.call
        predicted = predictions(request)
        return Explanation(self.name, call.dims, call.dtype, request.work, chosen, decided_by, verdicts, predicted)


def declared() -> list[Operation]:
    """Every operation, those of plugins included, in the order of their declaration."""
    registry.backends()  # the first look for them finds plugins' operations, too
    return [operation for operation in registry.operations.values() if isinstance(operation, Operation)]


def find(name: str | Any) -> Operation:
    """The operation of that name (or the operation function itself); `OperationNotFoundError` where there is none."""
    return cast("Operation", registry.find_operation(name))


def _by(kernel: Kernel) -> str:
    """Which kernel would run the call, where its name says more than the operation's."""
    if kernel.name == kernel.operation:
        return ""
    return " by its reference" if kernel.is_reference else f" by {kernel.name}"


def _short(options: Mapping[str, Any]) -> bool:
    for value in options.values():
        if isinstance(value, tuple) and len(cast("tuple[Any, ...]", value)) > _MAX_PARTS:
            return False
    return True


def engine_of(values: Iterable[Any]) -> Callable[..., Any] | None:
    """What takes a call on arrays in blocks that are not computed yet; None where there are none, or no engine."""
    for value in values:
        owner = cast("type[Any]", type(value))
        package = owner.__module__.partition(".")[0]
        if package not in _USUAL and hasattr(owner, "numblocks"):
            for backend in registry.backends().values():
                if backend.engine is not None and backend.arrays == package and registry.unusable(backend) is None:
                    return backend.engine
    return None
