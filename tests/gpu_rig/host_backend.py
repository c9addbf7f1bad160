"""A plugin of pytest: the CUDA C++ kernels on the host as the backend ``cuda_on_host``, for the conformance kit."""

from __future__ import annotations

import os
from functools import partial, update_wrapper
from importlib import import_module

import acm_cupy
import numpy as np
from acm_cupy.cuda.declared import FUSED
from acm_cupy.cuda.distances import SIDE, TILE
from acm_cupy.cuda.program import HEADERS
from host_device import HostDevice

import acm_dispatch

os.environ["ACM_DISPATCH_CONFIG"] = os.devnull
os.environ["ACM_DISPATCH_FALLBACK"] = "error"  # a kernel's fault is to be seen, not to be helped out of

for _family in HEADERS:
    import_module(f"acm_cupy.cuda.{_family}")

DEVICE = HostDevice()
BACKEND = acm_dispatch.Backend(
    "cuda_on_host", tiles=(SIDE, TILE), version=acm_cupy.backend.version, by_place=acm_cupy.backend.by_place
)
for _operation, _function in FUSED:
    # The array code that takes over warns with NumPy of what it does not with CuPy.
    BACKEND.kernel(_operation)(np.errstate(all="ignore")(update_wrapper(partial(_function, DEVICE), _function)))
acm_dispatch.register_backend(BACKEND)
