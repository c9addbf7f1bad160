"""``acm-dispatch bench``: one call on several backends, timed in turns on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from ..backends.threads import usable_cores
from ..errors import ConfigurationError
from ..execution.dispatch import Operation
from ..tuning.candidates import usable_backends
from ..tuning.comparison import Asked, Standing, compared
from .explain import option_of
from .options import named_operation, shape


def bench_table(
    name: str,
    shapes: Sequence[str],
    dtype: str,
    options: Sequence[str],
    backends: Sequence[str],
    threads: int | None,
    seconds: float,
) -> Table:
    """The table of standings.

    Raises
    ------
    ConfigurationError
        If the operation, a shape, the dtype, an option or a backend is not understood.
    """
    operation = named_operation(name)
    if dtype not in ("float64", "float32"):
        raise ConfigurationError(f"--dtype is {dtype!r}; expected float64 or float32")
    sizes = _sizes(operation, [shape(text) for text in shapes])
    named = dict(option_of(operation.name, operation.option_names, text) for text in options)
    asked = Asked(operation, sizes, dtype, named, threads or usable_cores())
    standings = compared(asked, usable_backends(backends), seconds)
    told = ", ".join(f"{dim} = {size:,}" for dim, size in sizes.items())
    return _table(f"{operation.name} ({told}; {dtype}; threads: {asked.threads})", standings)


def _sizes(operation: Operation, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """A size for each dimension, of the shapes in the order of the arrays."""
    drawing = operation.samples.drawing
    needed = drawing.dims if drawing else tuple({d: 0 for spec in operation.shapes.inputs for d in spec.dims})
    sizes: dict[str, int] = {}
    for spec, given in zip(operation.shapes.inputs, shapes, strict=False):
        dims = needed if drawing else spec.dims
        if len(given) != len(dims):
            text, takes = "x".join(map(str, given)), " x ".join(dims)
            raise ConfigurationError(f"--shape is {text}; {operation.name} takes {takes} there")
        for dim, size in zip(dims, given, strict=True):
            if sizes.setdefault(dim, size) != size:
                raise ConfigurationError(f"--shape says that {dim} is {sizes[dim]} and {size}; expected one size")
    if missing := [dim for dim in needed if dim not in sizes]:
        raise ConfigurationError(f"{operation.name} also needs a --shape that tells {', '.join(missing)}")
    return sizes


def _table(title: str, standings: Sequence[Standing]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in ("backend", "kernel"):
        table.add_column(heading)
    for heading in ("first call (ms)", "ms", "x fastest"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for standing in standings:
        table.add_row(standing.backend, standing.kernel, *_numbers(standing))
    return table


def _numbers(standing: Standing) -> tuple[str, ...]:
    if standing.problem:
        return "", "", "", standing.problem
    low, middle, high = standing.ratio
    ratio = f"{middle:.2f} [{low:.2f}-{high:.2f}]"
    times = f"{standing.first_seconds * 1e3:.2f}", f"{standing.seconds * 1e3:.3f}"
    return *times, ratio, "chosen unasked" if standing.chosen else ""
