"""Backends and state that the tests need beyond what is installed."""

from __future__ import annotations

import os

import numpy as np
import pytest
from acm_cupy import build
from acm_cupy.testing import strict_backend

import acm_dispatch
from acm_dispatch import policy, registry
from acm_dispatch.settings import Settings

for _variable in [name for name in os.environ if name.startswith("ACM_DISPATCH_")]:
    del os.environ[_variable]  # a developer's own settings must not steer the tests
os.environ["ACM_DISPATCH_CONFIG"] = os.devnull

# The CuPy kernels' arithmetic, and their manners towards CuPy, need no GPU to be proved.
_STAND_INS = (build("cupy_on_numpy", np), strict_backend("cupy_on_strict"))
for _backend in _STAND_INS:
    if _backend.name not in registry.backends():
        acm_dispatch.register_backend(_backend)


@pytest.fixture
def fresh_settings(monkeypatch):
    """Call it after changing the environment; everything is back to normal after the test."""
    monkeypatch.setattr(policy, "_process", Settings())
    yield acm_dispatch.reload_config
    monkeypatch.undo()
    acm_dispatch.reload_config()


@pytest.fixture
def recorder():
    """A backend that notes its calls and runs only when it is named; its kernels do what NumPy's do."""
    backend = acm_dispatch.Backend("recorder", min_work=1 << 62)
    backend.calls = []
    for name, operation in registry.operations.items():

        def kernel(*arguments, _name=name, _run=operation.run_reference):
            backend.calls.append(_name)
            return _run(*arguments)

        backend.kernel(name)(kernel)
    acm_dispatch.register_backend(backend)
    yield backend
    acm_dispatch.unregister_backend("recorder")


@pytest.fixture
def usable():
    """The names of all backends that can run `zscore` in any process on this machine."""
    return [name for name in acm_dispatch.zscore.kernels() if name not in {backend.name for backend in _STAND_INS}]
