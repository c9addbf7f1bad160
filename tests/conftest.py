"""Backends and state that the tests need beyond what is installed."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from acm_cupy import build
from acm_cupy.testing import strict_backend
from acm_monitor.simulate import simulate
from hypothesis import settings

import acm_dispatch
from acm_dispatch import registry
from acm_dispatch.backends.numpy import numpy_backend
from acm_dispatch.policy import blocks, layers
from acm_dispatch.policy.settings import Settings

for _variable in [name for name in os.environ if name.startswith("ACM_DISPATCH_")]:
    del os.environ[_variable]  # a developer's own settings must not steer the tests
os.environ["ACM_DISPATCH_CONFIG"] = os.devnull
os.environ["ACM_DISPATCH_FALLBACK"] = "error"  # a kernel's fault is to be seen, not to be helped out of

# The CuPy kernels' arithmetic, and their manners towards CuPy, need no GPU to be proved.
_STAND_INS = (build("cupy_on_numpy", np), strict_backend("cupy_on_strict"))
for _backend in _STAND_INS:
    if _backend.name not in registry.backends():
        acm_dispatch.register_backend(_backend)

# The same examples every time, and no fewer on a busy machine.
settings.register_profile("tests", derandomize=True, database=None, deadline=None, max_examples=20)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def fan():
    """What a fan's 12 sensors record: three regimes, 2 decimals, gaps, a stuck, a drifting and a dead sensor."""
    return simulate(3000).values


@pytest.fixture(scope="session")
def whole_fan(fan):
    """The same without gaps: each carries the value before it on."""
    return acm_dispatch.bfill(acm_dispatch.ffill(fan[:, :-1], backend="numpy"), backend="numpy")


@pytest.fixture(scope="session")
def sensors_of():
    """Small recordings: each column a walk on its own level, quantised, with stuck stretches and a share of gaps."""

    def draw(seed, shape, gaps=0.0, decimals=2):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=shape).cumsum(axis=0) + rng.choice([0.0, 3.0, -200.0, 1e4], size=shape[1])
        stuck = rng.integers(0, shape[0] + 1, size=2)
        x[min(stuck) : max(stuck), 0] = x[min(*stuck, shape[0] - 1), 0]
        return np.where(rng.random(shape) < gaps, np.nan, x.round(decimals))

    return draw


@pytest.fixture
def fresh_settings(monkeypatch):
    """Call it after changing the environment; everything is back to normal after the test."""
    monkeypatch.setattr(layers, "_process", Settings())
    yield acm_dispatch.reload_config
    monkeypatch.undo()
    acm_dispatch.reload_config()


@pytest.fixture
def nobody_told(monkeypatch):
    """That a block was left behind is told once a process: here it may be told again."""
    monkeypatch.setattr(blocks, "_told", False)
    monkeypatch.setattr(layers, "_looks_left", 64)


@pytest.fixture
def own_operations():
    """Operations that the test declares are gone afterwards, with the kernels that NumPy got of them."""
    operations, kernels = dict(registry.operations), dict(numpy_backend.kernels)
    yield
    for target, before in ((registry.operations, operations), (numpy_backend.kernels, kernels)):
        target.clear()
        target.update(before)


@pytest.fixture
def recorder():
    """A backend that notes its calls and runs only when it is named; its kernels do what NumPy's do."""
    backend = acm_dispatch.Backend("recorder")
    backend.calls = []
    for name, operation in registry.operations.items():

        def kernel(*arguments, _name=name, _run=operation.run_reference):
            backend.calls.append(_name)
            return _run(*arguments)

        backend.kernel(name, opt_in=True)(kernel)
    acm_dispatch.register_backend(backend)
    yield backend
    acm_dispatch.unregister_backend("recorder")


@pytest.fixture
def usable():
    """The names of all backends that can run `zscore` in any process on this machine."""
    return [name for name in acm_dispatch.zscore.kernels() if name not in {backend.name for backend in _STAND_INS}]


@pytest.fixture
def python_with(tmp_path):
    """Gives what runs Python where the packages of a folder are found, with their entry points, as if installed."""

    def with_distribution(folder, project):
        groups = project["entry-points"].items()
        info = tmp_path / f"info/{project['name'].replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n")
        lines = [line for group, found in groups for line in (f"[{group}]", *map(" = ".join, found.items()))]
        (info / "entry_points.txt").write_text("\n".join(lines))
        places = [str(folder), str(info.parent), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}

        def run(*command):
            arguments = [sys.executable, *map(str, command)]
            options = {"env": environment, "capture_output": True, "text": True, "encoding": "utf-8"}
            return subprocess.run(arguments, cwd=tmp_path, check=False, **options)

        return run

    return with_distribution
