"""NVIDIA's compiler without a device: what each kernel takes of one."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from places import CACHE, RIG

#: Of a multiprocessor: registers, threads, blocks, bytes of shared memory; and what a block takes beyond its own.
LIMITS = {"sm_80": (65536, 2048, 32, 164 * 1024, 1024), "sm_90": (65536, 2048, 32, 228 * 1024, 1024)}


class Taken(NamedTuple):
    """By one kernel: registers of a thread, bytes of shared memory of a block, bytes spilled, bytes of stack."""

    registers: int
    shared: int
    spilled: int
    stack: int


@cache
def _library() -> ctypes.CDLL:
    libraries = _installed() / "nvidia" / "cu13" / "lib"
    # It looks for its built-in functions by their bare name: they must be there before it.
    ctypes.CDLL(str(_only(libraries, "libnvrtc-builtins.so.*")), mode=ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(_only(libraries, "libnvrtc.so.*")))
    library.nvrtcGetErrorString.restype = ctypes.c_char_p
    return library


def _installed() -> Path:
    """Fetched once; of processes that do so at the same time the first one's stays."""
    folder = CACHE / "nvrtc"
    if not folder.exists():
        part = CACHE / f"nvrtc.{os.getpid()}"
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
        subprocess.run([*pip, "--target", str(part), "-r", str(RIG / "requirements.txt")], check=True)
        try:
            part.rename(folder)
        except OSError:
            shutil.rmtree(part)
    return folder


def _only(folder: Path, pattern: str) -> Path:
    return next(path for path in sorted(folder.glob(pattern)) if ".alt." not in path.name)


def compiled(text: str, architecture: str, options: tuple[str, ...] = ()) -> dict[str, Taken]:
    """What the kernels of a text take on an architecture such as sm_90."""
    return _parsed(_compile(text, architecture, options)[0])


def inner_loops(text: str, architecture: str, options: tuple[str, ...] = ()) -> dict[str, Counter[str]]:
    """Of each kernel the instructions of PTX in the block without branches that has most multiplications and sums."""
    ptx = _compile(text, architecture, options)[1]
    found: dict[str, Counter[str]] = {}
    for name, body in re.findall(r"\.entry (\w+)\((.*?)^}", ptx, re.DOTALL | re.MULTILINE):
        inner = max(re.split(r"^\$L\w+:", body, flags=re.MULTILINE), key=lambda block: block.count("fma.rn.f64"))
        found[name] = Counter(re.findall(r"^\s+(?:@!?%p\d+ )?([a-z][\w.]*)\s", inner, re.MULTILINE))
    return found


@cache
def _compile(text: str, architecture: str, options: tuple[str, ...]) -> tuple[str, str]:
    """The assembler's report, and PTX."""
    library, program = _library(), ctypes.c_void_p()
    none = ctypes.c_void_p()
    _check(library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, none, none))
    try:
        words = [f"--gpu-architecture={architecture}", "--std=c++17", "-default-device", "--ptxas-options=-v"]
        words += [option for option in options if option not in words]
        failed = library.nvrtcCompileProgram(
            program, len(words), (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
        )
        log = _text(program, "ProgramLog")
        if failed:
            raise RuntimeError(f"NVRTC refuses the text for {architecture}:\n{log}")
        return log, _text(program, "PTX")
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))


def _text(program: ctypes.c_void_p, kind: str) -> str:
    size = ctypes.c_size_t()
    _check(getattr(_library(), f"nvrtcGet{kind}Size")(program, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    _check(getattr(_library(), f"nvrtcGet{kind}")(program, buffer))
    return buffer.value.decode()


def _check(code: int) -> None:
    if code:
        raise RuntimeError(f"NVRTC: {_library().nvrtcGetErrorString(code).decode()}")


def _parsed(log: str) -> dict[str, Taken]:
    """From the assembler's report: a line with the name, one with stack and spills, one with the rest."""
    pattern = re.compile(
        r"Function properties for (\w+)\s.*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads"
        r".*?Used (\d+) registers([^\n]*)",
        re.DOTALL,
    )
    found: dict[str, Taken] = {}
    for name, stack, stores, loads, registers, rest in pattern.findall(log):
        shared = re.search(r"(\d+) bytes smem", rest)
        spilled = int(stores) + int(loads)
        found[name] = Taken(int(registers), int(shared[1]) if shared else 0, spilled, int(stack))
    return found


def occupancy(architecture: str, taken: Taken, threads: int) -> float:
    """Share of a multiprocessor's threads that its resources leave room for."""
    registers, most_threads, most_blocks, shared, reserved = LIMITS[architecture]
    warps = -(-threads // 32)
    of_warp = -(-taken.registers * 32 // 256) * 256  # given in units of 256
    by_registers = registers // of_warp // 4 * 4 // warps
    by_shared = shared // (-(-(taken.shared + reserved) // 128) * 128)
    return min(most_blocks, most_threads // (warps * 32), by_registers, by_shared) * warps * 32 / most_threads
