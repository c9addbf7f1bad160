"""NVIDIA's compiler takes every kernel, for every type and architecture, and spills nothing."""

from __future__ import annotations

from nvrtc import LIMITS, compiled, occupancy
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
