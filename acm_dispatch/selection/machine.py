"""What of a machine decides how fast kernels are: facts that must hold for a measurement to count, and soft ones."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from typing import Any

from ..backends import registry
from ..backends.backend import Backend
from ..backends.threads import usable_cores
from ..errors import described

#: From the widest vectors down: the level's name, and NumPy's names of what it needs.
_LEVELS = (("avx512", ("AVX512F", "AVX512BW", "AVX512DQ")), ("avx2", ("AVX2", "FMA3")), ("neon", ("ASIMD",)))


@cache
def instruction_set() -> str:
    """The architecture and the widest vectors that the processor has, as in ``x86_64-avx2``."""
    features = _numpy_features()
    level = next((name for name, needs in _LEVELS if all(features.get(need) for need in needs)), "baseline")
    return f"{platform.machine() or 'unknown'}-{level}"


def _numpy_features() -> dict[str, bool]:
    """What NumPy found in the processor; it says so in no public place, and has moved it once."""
    for module in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):
        found: Any = getattr(sys.modules.get(module), "__cpu_features__", None)
        if found is not None:
            return found
    return {}


def machine_name() -> str:
    """What a machine's profile is called: machines of one name have nearly the same costs."""
    return f"{instruction_set()}-{usable_cores()}"


@cache
def facts_of(backend: Backend) -> str:
    """What a measurement of the backend's kernels holds for: instruction set, version, build."""
    try:
        build = str(backend.build())
    except Exception as error:  # a plugin may fail in any way; then nothing measured of it counts
        build = f"cannot say its build ({described(error)})"
    return " ".join(filter(None, [instruction_set(), backend.name, backend.version, build]))


registry.on_change(facts_of.cache_clear)


def soft_facts() -> dict[str, Any]:
    """What a profile tells its readers of where it was measured; none of it decides whether an entry counts."""
    return {
        "instruction set": instruction_set(),
        "cores": usable_cores(),
        "processors": os.cpu_count() or 1,
        "system": sys.platform,
        "python": platform.python_version(),
    }
