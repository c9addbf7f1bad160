"""The decorator that makes an operation of a NumPy body, and the function that users get of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from ..backends import registry
from ..backends.backend import Kernel
from ..backends.numpy import numpy_backend, reference_kernel
from ..contract.declaration import RELAXED, TOLERANCE, Agreement, Contract, NanRule
from ..contract.options import Check
from ..contract.parts import DeclaredParts
from ..contract.samples import Samples
from ..errors import DeclarationError
from .binding import Plan
from .dispatch import ComposedExplanation, Explanation, Operation, find

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class OperationFunction(Protocol[P, R]):
    """A public operation: call it like the plain function it looks like."""

    __name__: str
    operation: Operation
    contract: Contract
    explain: Callable[P, Explanation]
    plan: Callable[P, Plan]
    kernels: Callable[[], dict[str, tuple[Kernel, ...]]]

    @property
    def reference(self) -> Callable[P, R]: ...
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...


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
    widens: bool = False,
    homogeneous: str = "",
    relaxed: Mapping[str, tuple[float, float]] = RELAXED,
    remembers: Callable[..., Any] | None = None,
    parts: DeclaredParts = None,
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
        vectors, say). With a fifth parameter it is given the arguments of the call, too, by their names.
    widens : bool
        Results are float64 whatever the input: for intermediate sums that float32 could not hold.
    homogeneous : str, optional
        How results follow a common factor of their inputs: ``"x, y -> 1"`` says that `x` and `y` times c make the
        result c times what it was, ``"x -> 2, 0"`` that the first result is in squared units of `x` and the second in
        none (see `acm_dispatch.scaling`). The conformance kit holds every kernel to it, by factors of 2**k over the
        whole range in which inputs and results are normal numbers of their dtype.
    relaxed : mapping
        The tolerance of kernels that say ``accuracy="relaxed"``, which run only under a policy that asks for them.
    remembers : callable ``(result, first argument)``, optional
        Gives the result with what it is to know of the first argument apart from its numbers: the names of a frame's
        columns.
    parts : Parts, or callable ``(arguments) -> Parts``, optional
        How the results of parts of the rows combine (see `acm_dispatch.contract.parts`): what engines for data larger
        than memory, or on several machines, follow. A function is given the arguments that have no rows.

    Returns
    -------
    callable
        Makes an operation of a body whose parameters are the arrays, the options, and ``*, backend=None``.

    Raises
    ------
    DeclarationError
        If the declaration contradicts itself or the body, or the name is taken.
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
            widens=widens,
            homogeneous=homogeneous,
            relaxed=relaxed,
            remembers=remembers,
            parts=parts,
        )
        _publish(declared)
        return cast("OperationFunction[P, R]", declared.function)

    return declare


def _publish(declared: Operation) -> None:
    """Enter it in the registry, its body as NumPy's kernel, and give its function the attributes that users see."""
    known = registry.operations.get(declared.name)
    if known is not None and _place(known.body) != _place(declared.body):  # the same: a cell run twice, a reload
        raise DeclarationError(f"an operation named {declared.name!r} is already declared in {known.body.__module__}")
    registry.operations[declared.name] = declared
    numpy_backend.add(reference_kernel(declared))
    registry.changed()
    function: Any = declared.function
    function.operation = declared
    function.contract = Contract(
        declared.shapes.text, declared.work, declared.tolerance, declared.nan, declared.relaxed
    )
    function.reference = declared.reference
    function.explain = declared.explain
    function.plan = declared.plan
    function.kernels = declared.kernels


def _place(body: Callable[..., Any]) -> tuple[str, str]:
    return body.__module__, body.__qualname__


@overload
def explain(operation: str, *args: Any, **kwargs: Any) -> Explanation | ComposedExplanation: ...
@overload
def explain(operation: OperationFunction[P, Any], *args: P.args, **kwargs: P.kwargs) -> Explanation: ...
@overload
def explain(operation: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Explanation | ComposedExplanation: ...
def explain(operation: Any, *args: Any, **kwargs: Any) -> Explanation | ComposedExplanation:
    """Which backend would run ``operation(*args, **kwargs)`` here and now, and why the others would not.

    Parameters
    ----------
    operation : operation or str
        The function, or its name.
    *args, **kwargs
        As in a call of it.

    Returns
    -------
    Explanation
        Its text names every backend with its verdict; `chosen`, `decided_by` and `verdicts` are its parts. Of what is
        made of several operations (`kmeans`) each is explained, and these are by the operation's name.

    Raises
    ------
    OperationNotFoundError
        If there is none of that name.
    InvalidInput
        If their shapes or types break its contract; what values break is for the call to say.

    Examples
    --------
    >>> import numpy as np, acm_dispatch
    >>> acm_dispatch.explain("zscore", np.ones((9, 2)), backend="numpy").chosen
    'numpy'
    """
    composed = registry.find_composition(operation)
    if composed is not None:
        return cast("Any", composed.function).explain(*args, **kwargs)
    return find(operation).explain(*args, **kwargs)
