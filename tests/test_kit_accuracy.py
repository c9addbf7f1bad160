"""What kernels claim of their accuracy, the kit tests: bit by bit, within the tolerance, within the relaxed one."""

import numpy as np
import pytest

from acm_dispatch import Backend, Samples, operation, register_backend, registry, unregister_backend, use
from acm_dispatch.errors import BackendError
from acm_dispatch.testing.checks import _same_bits, assert_agrees, run
from acm_dispatch.testing.drawing import trial_of
from acm_dispatch.testing.fuzz import outcome

SAMPLES = Samples(lambda rng, n: {"x": 1 + rng.random((n, 3))})


@pytest.fixture
def toy(own_operations):
    relaxed = {"float64": (1e-4, 0), "float32": (1e-2, 0)}

    @operation("n d -> n", work="n * d", nan="propagate", samples=SAMPLES, relaxed=relaxed)
    def toy_sums(x, *, backend=None):
        return x.sum(axis=1)

    yield toy_sums.operation
    if "toy" in registry.backends():
        unregister_backend("toy")


def _off_by(share):
    """A kernel whose results are off by that share, and by nothing else."""

    def kernel(x):
        exact = x.astype(np.float64).sum(axis=1)
        return (exact * (1 + share)).astype(x.dtype)

    return kernel


CLAIMS = [
    ("bitwise", 0.0, True),
    ("bitwise", 2.0**-51, False),
    ("tolerance", 2.0**-51, True),
    ("tolerance", 1e-4, False),
    ("relaxed", 5e-5, True),
    ("relaxed", 5e-2, False),
]


@pytest.mark.parametrize(("accuracy", "share", "holds"), CLAIMS)
def test_what_a_kernel_claims_is_tested(toy, accuracy, share, holds):
    backend = Backend("toy")
    backend.kernel("toy_sums", accuracy=accuracy)(_off_by(share))
    register_backend(backend)
    arguments = SAMPLES.typical(np.random.default_rng(0), 50)
    found = [outcome(toy, trial_of(toy, seed)._replace(dtype="float64", large=False), "toy") for seed in range(20)]
    assert not any(one.declined for one in found)
    SAMPLES.cases["fifty"] = lambda rng: arguments
    try:
        if holds:
            assert_agrees(toy, "fifty", "float64", arguments, "toy")
            assert not any(one.wrong for one in found)
        else:
            with pytest.raises(AssertionError):
                assert_agrees(toy, "fifty", "float64", arguments, "toy")
            assert any(one.wrong for one in found)
    finally:
        del SAMPLES.cases["fifty"]


def test_a_relaxed_kernel_runs_only_where_it_is_asked_for(toy):
    backend = Backend("toy")
    backend.kernel("toy_sums", accuracy="relaxed")(_off_by(5e-5))
    register_backend(backend)
    arguments = SAMPLES.typical(np.random.default_rng(0), 50)
    with pytest.raises(BackendError, match="its kernel is relaxed"):
        toy.function(**arguments, backend="toy")
    (found,) = run(toy, arguments, "toy")
    with use(accuracy="relaxed"):
        assert found.tobytes() == toy.function(**arguments, backend="toy").tobytes()


def test_bitwise_tells_zeros_apart_and_takes_any_nan():
    assert _same_bits(np.array([np.nan, 1.0, -0.0]), np.array([-np.nan, 1.0, -0.0]))
    assert not _same_bits(np.array([0.0]), np.array([-0.0]))
    assert not _same_bits(np.array([1.0]), np.array([1.0, 1.0]))
    assert not _same_bits(np.array([1.0]), np.array([np.nextafter(1.0, 2.0)]))


def test_the_contract_names_the_relaxed_tolerance(toy):
    assert toy.function.contract.relaxed["float64"] == (1e-4, 0)
    assert toy.function.contract.tolerance["float64"] == (1e-10, 1e-12)
