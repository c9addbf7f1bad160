"""Which kernels have machine code on disk, told without importing Numba: a list next to Numba's own files.

A choice depends on whether a kernel's first call takes seconds, in which it is compiled, or a fraction of one. A list
that is wrong (files were deleted, sources edited) costs one compilation that was not counted.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def numba_version() -> str:
    """The version of Numba that compiles, as far as it is installed."""
    try:
        return f"numba-{version('numba')}"
    except PackageNotFoundError:
        return "no numba"


class CompiledKernels:
    """A set of (operation, dtype) that outlives the process."""

    def __init__(self, release: str) -> None:
        self._release = release
        self._known: set[tuple[str, str]] | None = None

    def __contains__(self, kernel: tuple[str, str]) -> bool:
        if self._known is None:
            self._known = self._read()
        return kernel in self._known

    def add(self, kernel: tuple[str, str]) -> None:
        """Add a kernel whose machine code was loaded or written; where nothing can be written it is forgotten."""
        if kernel in self:
            return
        assert self._known is not None
        self._known.add(kernel)
        try:
            self._path().parent.mkdir(parents=True, exist_ok=True)
            with open(self._path(), "a", encoding="ascii") as file:
                file.write(f"{' '.join(kernel)}\n")  # one short write at the end: processes do not mix their lines
        except OSError:
            pass

    def _read(self) -> set[tuple[str, str]]:
        try:
            lines = self._path().read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):
            return set()
        return {(words[0], words[1]) for words in map(str.split, lines) if len(words) == 2}

    def _path(self) -> Path:
        """A file of its own for whatever makes Numba compile anew: another version of it, of Python, of the kernels."""
        folder = os.environ.get("NUMBA_CACHE_DIR") or Path(__file__).parent / "__pycache__"
        name = f"compiled-{self._release}-{numba_version()}-{sys.implementation.cache_tag}.txt"
        return Path(folder, name.replace(" ", "-"))
