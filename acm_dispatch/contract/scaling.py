"""What scaling the inputs does to the results: ``"x, y -> 1"`` in a declaration.

`x` and `y`, both times c, make the one result c ** 1 times what it was; ``"x -> 2, 0"`` has a result in squared units
of `x` and one without unit. Several such rules are separated by semicolons (``"a -> 1; b -> 1"``), and a part of a
model is named with a dot (``"x, model.mean -> 2, 2"``).

``"a -> 1 while sums fit"`` holds as long as sums of the terms' magnitudes, which the operation gives for the magnitudes
of its inputs, are numbers of the dtype; where terms cancel, the result itself may be one when such sums are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..errors import DeclarationError

_CONDITION = " while sums fit"


class Scaling(NamedTuple):
    """Arguments that are scaled together, and to which power each result follows them."""

    arguments: tuple[str, ...]
    degrees: tuple[int, ...]
    while_sums_fit: bool = False


def parse_scalings(
    operation: str, text: str, real: Callable[[str], bool], results: int | None = None
) -> tuple[Scaling, ...]:
    """The rules that `text` states, none where it is empty.

    Parameters
    ----------
    operation : str
        Named in the error.
    text : str
    real : callable
        Whether a name is that of an argument of real numbers.
    results : int, optional
        How many degrees there have to be; any number by default.

    Raises
    ------
    DeclarationError
        If it is no such text, or does not fit the operation.
    """
    return tuple(_parse(operation, rule, real, results) for rule in text.split(";")) if text else ()


def _parse(operation: str, rule: str, real: Callable[[str], bool], results: int | None) -> Scaling:
    left, arrow, right = rule.strip().partition("->")
    while_sums_fit = right.endswith(_CONDITION)
    right = right.removesuffix(_CONDITION)
    arguments = tuple(part.strip() for part in left.split(","))
    degrees = [part.strip() for part in right.split(",")]
    start = f"{operation}: homogeneous={rule.strip()!r}"
    if not arrow or not all(degree.removeprefix("-").isdecimal() for degree in degrees):
        raise DeclarationError(f"{start}; expected 'arrays -> degree of each result', as in 'x, y -> 1'")
    if others := [name for name in arguments if not real(name.partition(".")[0])]:
        raise DeclarationError(f"{start} names {', '.join(map(repr, others))}, which is no array of real numbers")
    if results is not None and len(degrees) != results:
        raise DeclarationError(f"{start} has {len(degrees)} degrees; the shapes have {results} results")
    return Scaling(arguments, tuple(map(int, degrees)), while_sums_fit)
