"""What the launchers of `acm_cupy.cuda` need of CuPy, on NumPy arrays and kernels that the host's compiler built."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from host_build import HostModule

#: Numbers behind an array, more than a tile of the largest matrix that mutants are tried on.
_ROOM = 1 << 14


class HostDevice:
    """A namespace like CuPy's; `launches` names the kernels that ran, in their order."""

    def __init__(self, *, checked: bool = False) -> None:
        self.cuda = SimpleNamespace(runtime=SimpleNamespace(getDevice=lambda: -1 - checked))
        self.launches: list[str] = []
        self._checked = checked

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def empty(shape: Any, dtype: Any = float) -> Any:
        """What a kernel forgets to fill stands out; room behind keeps an overrun from ending the process."""
        size = int(np.prod(shape))
        fill = np.nan if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min
        return np.full(size + _ROOM, fill, dtype)[:size].reshape(shape)

    @staticmethod
    def argsort(array: Any) -> Any:
        """CuPy's is stable."""
        return np.argsort(array, kind="stable")

    def RawModule(self, code: str, options: tuple[str, ...]) -> Any:  # noqa: N802 - CuPy's name
        module = HostModule(code, options, checked=self._checked)
        return SimpleNamespace(get_function=lambda name: self._function(module, name))

    def _function(self, module: HostModule, name: str) -> Callable[..., None]:
        def launch(grid: tuple[int, ...], block: tuple[int, ...], arguments: Any) -> None:
            self.launches.append(name)
            module.launch(name, grid, block, arguments)

        return launch
