"""The checked build sees planted faults, and none in the kernels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from calls import CALLS, SCHEDULES
from host_build import HostModule, LaunchError
from host_device import HostDevice
from places import PLANTED

CHECKED = HostDevice(checked=True)
X = np.random.default_rng(0).normal(size=256)


@cache
def _planted() -> HostModule:
    return HostModule((PLANTED / "faults.cu").read_text(), checked=True)


def _launch(kernel: str, blocks: int, shared: int = 0) -> np.ndarray:
    out = np.zeros(256)
    _planted().launch(kernel, (blocks,), (256,), (X, out, np.int32(256)), shared)
    return out


@pytest.mark.parametrize(
    ("kernel", "blocks", "told"),
    [
        ("missing_barrier", 1, "race"),
        ("one_too_far", 2, "out-of-bounds"),
        ("divergent_barrier", 1, "barrier divergence"),
        ("full_mask_of_half_the_lanes", 1, "deadlock"),
        ("all_blocks_write_the_same", 2, "global word"),
        ("exchange_between_warps", 1, "race"),
    ],
)
def test_a_planted_fault_is_told(kernel, blocks, told):
    with pytest.raises(LaunchError, match=told):
        _launch(kernel, blocks)


@pytest.mark.parametrize("kernel", ["with_barrier", "exchange_in_a_warp"])
def test_what_only_looks_like_a_fault_is_not(kernel):
    assert sorted(_launch(kernel, 1)) == sorted(X)


def test_what_was_not_written_to_shared_memory_is_no_number():
    out = _launch("half_filled", 1, shared=2048)
    np.testing.assert_array_equal(out[:128], X[:128])
    assert np.isnan(out[128:]).all()


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_kernels_have_no_fault(call, dtype, schedule, monkeypatch):
    monkeypatch.setenv("CUDACPU_ORDER", schedule)
    call(CHECKED, dtype)
