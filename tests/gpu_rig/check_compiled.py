"""NVIDIA's compiler takes every kernel, for every type and architecture, and spills nothing."""

from __future__ import annotations

import pytest
from acm_cupy.cuda.program import options, source
from nvrtc import LIMITS, compiled, inner_loops, occupancy
from places import PLANTED
from table import PAGE, THREADS, everything, page


def test_no_kernel_spills_or_starves():
    kernels = everything()
    assert len(kernels) == 4 * len({name for name, _, _ in kernels})
    for (kernel, dtype, architecture), taken in kernels.items():
        assert taken.spilled == taken.stack == 0, f"{kernel} of {dtype} on {architecture} uses local memory: {taken}"
        assert occupancy(architecture, taken, THREADS) >= 0.25, f"{kernel} of {dtype} on {architecture}: {taken}"


def test_a_planted_spill_is_seen():
    for architecture in LIMITS:
        taken = compiled((PLANTED / "spill.cu").read_text(), architecture)
        assert taken["spilling"].spilled > 0
        assert taken["axpy"].spilled == 0


def test_the_page_is_what_the_compiler_says():
    assert PAGE.read_text("utf-8") == page(), "run python tests/gpu_rig/table.py"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("family", "kernel"),
    [("distances", "pairwise_euclidean"), ("distances", "nearest_rows"), ("silhouette", "silhouettes")],
)
def test_the_inner_loop_is_arithmetic(family, kernel, dtype):
    """Differences and squares, one load from shared memory for four of them, and nothing else that grows with them."""
    for architecture in LIMITS:
        loop = inner_loops(source(family), architecture, options(dtype))[kernel]
        assert loop["sub.f64"] == loop["fma.rn.f64"] == 64
        assert loop["ld.shared.f64"] == 32
        assert loop.total() - 160 <= 16, loop
