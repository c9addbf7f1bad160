"""A plugin of pytest: makes the CuPy backend known where its distribution is not installed."""

from __future__ import annotations

import os

from acm_cupy import backend

import acm_dispatch
from acm_dispatch import registry

os.environ["ACM_DISPATCH_CONFIG"] = os.devnull
os.environ["ACM_DISPATCH_FALLBACK"] = "error"  # a kernel's fault is to be seen, not to be helped out of

if backend.name not in registry.backends():
    acm_dispatch.register_backend(backend)
