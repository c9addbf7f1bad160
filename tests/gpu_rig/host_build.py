"""CUDA C++ built by the host's compiler, and launched there on NumPy arrays.

Each thread of a block is a fiber; barriers, shuffles and votes are where fibers meet. The checked build sees races,
accesses out of bounds and divergent barriers, and fails the launch.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from places import CACHE, SHIM

CXX = os.environ.get("CXX", "g++")

_KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?(\w+)\s*\(')
_DYNAMIC = re.compile(r"extern\s+__shared__\s+(?:__align__\s*\(\s*\d+\s*\)\s*)?([\w: ]+?)\s+(\w+)\s*\[\s*\]\s*;")

#: Without gnu-unique, which would share the static variables of kernels among all libraries that are loaded.
_COMMON = ("-std=c++17", "-fPIC", "-w", "-fvisibility=hidden", "-fno-gnu-unique")
_PLAIN = ("-O2", "-march=native", "-ffp-contract=off", "-fno-strict-aliasing")
_CHECKED = ("-O1", "-g", "-fsanitize=thread", "-fno-inline-small-functions")


class BuildError(RuntimeError):
    """A text that the compiler refuses."""


class LaunchError(RuntimeError):
    """A launch in which the checks found a fault."""


class HostModule:
    """The kernels of a text."""

    def __init__(self, text: str, options: tuple[str, ...] = (), *, checked: bool = False) -> None:
        text = _DYNAMIC.sub(r"__CUDACPU_DYN_SHARED__(\1, \2);", text)
        exports = "".join(f"CUDACPU_EXPORT({name}, {name})\n" for name in _KERNEL.findall(text))
        body = f'#include "{SHIM}/cudacpu.h"\n#line 1 "kernels.cu"\n{text}\n{exports}'
        defines = tuple(option for option in options if option.startswith("-D"))
        self.checked = checked
        self._library = ctypes.CDLL(str(_library(body, (*(_CHECKED if checked else _PLAIN), *_COMMON, *defines))))
        self._library.cudacpu_last_error.restype = ctypes.c_char_p
        self._library.cudacpu_register.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]

    def launch(self, name: str, grid: tuple[int, ...], block: tuple[int, ...], arguments: Any, shared: int = 0) -> None:
        """Run a kernel to its end; `shared` is the dynamic shared memory in bytes."""
        os.environ["CUDACPU_CHECK"] = str(int(self.checked))
        self._library.cudacpu_unregister_all()
        values = [self._value(argument) for argument in arguments]
        addresses = (ctypes.c_void_p * len(values))(*(ctypes.addressof(value) for value in values))
        shape = [*(*grid, 1, 1)[:3], *(*block, 1, 1)[:3]]
        trampoline = getattr(self._library, f"cudacpu_tramp_{name}")
        failed = self._library.cudacpu_launch(trampoline, *shape, ctypes.c_size_t(shared), addresses, 0)
        error = self._library.cudacpu_last_error().decode()
        if failed or error:
            raise LaunchError(f"{name}: {error or 'the launch failed'}")

    def _value(self, argument: Any) -> Any:
        if isinstance(argument, np.ndarray):
            assert argument.flags.c_contiguous, "a kernel was given an array that is not contiguous"
            if self.checked:
                self._library.cudacpu_register(argument.ctypes.data, argument.nbytes, b"argument")
            return ctypes.c_void_p(argument.ctypes.data)
        return np.ctypeslib.as_ctypes_type(argument.dtype)(argument.item())


def _library(body: str, flags: tuple[str, ...]) -> Path:
    path = CACHE / "host" / f"{_key(body, flags)}.so"
    if not path.exists():
        runtime = _runtime()
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            source, built = Path(folder) / "kernels.cpp", Path(folder) / "kernels.so"
            source.write_text(body)
            _run(CXX, *flags, "-c", str(source), "-o", f"{folder}/kernels.o")
            _run(CXX, "-shared", "-o", str(built), f"{folder}/kernels.o", str(runtime), "-lpthread")
            built.rename(path)
    return path


@cache
def _runtime() -> Path:
    """The scheduler of fibers; its own accesses to memory are not checked."""
    source = SHIM / "cudacpu_rt.cpp"
    flags = ("-O2", "-g", "-std=c++17", "-fPIC", "-w", f"-I{SHIM}")
    path = CACHE / "host" / f"runtime-{_key(source.read_text(), flags)}.o"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        _run(CXX, *flags, "-c", str(source), "-o", str(part))
        part.rename(path)
    return path


def _key(text: str, flags: tuple[str, ...]) -> str:
    """Of what a build depends on, the processor included: plain builds are for the one at hand."""
    parts = (text, CXX, *flags, _processor(), *(path.read_text() for path in sorted(SHIM.iterdir())))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


@cache
def _processor() -> str:
    with open("/proc/cpuinfo") as lines:
        return next((line for line in lines if line.startswith("flags")), "")


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BuildError(f"{' '.join(command)}\n{result.stderr[:4000]}")
