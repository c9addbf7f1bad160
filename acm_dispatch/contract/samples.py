"""Arguments to try an operation on: a typical draw of any size, every trap of its contract, every mistake.

They feed the conformance kit, the benchmarks and tuning, so that a trap is written down once and met everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import DeclarationError
from . import authoring
from .patterns import Patterns

if TYPE_CHECKING:
    import numpy as np

    Drawn = Callable[[Patterns], Mapping[str, Any]]
    Draw = Callable[[np.random.Generator], Mapping[str, Any]]
    TypicalDraw = Callable[[np.random.Generator, int], Mapping[str, Any]]


#: Powers of ten by which a sample is scaled: near the ends of float64 and float32, and where their squares and fourth
#: powers have theirs.
_EXPONENTS = (-303, -200, -156, -78, -35, -20, -10, 9, 18, 35, 76, 153, 200, 303)


class Mistake(NamedTuple):
    """A call that must be refused on every backend with `InvalidInput` naming `argument`."""

    argument: str
    draw: Draw


class Drawing(NamedTuple):
    """How arguments of any size are drawn: the dimensions to choose sizes for, and what makes arrays of them."""

    dims: tuple[str, ...]
    function: Callable[[Patterns], Mapping[str, Any]]


class Samples:
    """The samples of one operation, or of several that take the same arguments.

    Parameters
    ----------
    typical : callable ``(rng, n) -> dict``
        Ordinary arguments with n rows: what benchmarks and tuning measure.
    *others : Samples
        Whose cases and mistakes hold here as well.

    Attributes
    ----------
    effort : int
        By how much random draws are to be smaller than others, where the reference is a slow one (a loop over pairs of
        columns, say): 1 unless set.
    """

    def __init__(self, typical: TypicalDraw, *others: Samples) -> None:
        authoring.a_function("samples: the typical draw", typical, arguments=2)
        for other in others:
            authoring.a_type("samples: what they build on", other, Samples, "Samples")
        self.typical = typical
        self.cases: dict[str, Draw] = {}
        self.mistakes: dict[str, Mistake] = {}
        self.drawing: Drawing | None = None
        self.effort = max([1, *(other.effort for other in others)])
        for other in others:
            self.cases.update(other.cases)
            self.mistakes.update(other.mistakes)

    def case(self, draw: Draw) -> Draw:
        """Decorator: a named trap; the function's name is the sample's."""
        self._require_new(draw)
        self.cases[draw.__name__] = draw
        return draw

    def drawn(self, dims: str) -> Callable[[Drawn], Drawn]:
        """Decorator: makes arguments of any size, for the kit's random draws, where shapes alone do not say how.

        The function takes `acm_dispatch.patterns.Patterns`, which have arrays of numbers of every kind and the sizes
        of `dims` (names, separated by spaces); options that it leaves out are drawn by their checks.
        """

        def register(function: Drawn) -> Drawn:
            self.drawing = Drawing(tuple(dims.split()), function)
            return function

        return register

    def add_scaled(self, *arrays: str, draw: Draw | None = None) -> None:
        """Add cases `scaled_by_1e-303` to `scaled_by_1e303`, for operations that are not homogeneous.

        Parameters
        ----------
        *arrays : str
            The arguments that are scaled, together.
        draw : callable, optional
            What is scaled; by default a typical draw of 40 rows.
        """
        source = draw or self._forty_rows
        for exponent in _EXPONENTS:
            self.cases[f"scaled_by_1e{exponent}"] = partial(_scaled, source, arrays, 10.0**exponent)

    def mistake(self, argument: str) -> Callable[[Draw], Draw]:
        """Decorator: a named call that is refused, blaming `argument`."""
        authoring.a_type("samples: a mistake's argument", argument, str, 'a name, as in @samples.mistake("x")')

        def register(draw: Draw) -> Draw:
            self._require_new(draw)
            self.mistakes[draw.__name__] = Mistake(argument, draw)
            return draw

        return register

    def _forty_rows(self, rng: np.random.Generator) -> Mapping[str, Any]:
        return self.typical(rng, 40)

    def _require_new(self, draw: Draw) -> None:
        authoring.a_function("samples: a case", draw, arguments=1)
        authoring.a_type("samples: the name of a case", getattr(draw, "__name__", None), str, "a function with a name")
        if draw.__name__ in self.cases or draw.__name__ in self.mistakes:
            raise DeclarationError(f"two samples are called {draw.__name__!r}")


def _scaled(draw: Draw, arrays: tuple[str, ...], factor: float, rng: np.random.Generator) -> Mapping[str, Any]:
    arguments = draw(rng)
    return {name: value * factor if name in arrays else value for name, value in arguments.items()}
