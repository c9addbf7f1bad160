"""What must hold of a result, and of the inputs after the call."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from ..backends import registry
from ..backends.backend import ACCURACIES, Accuracy
from ..contract.declaration import RELAXED, TOLERANCE
from ..errors import BackendError, InvalidInput
from ..execution.composition import Composition
from ..execution.dispatch import Operation
from ..policy.scopes import use
from .cases import Arguments, in_dtype, large_sample, sample


@cache
def expected(subject: Operation | Composition, sample_name: str, dtype: str) -> tuple[Any, ...] | InvalidInput:
    """What the reference gives for a sample, or the error it raises."""
    arguments = in_dtype(sample(subject, sample_name), dtype)
    try:
        if isinstance(subject, Operation):
            return as_tuple(subject.reference(**arguments))
        return as_tuple(subject.function(**arguments, backend="numpy"))
    except InvalidInput as error:
        return error


def run(subject: Operation | Composition, arguments: Arguments, backend: str) -> tuple[Any, ...]:
    """The results of a call on one backend; a decline, which is the backend's right, skips the test with its reason.

    Relaxed kernels run only where they are asked for, so they are.
    """
    asked = use(accuracy="relaxed") if accuracy_of(subject, backend) == "relaxed" else nullcontext()
    try:
        with asked:
            return as_tuple(subject.function(**arguments, backend=backend))
    except BackendError as error:
        pytest.skip(f"declined: {error.reasons.get(backend, error)}")


@cache
def expected_of_large(subject: Operation | Composition, dtype: str) -> tuple[Any, ...]:
    """What NumPy's fast form, itself proved on the small samples, gives for the large one."""
    return as_tuple(subject.function(**in_dtype(large_sample(subject), dtype), backend="numpy"))


def as_tuple(result: Any) -> tuple[Any, ...]:
    """One result or several, always as a tuple; a sparse matrix as its three arrays."""
    if hasattr(result, "indptr"):
        return result.data, result.indices, result.indptr
    return tuple(result) if isinstance(result, tuple) else (result,)


def assert_agrees(
    subject: Operation | Composition, sample_name: str, dtype: str, arguments: Arguments, backend: str
) -> None:
    """Run the call on a sample and compare everything the contract promises with the reference."""
    wanted = expected(subject, sample_name, dtype)
    compare = partial(assert_equivalent, dtype=dtype, accuracy=accuracy_of(subject, backend))
    assert_holds(subject, arguments, wanted, backend, compare)


def assert_holds(
    subject: Operation | Composition,
    arguments: Arguments,
    wanted: tuple[Any, ...] | InvalidInput,
    backend: str,
    compare: Callable[..., None],
) -> None:
    """Run the call: it refuses what the reference refuses, and otherwise gives new arrays that `compare` accepts."""
    before = {name: _fingerprint(value) for name, value in arguments.items()}
    try:
        results = run(subject, arguments, backend)
    except InvalidInput as error:
        assert isinstance(wanted, InvalidInput), f"refused, where the reference gives a result: {error}"
        assert (error.operation, error.argument) == (wanted.operation, wanted.argument)
        return
    assert not isinstance(wanted, InvalidInput), f"accepted, where the reference refuses: {wanted}"
    assert before == {name: _fingerprint(value) for name, value in arguments.items()}, "an input was modified"
    compare(subject, arguments, results, wanted)
    for actual in results:
        assert_fresh(actual, arguments)


def assert_equivalent(
    subject: Operation | Composition,
    arguments: Arguments,
    results: tuple[Any, ...],
    wanted: tuple[Any, ...],
    dtype: str,
    accuracy: Accuracy = "tolerance",
) -> None:
    """The results of a call mean the same, by the operation's own measure, as exactly as their kernel claims."""
    for actual, reference, free in zip(results, wanted, _free_shapes(subject, len(wanted)), strict=True):
        assert_same_kind(actual, reference, any_shape=free)
    if accuracy == "bitwise":
        assert all(map(_same_bits, results, wanted)), "the kernel claims to be bitwise equal to the reference"
    rtol, atol = tolerance_of(subject, dtype, accuracy)
    if isinstance(subject, Operation) and subject.agrees is not None:
        subject.agrees(results, wanted, rtol, atol, *([arguments] if subject.agrees_by_arguments else []))
        return
    for actual, reference in zip(results, wanted, strict=True):
        assert_close(actual, reference, rtol, atol)


def _free_shapes(subject: Operation | Composition, results: int) -> list[bool]:
    """Whether the operation leaves a result's shape to the data and to its own measure of what is equal."""
    if isinstance(subject, Operation) and subject.agrees is not None:
        return ["?" in spec.dims for spec in subject.shapes.outputs]
    return [False] * results


def accuracy_of(subject: Operation | Composition, backend: str) -> Accuracy:
    """What the backend's kernel claims; of several, as a composition has them, the least.

    The reference is not held to itself bit by bit: that would show nothing but where BLAS found its arrays.
    """
    names = subject.operations if isinstance(subject, Composition) else (subject.name,)
    found = [registry.kernels_of(registry.find_backend(backend), name) for name in names]
    own = [kernel for kernels in found if not isinstance(kernels, str) for kernel in kernels if not kernel.is_reference]
    if isinstance(subject, Operation) and own:
        return ACCURACIES[max(ACCURACIES.index(kernel.accuracy) for kernel in own)]
    return "relaxed" if any(kernel.accuracy == "relaxed" for kernel in own) else "tolerance"


def _same_bits(actual: Any, reference: Any) -> bool:
    """Equal, zeros with their signs; of NaN there is one kind."""
    ours, others = np.asarray(actual), np.asarray(reference)
    if ours.shape != others.shape:
        return False
    return bool(
        (((ours == others) & (np.signbit(ours) == np.signbit(others))) | ((ours != ours) & (others != others))).all()
    )


def tolerance_of(subject: Operation | Composition, dtype: str, accuracy: Accuracy = "tolerance") -> tuple[float, float]:
    """What results of arguments in that dtype may be off by, relatively and absolutely."""
    if accuracy == "relaxed":
        tolerances = subject.relaxed if isinstance(subject, Operation) else RELAXED
    else:
        tolerances = subject.tolerance if isinstance(subject, Operation) else TOLERANCE
    return tolerances[dtype if dtype.startswith("float") else "float64"]


def _fingerprint(value: Any) -> Any:
    return (value.tobytes(), value.strides, value.flags.num) if isinstance(value, np.ndarray) else repr(value)


def assert_same_kind(actual: Any, reference: Any, any_shape: bool = False) -> None:
    """Equal in type, dtype and shape."""
    assert type(actual) is type(reference)
    if isinstance(reference, np.ndarray):
        assert actual.dtype == reference.dtype
        assert any_shape or actual.shape == reference.shape


def assert_close(actual: Any, reference: Any, rtol: float, atol: float) -> None:
    """Integers exactly, numbers within the tolerance, NaN where NaN is."""
    if np.asarray(reference).dtype.kind == "f":
        np.testing.assert_allclose(actual, reference, rtol=rtol, atol=atol, equal_nan=True)
    else:
        np.testing.assert_array_equal(actual, reference)


def assert_as_declared(operation: Operation, arguments: Arguments, results: tuple[Any, ...]) -> None:
    """The results have the shapes that the operation declares, and integers where it declares them."""
    values, dims = operation.canonical(operation.bind(**arguments)[0])
    shapes = operation.result_shapes(dims, values)
    count = f"{len(results)} results, where the shapes {operation.shapes.text!r} say {len(shapes)}"
    assert len(results) == len(shapes), f"{operation.name}: the body gives {count}"
    for actual, spec, shape in zip(results, operation.shapes.outputs, shapes, strict=True):
        array = np.asarray(actual)
        assert (array.dtype.kind in "iu") == spec.integer, f"{operation.name}: the body gives {array.dtype} for {spec}"
        fits = len(shape) == array.ndim and all(map(_fits, array.shape, shape))
        assert fits, f"{operation.name}: the body gives the shape {array.shape}, where the shapes say {shape}"


def _fits(size: int, wanted: int | None) -> bool:
    return wanted in (None, size)


def assert_fresh(actual: Any, arguments: Arguments) -> None:
    """A result array is C-contiguous, aligned, writeable, and shares no memory with an input."""
    if not isinstance(actual, np.ndarray):
        return
    assert actual.flags.carray, f"not a writeable C-contiguous array:\n{actual.flags}"
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            assert not np.shares_memory(actual, value), f"shares memory with `{name}`"
