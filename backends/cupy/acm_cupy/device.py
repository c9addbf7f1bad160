"""The device: whether there is one that CuPy can use, copies to and from it, and what to do when its memory is full."""

from collections.abc import Callable
from functools import cache, wraps
from typing import Any


@cache
def unavailable() -> str | None:
    """Why CuPy cannot run here, or None."""
    try:
        import cupy
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name == "cupy":
            return 'CuPy is not installed: `pip install "acm-dispatch-cupy[cuda13]"` (or [cuda12], as the driver needs)'
        return f"CuPy does not import: {_first_line(error)}"
    try:
        return _no_driver(cupy) or _no_device(cupy) or _no_kernel(cupy)
    except Exception as error:
        return f"CUDA does not start: {_first_line(error)}"


def _no_driver(cupy: Any) -> str | None:
    return None if cupy.cuda.runtime.driverGetVersion() else "no NVIDIA driver"


def _no_device(cupy: Any) -> str | None:
    runtime = cupy.cuda.runtime
    try:
        count = runtime.getDeviceCount()
    except runtime.CUDARuntimeError as error:
        if error.status == runtime.cudaErrorNoDevice:
            return "no CUDA device"
        if error.status == runtime.cudaErrorInsufficientDriver:
            return f"the NVIDIA driver is too old for this CuPy: {_first_line(error)}"
        raise
    return None if count else "no CUDA device"


def _no_kernel(cupy: Any) -> str | None:
    """Compilers, headers and libraries are loaded late: only a kernel that runs shows that they are there."""
    try:
        assert cupy.sort(cupy.zeros(2) + 1).sum().item() == 2.0
    except Exception as error:
        return f"a CUDA device answers, but runs no kernel: {_first_line(error)}"
    return None


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0].strip()


def retrying(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`; where the device's memory is full, once more after CuPy gave back what it kept for later.

    If that fails as well, CuPy's `OutOfMemoryError`, a `MemoryError`, goes on to the caller.
    """

    @wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except MemoryError:
            pass  # and not here: while the error is handled, it keeps the arrays of the failed call alive
        import cupy

        cupy.get_default_memory_pool().free_all_blocks()
        return function(*arguments)

    return call


@retrying
def to_device(array: Any) -> Any:
    """A copy of a NumPy array on the current device."""
    import cupy

    return cupy.asarray(array)


def to_host(array: Any) -> Any:
    """A copy of a CuPy array in NumPy."""
    import cupy

    return cupy.asnumpy(array)
