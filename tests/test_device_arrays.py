"""Device arrays stay where they are and mean what the reference says: on CuPy's stand-in, and on a GPU where one is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from acm_cupy.device import unavailable
from acm_cupy.kernels import KERNELS
from acm_cupy.testing import StrictArray, StrictNumpy

import acm_dispatch
from acm_dispatch import InvalidInput, registry
from acm_dispatch.testing.cases import in_dtype, sample, sample_names
from acm_dispatch.testing.checks import as_tuple, assert_equivalent, expected

KERNEL_NAMES = {kernel.operation for kernel in KERNELS}
OPERATIONS = [operation for name, operation in registry.operations.items() if name in KERNEL_NAMES]
SUBJECTS = [*OPERATIONS, *(made for made in registry.compositions.values() if KERNEL_NAMES.issuperset(made.operations))]
X = np.random.default_rng(0).normal(size=(4000, 8))


class Device(NamedTuple):
    """Where arrays are, and how they get there and back."""

    array: type
    there: Callable[[Any], Any]
    back: Callable[[Any], Any]
    matrix: Callable[[Any], Any] | None = None


def _on_gpu():
    import cupy
    from cupyx.scipy.sparse import csr_matrix

    return Device(cupy.ndarray, cupy.asarray, cupy.asnumpy, csr_matrix)


STAND_IN = Device(StrictArray, StrictNumpy.asarray, StrictNumpy.asnumpy)
DEVICES = [pytest.param(STAND_IN, id="stand_in")]
if unavailable() is None:
    DEVICES.append(pytest.param(_on_gpu(), id="gpu", marks=pytest.mark.gpu))


def _strided(device, array):
    roomy = device.there(np.zeros([2 * size for size in array.shape], array.dtype))
    view = roomy[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = device.there(array)
    return view


ARRANGE = {
    "contiguous": lambda device, array: device.there(array),
    "transposed": lambda device, array: device.there(array.T.copy()).T,
    "strided": _strided,
}


def _to_device(device, value, arrange):
    """Arguments with their arrays, and those of the models among them, on the device."""
    if isinstance(value, dict):
        return {name: _to_device(device, part, arrange) for name, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_to_device(device, part, arrange) for part in value))
    if hasattr(value, "tocsr"):
        return device.matrix(value)
    return arrange(device, value) if isinstance(value, np.ndarray) and value.ndim else value


def _bytes(device, value):
    """What the arrays among arguments, those of models and sparse matrices included, hold."""
    if isinstance(value, device.array):
        return device.back(value).tobytes()
    parts = value.values() if isinstance(value, dict) else as_tuple(value) if _is_made_of_arrays(value) else ()
    return [_bytes(device, part) for part in parts]


def _is_made_of_arrays(value):
    return hasattr(value, "indptr") or (isinstance(value, tuple) and hasattr(value, "_fields"))


def _subjects(device):
    """All but those that take or make a sparse matrix where the device has none."""
    return [subject for subject in SUBJECTS if device.matrix or not subject.name.startswith("sparse_")]


def _cases():
    for parameter in DEVICES:
        (device,) = parameter.values
        for subject in _subjects(device):
            for name in sample_names(subject):
                for dtype in ("float64", "float32"):
                    label = "-".join((parameter.id, subject.name, name, dtype))
                    yield pytest.param(device, subject, name, dtype, id=label, marks=parameter.marks)


@pytest.mark.parametrize(("device", "subject", "sample_name", "dtype"), list(_cases()))
def test_results_stay_on_the_device_and_mean_what_the_reference_says(device, subject, sample_name, dtype):
    wanted = expected(subject, sample_name, dtype)
    for layout, arrange in ARRANGE.items():
        arguments = _to_device(device, in_dtype(sample(subject, sample_name), dtype), arrange)
        before = _bytes(device, arguments)
        try:
            results = as_tuple(subject.function(**arguments))
        except InvalidInput as error:
            assert isinstance(wanted, InvalidInput), f"{layout}: {error}"
            assert error.argument == wanted.argument
            continue
        assert not isinstance(wanted, InvalidInput), f"{layout} arrays accepted, where the reference refuses: {wanted}"
        assert _bytes(device, arguments) == before, f"{layout}: an input was modified"
        copied = tuple(_copy(device, part, other) for part, other in zip(results, wanted, strict=True))
        assert_equivalent(subject, in_dtype(sample(subject, sample_name), dtype), copied, wanted, dtype)


def _copy(device, actual, reference):
    """A result on the host, of the reference's kind; indices of `cupyx` are narrower than SciPy's."""
    if not isinstance(reference, np.ndarray):
        return type(reference)(actual.item() if isinstance(actual, device.array) else actual)
    assert isinstance(actual, device.array)
    assert actual.flags.c_contiguous
    copy = device.back(actual)
    return copy.astype(reference.dtype) if copy.dtype.kind == "i" else copy


@pytest.mark.parametrize("device", DEVICES)
def test_gives_the_same_bits_every_time(device):
    for operation in set(OPERATIONS) & set(_subjects(device)):
        arguments = _to_device(device, sample(operation, "typical"), ARRANGE["contiguous"])
        first, *others = [
            [device.back(part).tobytes() for part in as_tuple(operation.function(**arguments))] for _ in range(4)
        ]
        assert all(other == first for other in others), operation.name


@pytest.mark.parametrize("device", DEVICES)
def test_a_forest_grown_on_the_host_scores_device_rows(device):
    forest = acm_dispatch.fit_isolation_forest(X, n_trees=20, random_state=0)
    scores = acm_dispatch.isolation_forest_score(device.there(X), forest)
    np.testing.assert_allclose(device.back(scores), acm_dispatch.isolation_forest_score(X, forest), rtol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
def test_forests_are_grown_on_the_host(device):
    with pytest.raises(InvalidInput, match=r"`x` is a \w+ array; trees are grown on the host"):
        acm_dispatch.fit_isolation_forest(device.there(X))


@pytest.mark.parametrize("moments", [2, 4])
@pytest.mark.parametrize("device", DEVICES)
def test_streams_of_device_chunks_end_on_the_host(device, moments):
    quantiles = [0.1, 0.5] if moments == 4 else []
    here, there = (acm_dispatch.StreamingStatistics(8, quantiles, covariance=True, moments=moments) for _ in range(2))
    rows = np.where(X > 2.5, np.nan, X).repeat(3, axis=0)
    for chunk in (rows[:100], rows[100:5000], rows[5000:]):
        here.update(chunk)
        there.update(device.there(chunk))
    for ours, theirs in zip(here.result(), there.result(), strict=True):
        assert isinstance(theirs, np.ndarray)
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-12)
