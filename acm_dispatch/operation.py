"""Declaring an operation: everything else (wrapper, parity tests, benchmark, docs row) follows from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, ParamSpec, Protocol, TypeVar, cast

import numpy as np

from . import registry, selection, tracing
from .arrays import canonicalise, kind_of
from .backend import Kernel
from .errors import DeclarationError, InvalidInput, Unsupported
from .numpy_backend import numpy_backend
from .options import Check
from .policy import Policy, current_policy, wishes
from .samples import Samples
from .selection import Plan, Request
from .shapes import Shapes, measure, parse
from .wrapper import generate, plan_key

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
NanRule = Literal["propagate", "skip", "replace", "forbid"]
Agreement = Callable[[tuple[Any, ...], tuple[Any, ...], float, float], None]

#: dtype name -> (relative, absolute) tolerance against the reference.
TOLERANCE: Mapping[str, tuple[float, float]] = {"float64": (1e-10, 1e-12), "float32": (1e-5, 1e-6)}

#: A policy forgets its plans beyond this many, so that options from data cannot fill the memory.
_MAX_PLANS = 4096


class Contract(NamedTuple):
    """What every kernel of an operation promises."""

    shapes: str
    work: str
    tolerance: Mapping[str, tuple[float, float]]
    nan: NanRule


class OperationFunction(Protocol[P, R]):
    """A public operation: call it like the plain function it looks like."""

    __name__: str
    operation: Operation
    contract: Contract
    reference: Callable[..., Any]
    explain: Callable[..., Explanation]
    plan: Callable[..., Plan]
    kernels: Callable[[], dict[str, Kernel]]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


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


class Operation:
    """One operation: its contract, reference, samples and wrapper."""

    def __init__(
        self,
        body: Callable[..., Any],
        shapes: str,
        *,
        work: str,
        nan: NanRule,
        samples: Samples,
        options: Mapping[str, Check],
        tolerance: Mapping[str, tuple[float, float]],
        prepare: Callable[..., tuple[Any, ...]] | None,
        returns: Callable[..., Any] | None,
        agrees: Agreement | None,
    ) -> None:
        self.body = body
        self.name = body.__name__
        self.family = body.__module__.rpartition(".")[2]
        self.shapes: Shapes = parse(shapes)
        self.work = work
        self.nan: NanRule = nan
        self.samples = samples
        self.options = dict(options)
        self.tolerance = tolerance
        self.prepare = prepare
        self.returns = returns
        self.agrees = agrees
        self._read_signature()
        self._work = compile(work, f"<work of {self.name}>", "eval")
        self.reference_kernel = Kernel(self.name, self.run_reference, tuple(TOLERANCE), "bitwise", False, 0, None)
        self.function = generate(self)

    def __repr__(self) -> str:
        return f"<operation {self.name}: {self.shapes.text}>"

    def _read_signature(self) -> None:
        code = self.body.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if names[-1:] != ("backend",) or code.co_kwonlyargcount == 0:
            raise DeclarationError(f"{self.name}: its last parameter must be `*, backend=None`")
        self.parameters = names[:-1]
        self.positional = code.co_argcount
        positional_defaults = self.body.__defaults__ or ()
        self.defaults: dict[str, Any] = dict(
            zip(names[self.positional - len(positional_defaults) : self.positional], positional_defaults, strict=True)
        )
        self.defaults.update({k: v for k, v in (self.body.__kwdefaults__ or {}).items() if k != "backend"})
        self.array_names = self.parameters[: len(self.shapes.inputs)]
        self.option_names = self.parameters[len(self.shapes.inputs) :]
        if set(self.option_names) != set(self.options):
            raise DeclarationError(f"{self.name}: options= must name exactly {self.option_names}")

    # What a call goes through when the hot path does not know it.

    def dispatch(self, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """Canonicalise, validate, select, remember, run."""
        policy = current_policy()
        plans = policy.plans
        values, dims = self.canonical(arguments)
        bits = self.amount(dims, values).bit_length()
        key = plan_key(self, values, backend, bits)
        call = plans.get(key)
        if call is None:
            call = self._resolve(policy, values, dims, backend)
            if len(plans) >= _MAX_PLANS:
                plans.clear()
            plans[key] = call
        try:
            return self._run(call, values)
        except Exception as error:
            return self._retry(error, values, dims, backend)

    def recover(self, error: Exception, arguments: tuple[Any, ...], backend: str | None) -> Any:
        """What the hot path does with an exception of a kernel; its arguments are canonical already."""
        values, dims = self.canonical(arguments)
        return self._retry(error, values, dims, backend)

    def canonical(self, arguments: tuple[Any, ...]) -> tuple[list[Any], dict[str, int]]:
        """Canonical arrays followed by checked options, and the size of every dimension."""
        count = len(self.array_names)
        arrays = canonicalise(self.name, self.array_names, self.shapes.inputs, arguments[:count])
        dims = measure(self.name, self.shapes, self.array_names, arrays)
        options = [
            self.options[name](self.name, name, value)
            for name, value in zip(self.option_names, arguments[count:], strict=True)
        ]
        return [*arrays, *options], dims

    def amount(self, dims: Mapping[str, int], values: list[Any]) -> int:
        """Units of work of a call."""
        return eval(self._work, {}, {**dict(zip(self.parameters, values, strict=True)), **dims})

    def request(self, policy: Policy, values: list[Any], dims: Mapping[str, int], backend: str | None) -> Request:
        """What selection needs to know of a call."""
        arrays = [value for value in values[: len(self.array_names)] if value is not None]
        return Request(
            self,
            kind_of(arrays[0]),
            str(arrays[0].dtype),
            selection.representative(self.amount(dims, values).bit_length()),
            sum(array.size for array in arrays) + self._result_size(dims, values),
            dict(zip(self.option_names, values[len(self.array_names) :], strict=True)),
            wishes(policy, self.name),
            backend,
        )

    def _result_size(self, dims: Mapping[str, int], values: list[Any]) -> int:
        known = {**dict(zip(self.parameters, values, strict=True)), **dims}
        return sum(int(np.prod([eval(dim, {}, known) for dim in spec.dims])) for spec in self.shapes.outputs)

    def _resolve(self, policy: Policy, values: list[Any], dims: Mapping[str, int], backend: str | None) -> Any:
        request = self.request(policy, values, dims, backend)
        plan = selection.select(request)
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
                return self._run(plan.call, values)
            except Exception as next_error:
                error = next_error
        error.add_note(f"raised by backend {plan.backend!r} in acm_dispatch operation {self.name!r}")
        raise error

    # What the public function offers besides being called.

    def bind(self, *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], str | None]:
        """Arguments in declared order and the backend keyword, as the wrapper's own signature understands them."""
        backend = kwargs.pop("backend", None)
        if len(args) > self.positional or kwargs.keys() - set(self.parameters):
            raise TypeError(f"{self.name}() takes {', '.join(self.parameters)} and backend")
        bound = {**self.defaults, **dict(zip(self.parameters, args, strict=False)), **kwargs}
        if missing := [name for name in self.parameters if name not in bound]:
            raise TypeError(f"{self.name}() misses {', '.join(missing)}")
        return tuple(bound[name] for name in self.parameters), backend

    def reference(self, *args: Any, **kwargs: Any) -> Any:
        """The operation's meaning: the NumPy body, whatever the policy says."""
        values, _ = self.canonical(self.bind(*args, **kwargs)[0])
        call = self.run_reference
        if self.nan == "forbid":
            call = selection.finite_first(call, self)
        return self._run(call, values)

    def run_reference(self, *arguments: Any) -> Any:
        """The body on canonical arguments: computed in float64, given back in the input's dtype."""
        dtype = next((value.dtype for value in arguments if _is_real(value)), np.dtype(np.float64))
        with np.errstate(all="ignore"):
            if dtype == np.float64:
                return self._call_body(arguments)
            result = self._call_body(tuple(v.astype(np.float64) if _is_real(v) else v for v in arguments))
            if isinstance(result, tuple):
                return tuple(_narrowed(value, dtype) for value in cast("tuple[Any, ...]", result))
            return _narrowed(result, dtype)

    def _call_body(self, arguments: tuple[Any, ...]) -> Any:
        keywords = zip(self.parameters[self.positional :], arguments[self.positional :], strict=True)
        return self.body(*arguments[: self.positional], **dict(keywords))

    def plan(self, *args: Any, **kwargs: Any) -> Plan:
        """The resolved call for arguments like these: a callable that takes canonical arguments without any check."""
        arguments, backend = self.bind(*args, **kwargs)
        values, dims = self.canonical(arguments)
        return selection.select(self.request(current_policy(), values, dims, backend))

    def kernels(self) -> dict[str, Kernel]:
        """The kernels of every usable backend, by the backend's name."""
        found = {name: registry.kernel_of(backend, self.name) for name, backend in registry.backends().items()}
        return {name: kernel for name, kernel in found.items() if isinstance(kernel, Kernel)}

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """Every backend's verdict on a call with these arguments, before running it."""
        arguments, backend = self.bind(*args, **kwargs)
        values, dims = self.canonical(arguments)
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


def _is_real(value: Any) -> bool:
    return getattr(value, "dtype", np.dtype(bool)).kind == "f" and value.ndim > 0


def _narrowed(value: Any, dtype: np.dtype[Any]) -> Any:
    return value.astype(dtype) if value.dtype == np.float64 else value


def operation(
    shapes: str,
    *,
    work: str,
    nan: NanRule,
    samples: Samples,
    options: Mapping[str, Check] = MappingProxyType({}),
    tolerance: Mapping[str, tuple[float, float]] = TOLERANCE,
    prepare: Callable[..., tuple[Any, ...]] | None = None,
    returns: Callable[..., Any] | None = None,
    agrees: Agreement | None = None,
) -> Callable[[Callable[P, R]], OperationFunction[P, R]]:
    """Declare an operation; the decorated body is its reference.

    Parameters
    ----------
    shapes : str
        What it takes and gives, in the language of `acm_dispatch.shapes`; inputs are the body's first parameters.
    work : str
        Integer expression over dimensions and options; proportional to the time a call takes, 0 if and only if there
        is nothing to compute.
    nan : {"propagate", "skip", "replace", "forbid"}
        What NaN in the input does.
    samples : Samples
        Arguments to try it on.
    options : mapping
        A check for each parameter that is no array.
    tolerance : mapping
        dtype name -> (relative, absolute) tolerance against the reference.
    prepare : callable, optional
        Runs on the canonical arguments of every call and gives what the kernels and the body take: for checks and
        encodings that depend on the data.
    returns : callable, optional
        Makes the public result of the tuple that kernels return.
    agrees : callable ``(actual, expected, rtol, atol)``, optional
        Asserts that two results mean the same, where that is not equality within the tolerance (signs of singular
        vectors, say).
    """

    def declare(body: Callable[P, R]) -> OperationFunction[P, R]:
        declared = Operation(
            body,
            shapes,
            work=work,
            nan=nan,
            samples=samples,
            options=options,
            tolerance=tolerance,
            prepare=prepare,
            returns=returns,
            agrees=agrees,
        )
        if declared.name in registry.operations:
            raise DeclarationError(f"an operation named {declared.name!r} is already declared")
        registry.operations[declared.name] = declared
        numpy_backend.add(declared.reference_kernel)
        function: Any = declared.function
        function.operation = declared
        function.contract = Contract(shapes, work, tolerance, nan)
        function.reference = declared.reference
        function.explain = declared.explain
        function.plan = declared.plan
        function.kernels = declared.kernels
        return cast("OperationFunction[P, R]", function)

    return declare


def explain(operation: str | OperationFunction[..., Any], *args: Any, **kwargs: Any) -> Explanation:
    """Which backend would run ``operation(*args, **kwargs)`` here and now, and why the others would not."""
    return registry.find_operation(operation).explain(*args, **kwargs)
