"""What a dispatched call costs beyond its kernel: a trivial kernel called plainly, by singledispatch, and by us.

Runs in a process of its own, because it declares operations.
"""

from __future__ import annotations

import functools
import json
import random
import statistics
import sys
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

import acm_dispatch

#: At most this much for a call through the dispatcher, its trivial kernel included.
NEED_MICROSECONDS = 0.5

_CALLS = 20_000


def _operations() -> list[Callable[..., Any]]:
    """An operation of one array and one of two, whose kernels give back what they got."""

    def draw_one(rng: np.random.Generator, n: int) -> dict[str, Any]:
        return {"x": rng.normal(size=(n, 4))}

    def draw_two(rng: np.random.Generator, n: int) -> dict[str, Any]:
        return {"x": rng.normal(size=(n, 4)), "y": rng.normal(size=(n, 4))}

    @acm_dispatch.operation("n d -> n d", work="n * d", nan="propagate", samples=acm_dispatch.Samples(draw_one))
    def trivial_of_one(x: Any, *, backend: str | None = None) -> Any:
        return x

    @acm_dispatch.operation(
        "n d, m d -> n d", work="n * m * d", nan="propagate", samples=acm_dispatch.Samples(draw_two)
    )
    def trivial_of_two(x: Any, y: Any, *, backend: str | None = None) -> Any:
        return x

    backend = acm_dispatch.Backend("trivial")
    backend.kernel("trivial_of_one")(_one)
    backend.kernel("trivial_of_two")(_two)
    acm_dispatch.register_backend(backend)
    return [trivial_of_one, trivial_of_two]


def _one(x: Any) -> Any:
    return x


def _two(x: Any, y: Any) -> Any:
    return x


def _by_type(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """`kernel` behind functools.singledispatch."""

    def refuse(*arguments: Any) -> Any:
        raise TypeError(f"no kernel for {type(arguments[0]).__name__}")

    dispatching = functools.singledispatch(refuse)
    dispatching.register(np.ndarray, kernel)
    return dispatching


def _time(function: Callable[..., Any], arrays: tuple[Any, ...]) -> float:
    """Microseconds a call."""
    names = [f"a{i}" for i in range(len(arrays))]
    variables = {"f": function, **dict(zip(names, arrays, strict=True))}
    return timeit.timeit(f"f({', '.join(names)})", globals=variables, number=_CALLS) / _CALLS * 1e6


def _time_inside_use(function: Callable[..., Any], arrays: tuple[Any, ...]) -> float:
    with acm_dispatch.use("trivial"):
        function(*arrays)
        return _time(function, arrays)


def measure(rounds: int) -> list[dict[str, Any]]:
    """One row for each number of arrays: median microseconds, and median ratios to the plain call of the same round."""
    rows = []
    for operation, kernel, count in zip(_operations(), (_one, _two), (1, 2), strict=True):
        arrays = tuple(np.ones((8, 4)) for _ in range(count))
        ways = {
            "plain call": functools.partial(_time, kernel, arrays),
            "singledispatch": functools.partial(_time, _by_type(kernel), arrays),
            "acm_dispatch": functools.partial(_time, operation, arrays),
            "acm_dispatch inside use()": functools.partial(_time_inside_use, operation, arrays),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        order = random.Random(0)
        for _ in range(rounds):
            for name in order.sample(list(ways), len(ways)):
                times[name].append(ways[name]())
        rows.append({"arrays": count, "ways": {name: _summary(values, times) for name, values in times.items()}})
    return rows


def _summary(values: list[float], times: dict[str, list[float]]) -> dict[str, float]:
    ratios = [value / plain for value, plain in zip(values, times["plain call"], strict=True)]
    return {"microseconds": statistics.median(values), "plain_calls": statistics.median(ratios)}


if __name__ == "__main__":
    print(json.dumps({"rows": measure(int(sys.argv[1]))}))
