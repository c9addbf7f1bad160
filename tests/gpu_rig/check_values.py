"""The kernels on the host equal NumPy, with the same bits under every schedule, in as many launches as are allowed."""

from __future__ import annotations

import numpy as np
import pytest
from calls import CALLS, SCHEDULES
from host_device import HostDevice

DEVICE = HostDevice()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_equals_numpy_and_itself_under_every_schedule(call, dtype, monkeypatch):
    found = []
    for schedule in SCHEDULES:
        monkeypatch.setenv("CUDACPU_ORDER", schedule)
        DEVICE.launches.clear()
        found.append([np.asarray(part).tobytes() for part in call(DEVICE, dtype)])
        assert len(DEVICE.launches) == CALLS[call], DEVICE.launches
    assert all(other == found[0] for other in found)
