"""Calls of every operation of a backend where memory runs out.

`faults` makes each allocation of each call fail, one after the other (under `faults.c`, preloaded); `limits` makes
calls with a random rest of the address space.

Each call must give its result or raise `MemoryError`, and the next call must be right. Standard error names each call
before it is made: the last one is where a process died.
"""

from __future__ import annotations

import argparse
import ctypes
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.errors import BackendError, InvalidInput
from acm_dispatch.execution.dispatch import Operation
from acm_dispatch.testing.checks import as_tuple

#: Rows of an ordinary draw, rows of one that no kernel gets through in one tile, and the length that a dimension is
#: drawn out to: what is sized by it is larger than what the extension keeps in reserve for small things.
SMALL, LARGE, LONG = 50, 20_000, 700

#: Numbers of a draw that takes long, allocation after allocation.
MANY = 5_000

#: The library whose allocations are made to fail.
LIBRARY = b"_core.abi3.so"

Call = Callable[[], tuple[Any, ...]]


def drawn_out(operation: Operation, arguments: dict[str, Any], dim: str) -> dict[str, Any]:
    """The arguments with `dim` LONG, by repetition."""
    longer = dict(arguments)
    for name, spec in zip(operation.array_names, operation.shapes.inputs, strict=True):
        if longer.get(name) is not None and dim in spec.dims:
            axis = spec.dims.index(dim)
            if longer[name].shape[axis] == 0:
                continue
            longer[name] = np.take(longer[name], np.arange(LONG) % longer[name].shape[axis], axis)
    return longer


def kind(arguments: dict[str, Any]) -> tuple[Any, ...]:
    """What decides a kernel's way through a call, but for sizes: options that are names, and whether there are gaps."""
    arrays = [value for value in arguments.values() if isinstance(value, np.ndarray)]
    names = sorted((name, value) for name, value in arguments.items() if isinstance(value, str))
    return names, sorted(arguments), [bool(np.isfinite(array).all()) for array in arrays]


def arguments_of(subject: Any, thorough: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """A draw of each kind, with each dimension drawn out; if `thorough` every trap and a large draw as well."""
    draws = {"typical": lambda rng, draw=subject.samples.typical: draw(rng, SMALL)}
    draws.update((name, draw) for name, draw in subject.samples.cases.items() if not name.startswith("scaled_by"))
    kinds = []
    for name, draw in draws.items():
        arguments = dict(draw(np.random.default_rng(0)))
        if not thorough and sum(getattr(value, "size", 0) for value in arguments.values()) > MANY:
            continue
        if thorough or kind(arguments) not in kinds:
            yield name, arguments
        if kind(arguments) in kinds or not isinstance(subject, Operation):
            continue
        kinds.append(kind(arguments))
        for dim in dict.fromkeys(dim for spec in subject.shapes.inputs for dim in spec.dims):
            yield f"{name}_long_{dim}", drawn_out(subject, arguments, dim)
    if thorough:
        yield "large", dict(subject.samples.typical(np.random.default_rng(0), LARGE))


def calls(request: argparse.Namespace) -> Iterator[tuple[str, Call, tuple[Any, ...]]]:
    """Each call that the backend takes: its name, itself, its result."""
    known = {**registry.operations, **registry.compositions}
    for name in request.only or sorted(known):
        subject = known[name]
        for sample, arguments in arguments_of(subject, request.thorough):

            def call(function: Any = subject.function, arguments: dict[str, Any] = arguments) -> tuple[Any, ...]:
                return as_tuple(function(**arguments, backend=request.backend))

            try:
                yield f"{name}[{sample}]", call, call()
            except (BackendError, InvalidInput):
                continue


def same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether both are the same to the last bit."""
    return all(np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True) for a, b in zip(one, other, strict=True))


def attempt(call: Call) -> tuple[Any, ...] | None:
    """The result, or None where memory was short."""
    try:
        return call()
    except MemoryError:
        return None


def check(name: str, call: Call, found: tuple[Any, ...] | None, wanted: tuple[Any, ...]) -> None:
    """A result must be right, and so must be that of the call after."""
    assert found is None or same(found, wanted), f"{name}: another result"
    assert same(call(), wanted), f"{name}: another result in the call after"


def faults(request: argparse.Namespace) -> tuple[int, int]:
    """Make each allocation of each call fail, one after the other."""
    library = ctypes.CDLL(None)
    count = refused = 0
    for name, call, wanted in calls(request):
        which = 0
        while True:
            # Late allocations are mostly those of one loop.
            which += 1 if request.thorough else 1 + which // 8
            print(name, which, file=sys.stderr)
            loaded = library.faults_begin(LIBRARY, ctypes.c_long(which), ctypes.c_size_t(request.least))
            assert loaded, f"no {LIBRARY!r} in this process"
            try:
                found = attempt(call)
            finally:
                seen = library.faults_end()
            check(name, call, found, wanted)
            if seen < which:
                break
            count, refused = count + 1, refused + (found is None)
    return count, refused


def room() -> int:
    """Bytes of the address space in use."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limits(request: argparse.Namespace) -> tuple[int, int]:
    """Call with a random rest of the address space, from a page to more than the call may need."""
    rng = np.random.default_rng(request.seed)
    known = list(calls(request))
    known += 3 * [entry for entry in known if "[large]" in entry[0] or "_long_" in entry[0]]
    refused = 0
    for _ in range(request.calls):
        name, call, wanted = known[rng.integers(len(known))]
        left = int(np.exp(rng.uniform(np.log(2**12), np.log(2**20 + 8 * sum(np.asarray(a).nbytes for a in wanted)))))
        print(name, left, file=sys.stderr)
        ceiling = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (room() + left, ceiling))
        try:
            found = attempt(call)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
        check(name, call, found, wanted)
        refused += found is None
    return request.calls, refused


def main(request: argparse.Namespace) -> None:
    """Make the calls, and say how many were tried and how many found no memory."""
    with np.errstate(all="ignore"), acm_dispatch.use(threads=2):
        tried, refused = {"faults": faults, "limits": limits}[request.what](request)
    print(f"{tried} tried, {refused} refused")


def request() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["faults", "limits"])
    parser.add_argument("backend")
    parser.add_argument("--only", nargs="*", help="these operations")
    parser.add_argument("--thorough", action="store_true", help="large draws and every trap, too")
    parser.add_argument("--least", type=int, default=0, help="bytes of an allocation that `faults` counts")
    parser.add_argument("--calls", type=int, default=100, help="of `limits`")
    parser.add_argument("--seed", type=int, default=0, help="of `limits`")
    return parser.parse_args()


if __name__ == "__main__":
    # The first thread's stack grows, and where it cannot the process ends; another thread's is there from the start.
    threading.stack_size(2**26)
    with ThreadPoolExecutor(1) as executor:
        executor.submit(main, request()).result()
