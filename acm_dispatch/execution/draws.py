"""Arguments drawn at random, from a description that can be written down, made smaller, and drawn again.

A draw is a seed, the size of each dimension, the kind of numbers, and the options. The conformance kit draws them for
every operation from its declaration; what a declaration cannot say (that integers are the rows of a CSR matrix) is said
by `Samples.drawn`. A draw that fails is printed as a call of `redraw`, which stands as a sample where it is pasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ..backends import registry
from ..contract.declaration import Composition, Declaration
from ..contract.patterns import Patterns


class Draw(NamedTuple):
    """What arguments are drawn from.

    Attributes
    ----------
    seed : int
    dims : mapping of str to int
        The size of each dimension that the shapes name.
    values : str
        The kind of numbers: words of `acm_dispatch.contract.patterns`.
    options : mapping
        The arguments that are no arrays.
    without : tuple of str
        The optional arrays that are left out.
    """

    seed: int
    dims: Mapping[str, int]
    values: str = "normal"
    options: Mapping[str, Any] = MappingProxyType({})
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts: list[Any] = [self.seed, dict(self.dims), self.values, dict(self.options), self.without]
        while len(parts) > 2 and parts[-1] in ({}, (), "normal"):
            parts.pop()
        return ", ".join(map(repr, parts))


def redraw(
    operation: str,
    seed: int,
    dims: Mapping[str, int],
    values: str = "normal",
    options: Mapping[str, Any] = MappingProxyType({}),
    without: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The arguments of `operation`, or of a composition, that the `Draw` of these parts stands for."""
    subject = registry.operations.get(operation) or registry.compositions[operation]
    return arguments_of(subject, Draw(seed, dims, values, options, without))


def arguments_of(subject: Declaration | Composition, draw: Draw) -> dict[str, Any]:
    """The arguments that `draw` stands for."""
    drawing = subject.samples.drawing
    source = Patterns(draw.seed, draw.dims, draw.values)
    if drawing is not None:
        arguments = {**drawing.function(source), **draw.options}
    elif isinstance(subject, Declaration):
        arguments = {**_by_shapes(subject, source), **draw.options}
    else:
        arguments = dict(subject.samples.typical(source.rng, draw.dims["n"]))
    return {name: value for name, value in arguments.items() if name not in draw.without}


def _by_shapes(operation: Declaration, drawn: Patterns) -> dict[str, Any]:
    """Arrays as the shapes have them; only where NaN spreads as in arithmetic may it be in others than the first."""
    arguments: dict[str, Any] = {}
    of_data = True
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        shape = [drawn.dims[dim] for dim in spec.dims]
        if spec.integer:
            arguments[name] = drawn.whole(*shape, below=drawn.few())
        else:
            arguments[name] = drawn.real(*shape) if of_data else drawn.finite(*shape)
            of_data = operation.nan == "propagate"
    return arguments
