"""Where and with what something was measured: enough to compare, nothing that names the machine or its folders."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import acm_dispatch
from acm_dispatch.selection.machine import machine_name

from .peers import versions
from .process import load_average


def describe(threads: int) -> dict[str, Any]:
    """Commit, processor, versions, date, load."""
    return {
        "commit": _commit(),
        "kind": machine_name(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load_average": load_average(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE", "not set"),
        "rust_isa": _of_rust("isa"),
        "rust_build": _of_rust("build"),
        "versions": {"acm_dispatch": acm_dispatch.__version__, **versions()},
    }


def _git(*arguments: str) -> str:
    root = Path(__file__).parent.parent
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _commit() -> str:
    try:
        changed = _git("status", "--porcelain", "--", "acm_dispatch", "backends", "benchmarks")
        return (_git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")
    except OSError:
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return f"{facts['model name']} (family {facts['cpu family']}, model {facts['model']})"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def _of_rust(name: str) -> str | None:
    """What the Rust library says of itself; None where there is none, or it does not say."""
    try:
        return getattr(import_module("acm_rs._core"), name)()
    except (ImportError, AttributeError):
        return None
