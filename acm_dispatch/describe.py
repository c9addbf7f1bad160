"""`info`: an operation's contract, what a kernel is given, options, samples, and every kernel."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from textwrap import fill
from typing import Any, NamedTuple

from .backends import registry
from .backends.backend import Kernel
from .contract.declaration import Composition, Declaration
from .contract.options import Check, expectation_of
from .contract.samples import Samples
from .contract.scaling import Scaling
from .contract.shapes import ArraySpec
from .errors import DispatchWarning
from .policy import tables

#: What the words for NaN mean.
_NAN = {
    "propagate": "propagate: a result that depends on a NaN is NaN",
    "skip": "skip: NaN is left out",
    "replace": "replace: the result has none",
    "forbid": "forbid: NaN and infinity are InvalidInput",
}
#: Columns of a line, and at least so many for the name before the text.
_WIDTH, _NAME_WIDTH = 116, 14

#: A name and what there is to say of it.
_Row = tuple[str, str]


class Info(NamedTuple):
    """What an operation is, or which there are: printed, a text; in a notebook, tables.

    `sections` has rows of a name and what there is to say of it, by heading.
    """

    title: str
    sections: Mapping[str, list[tuple[str, str]]]

    def __repr__(self) -> str:
        parts = [self.title]
        for title, rows in self.sections.items():
            width = max(_NAME_WIDTH, *(len(row) for row, _ in rows))
            parts += ["", title, *(_lines(f"  {row:<{width}} ", text) for row, text in rows)]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(self.title)}</p>" + "".join(
            tables.html(title, ("", ""), rows) for title, rows in self.sections.items()
        )


def info(operation: str | Callable[..., Any] | None = None) -> Info:
    """All there is to know before writing a call or a kernel of an operation; without one, which operations there are.

    Parameters
    ----------
    operation : str or callable, optional
        An operation or a composition, or the name of one.

    Returns
    -------
    Info
        Printed, the text that ``acm-dispatch info`` shows; in a notebook, tables.

    Raises
    ------
    OperationNotFoundError
        If there is none of that name.

    Examples
    --------
    >>> import acm_dispatch
    >>> dict(acm_dispatch.info("zscore").sections["Contract"])["work"]
    'n * d'
    >>> "impute" in dict(acm_dispatch.info().sections["Operations"])
    True
    """
    registry.backends()  # whose distributions may declare it
    if operation is None:
        return _all_operations()
    composed = registry.find_composition(operation)
    if composed is not None:
        return Info(f"{composed.name}: {_summary(composed.function)}", _of_composition(composed))
    found = registry.find_operation(operation)
    return Info(f"{found.name}: {_summary(found.body)}", _of_operation(found))


def _all_operations() -> Info:
    backends = registry.backends()
    sections: dict[str, list[_Row]] = {"Operations": []}
    for name, operation in sorted(registry.operations.items()):
        able = [backend.name for backend in backends.values() if registry.has_kernel(backend, name)]
        sections["Operations"].append((name, f"{operation.shapes.text}; kernels: {', '.join(able)}"))
    if made := registry.compositions:
        sections["Made of operations"] = [(name, ", ".join(made[name].operations)) for name in sorted(made)]
    return Info(f"{len(registry.operations)} operations, {len(backends)} backends", sections)


def _lines(lead: str, text: str) -> str:
    indent = " " * len(lead)
    return fill(text, _WIDTH, initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False)


def _summary(function: Callable[..., Any]) -> str:
    """The first paragraph of its docstring."""
    return " ".join((inspect.getdoc(function) or "has no docstring").split("\n\n")[0].split())


def _of_operation(operation: Declaration) -> dict[str, list[_Row]]:
    return {
        "Contract": _contract(operation),
        "Options": [_option(operation, *item) for item in operation.options.items()]
        or [("none", "its arguments are arrays")],
        "A kernel is given, by position": _given(operation),
        "Samples": _samples(operation.samples),
        "Kernels of each backend, in the order in which it tries them": _kernels(operation.name),
    }


def _contract(operation: Declaration) -> list[_Row]:
    arrays = zip(operation.array_names, operation.shapes.inputs, strict=True)
    own = "float64" if operation.widens else "the dtype of the input"
    return [
        ("shapes", operation.shapes.text),
        *((name, _array(spec)) for name, spec in arrays),
        ("results", "; ".join(_result(spec, own) for spec in operation.shapes.outputs) + _made(operation)),
        ("tolerance", _tolerance(operation.tolerance)),
        ("relaxed", _tolerance(operation.relaxed)),
        ("NaN", _NAN[operation.nan]),
        ("homogeneous", _homogeneous(operation.homogeneous)),
        ("work", operation.work),
    ]


def _array(spec: ArraySpec) -> str:
    kind = "float64 or float32"
    if spec.integer:
        kind = "int64, int32 as it is" if spec.any_width else "int64"
    without = ", ".join(f"{dim} = {default}" for dim, default in spec.defaults)
    left_out = f"; may be left out, then None{f' and {without}' if without else ''}" if spec.optional else ""
    return f"{spec} {kind}{left_out}"


def _result(spec: ArraySpec, real: str) -> str:
    return f"{spec} {'int64' if spec.integer else real}"


def _made(operation: Declaration) -> str:
    return f"; as {_named(operation.returns)}" if operation.returns else ""


def _named(function: Callable[..., Any]) -> str:
    inner: Any = function.func if isinstance(function, partial) else function
    return getattr(inner, "__name__", type(inner).__name__).strip("_")


def _tolerance(pairs: Mapping[str, tuple[float, float]]) -> str:
    return "; ".join(f"{dtype} {rtol:g} relative, {atol:g} absolute" for dtype, (rtol, atol) in pairs.items())


def _homogeneous(rules: Iterable[Scaling]) -> str:
    texts = [f"{', '.join(rule.arguments)} -> {', '.join(map(str, rule.degrees))}" for rule in rules]
    return f"{'; '.join(texts)} (arrays times c make each result c**degree times as large)" if texts else "not declared"


def _option(operation: Declaration, name: str, check: Check) -> _Row:
    default = f"by default {operation.defaults[name]!r}" if name in operation.defaults else "required"
    return name, f"{_accepted(check)}; {default}"


def _accepted(check: Check) -> str:
    """Which values it accepts: in its own words, else in those of its docstring."""
    return expectation_of(check) or f"what `{_named(check)}` accepts: {_summary(check)}"


def _given(operation: Declaration) -> list[_Row]:
    rows = [("parameters", ", ".join(operation.parameters))]
    prepare: Any = operation.prepare
    if prepare is not None:
        inner = prepare.func if isinstance(prepare, partial) else prepare
        rows.append(("after prepare", f"`{_named(inner)}`: {_summary(inner)}"))
    return rows


def _samples(samples: Samples) -> list[_Row]:
    mistakes = [f"{name} ({mistake.argument})" for name, mistake in samples.mistakes.items()]
    return [("cases", ", ".join(["typical", *samples.cases])), ("mistakes", ", ".join(mistakes) or "none")]


def _kernels(operation: str) -> list[_Row]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DispatchWarning)  # each of them has its line here
        found = {name: registry.kernels_of(backend, operation) for name, backend in registry.backends().items()}
    missing = {name: f"is not installed: {hint}" for name, hint in registry.INSTALL.items() if name not in found}
    rows: list[_Row] = []
    for name, kernels in {**found, **missing}.items():
        rows += [(name, kernels)] if isinstance(kernels, str) else [(name, _kernel(kernel)) for kernel in kernels]
    return rows


def _kernel(kernel: Kernel) -> str:
    some = "; not of every call" if kernel.supports is not None else ""
    return f"{kernel.name} ({', '.join(kernel.dtypes)}; {kernel.accuracy}{some})"


def _of_composition(composed: Composition) -> dict[str, list[_Row]]:
    parameters = inspect.signature(composed.function).parameters.values()
    made = [(name, registry.operations[name].shapes.text) for name in composed.operations]
    return {
        "Made of, each with its own contract and kernels (`acm-dispatch info NAME`)": made,
        "Contract": [
            ("results", "what the NumPy backend gives, within the tolerances of the operations"),
            ("homogeneous", _homogeneous(composed.homogeneous)),
        ],
        "Parameters": [
            (
                parameter.name,
                "required" if parameter.default is parameter.empty else f"by default {parameter.default!r}",
            )
            for parameter in parameters
            if parameter.name != "backend"
        ],
        "Samples": _samples(composed.samples),
    }
