"""Writes docs/cuda-kernels.md: what each kernel takes of a device, as NVIDIA's compiler says.

make test-gpu-rig     # fails where the table is not what this writes
python tests/gpu_rig/table.py
"""

from __future__ import annotations

from functools import cache

from acm_cupy.cuda.program import HEADERS, REAL, options, source
from nvrtc import LIMITS, Taken, compiled, occupancy
from places import RIG

PAGE = RIG.parent.parent / "docs" / "cuda-kernels.md"

#: Threads of a block, of every kernel.
THREADS = 256

_HEAD = """# CUDA kernels

What each kernel of `acm_cupy/cuda` takes of a multiprocessor, as NVRTC's assembler reports it. Written by
`tests/gpu_rig/table.py`; `make test-gpu-rig` compares it, and holds every kernel to no spilled register and an
occupancy of at least 25 %. Nothing here is measured: no GPU has run these kernels yet.

| kernel | data | architecture | registers | shared memory, bytes | occupancy |
|---|---|---|---|---|---|
"""


@cache
def everything() -> dict[tuple[str, str, str], Taken]:
    """What each kernel takes, by its name, type of data and architecture."""
    return {
        (kernel, dtype, architecture): taken
        for family in HEADERS
        for dtype in REAL
        for architecture in LIMITS
        for kernel, taken in compiled(source(family), architecture, options(dtype)).items()
    }


def page() -> str:
    """The page as it should be."""
    rows = (
        f"| `{kernel}` | {dtype} | {architecture} | {taken.registers} | {taken.shared} | "
        f"{occupancy(architecture, taken, THREADS):.0%} |\n"
        for (kernel, dtype, architecture), taken in sorted(everything().items())
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
