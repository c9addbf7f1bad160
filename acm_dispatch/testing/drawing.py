"""Which draws the kit makes of an operation: sizes about every border a kernel can have, options, kinds of numbers."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..backends import registry
from ..contract.options import BORDERS, draw_of
from ..contract.patterns import BASES, MISSING, WORDS
from ..errors import InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation
from ..execution.draws import Draw
from .cases import LAYOUTS, dims_of

Subject = Operation | Composition

#: Numbers in all arrays, and work, that a draw may take, with how often: references are slow. The largest draws are
#: compared with NumPy's fast forms, which the others have proved.
_LIMITS = ((4_000, 200_000), (40_000, 4_000_000), (300_000, 50_000_000))
_OFTEN = (0.77, 0.19, 0.04)
_LARGE = 2

#: How often arrays are of which dtype.
_DTYPES = {"float64": 0.55, "float32": 0.35, "int64": 0.07, "bool": 0.03}


class Trial(NamedTuple):
    """A draw, and in which form its arguments are handed over."""

    draw: Draw
    dtype: str = "float64"
    layout: str = "contiguous"
    #: Whether it is too much for the reference.
    large: bool = False
    #: Where in the range of scales that keep everything normal, from -1 to 1; 0 leaves the numbers as they are.
    scale: float = 0.0


def trial_of(subject: Subject, seed: int, tiles: Sequence[int] = ()) -> Trial:
    """The trial of that number; `tiles` are sizes at which the kernels of the tested backends change their ways."""
    rng = np.random.default_rng([seed, zlib.crc32(subject.name.encode())])
    size = int(rng.choice(len(_LIMITS), p=_OFTEN))
    effort = 1 if size == _LARGE else subject.samples.effort
    limits = (_LIMITS[size][0] // effort, _LIMITS[size][1] // effort)
    borders = sorted({*BORDERS, *(tile + step for tile in tiles for step in (-1, 0, 1) if tile + step > 0)})
    dims = {name: _size(rng, borders) for name in dim_names(subject)}
    while _beyond(limits, subject, dims, _usual(subject)) and max(dims.values()) > 1:
        _reduce(rng, dims, borders)
    options = _options(subject, rng, dims)
    for _ in range(6):
        if not _beyond(limits, subject, dims, options):
            break
        options = _options(subject, rng, dims)
    else:
        options = _usual(subject)
    draw = Draw(seed, dims, _values(subject, rng), options, _left_out(subject, rng))
    dtype = str(rng.choice(list(_DTYPES), p=list(_DTYPES.values())))
    layout = "contiguous" if rng.random() < 0.5 else str(rng.choice(list(LAYOUTS)))
    scaled = subject.homogeneous and dtype.startswith("float") and rng.random() < 0.2
    return Trial(draw, dtype, layout, size == _LARGE, float(rng.choice([-1, 1, rng.uniform(-1, 1)])) if scaled else 0.0)


def dim_names(subject: Subject) -> tuple[str, ...]:
    """The dimensions that a draw chooses sizes for."""
    if subject.samples.drawing is not None:
        return subject.samples.drawing.dims
    return dims_of(subject) if isinstance(subject, Operation) else ("n",)


def _size(rng: np.random.Generator, borders: Sequence[int]) -> int:
    near = rng.integers(1, 41), rng.choice(borders), int(np.exp(rng.uniform(0, np.log(5000)))), 0
    return int(near[rng.choice(4, p=[0.38, 0.42, 0.18, 0.02])])


def _reduce(rng: np.random.Generator, dims: dict[str, int], borders: Sequence[int]) -> None:
    """Make one of the dimensions smaller: any, so that matrices stay tall or wide, too."""
    name = str(rng.choice([name for name, size in dims.items() if size > 1]))
    smaller = [size for size in borders if size < dims[name]]
    dims[name] = int(rng.choice([dims[name] // 2, *smaller[-6:]]))


def _beyond(limits: tuple[int, int], subject: Subject, dims: Mapping[str, int], options: Mapping[str, Any]) -> bool:
    numbers, work = _amounts(subject, dims, options)
    return numbers > limits[0] or work > limits[1]


def _amounts(subject: Subject, dims: Mapping[str, int], options: Mapping[str, Any]) -> tuple[int, int]:
    """Numbers in all arrays, and the work of a call; by the sizes alone where the arrays are not the shapes'."""
    sizes = list(dims.values())
    if not isinstance(subject, Operation) or subject.samples.drawing is not None:
        return sum(a * b for a, b in combinations(sizes, 2)) + sum(sizes), prod(sizes)
    checked = {name: _checked(subject, name, value) for name, value in options.items()}
    values = [checked.get(name, subject.defaults.get(name)) for name in subject.parameters]
    arrays = sum(prod(dims[dim] for dim in spec.dims) for spec in subject.shapes.inputs)
    return arrays + subject.result_size(dims, values), subject.amount(dims, values)


def _checked(operation: Operation, name: str, value: Any) -> Any:
    try:
        return operation.options[name](operation.name, name, value)
    except InvalidInput:
        return value


def _usual(subject: Subject) -> dict[str, Any]:
    """The options of the typical sample, and those without a default that it may leave to the caller."""
    if not isinstance(subject, Operation):
        return {}
    typical = subject.samples.typical(np.random.default_rng(0), 2)
    return {name: typical[name] for name in subject.option_names if name in typical}


def _options(subject: Subject, rng: np.random.Generator, dims: Mapping[str, int]) -> dict[str, Any]:
    """A value of each option: mostly a drawn one, where its check says how."""
    options = _usual(subject)
    if isinstance(subject, Operation):
        for name, check in subject.options.items():
            draw = draw_of(check)
            if draw is not None and (name not in subject.defaults or rng.random() < 0.7):
                options[name] = draw(rng, dims)
    return options


def _left_out(subject: Subject, rng: np.random.Generator) -> tuple[str, ...]:
    if not isinstance(subject, Operation):
        return ()
    pairs = zip(subject.array_names, subject.shapes.inputs, strict=True)
    return tuple(name for name, spec in pairs if spec.optional and rng.random() < 0.4)


def _values(subject: Subject, rng: np.random.Generator) -> str:
    base = "normal" if rng.random() < 0.4 else str(rng.choice(list(BASES)))
    words = [word for word in WORDS if rng.random() < 0.12]
    if not may_miss(subject):
        words = [word for word in words if word not in MISSING]
    return " ".join([base, *words])


def may_miss(subject: Subject) -> bool:
    """Whether arrays may hold NaN and infinity."""
    if isinstance(subject, Operation):
        return subject.nan != "forbid"
    return all(registry.operations[name].nan != "forbid" for name in subject.operations)
