"""Write `operations.md` (which operation runs where) and `settings.md`, read from registry, backends and settings.

make docs

The page is not kept in the repository, so that adding an operation or a kernel does not mean to edit it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from acm_cupy import build

from acm_dispatch import registry
from acm_dispatch.backends.backend import Backend, Kernel
from acm_dispatch.execution.dispatch import Operation
from acm_dispatch.policy.configuration import PREFIX
from acm_dispatch.policy.settings import SETTINGS

TARGET = Path(__file__).parent / "operations.md"
SETTINGS_PAGE = TARGET.with_name("settings.md")

_HEAD = """\
# Operations

Written by `make docs` from the registry and the backends. Shapes: `[...]` may be left out, `int` and `index` are
integers, all other arrays float64 or float32 (other real dtypes are converted, the result has the dtype of the input).
**64**, **32**: the backend has a kernel for float64, float32. Every run of the tests proves the CuPy kernels'
arithmetic on the CPU; on a GPU (H100) they passed once, by hand: ADR 15. Those of moving windows, but for medians, were
rewritten since.

"""
_BESIDE = """\
- `StreamingStatistics`: `column_sums`, `column_mean_variance`, `column_quantiles`, `cross_sums`

`fit_isolation_forest` draws and splits a few hundred rows a tree with NumPy, all trees at once; no other backend has
it.
"""


def document() -> str:
    """The whole page."""
    backends = {name: registry.backends()[name] for name in ("numpy", "rust", "numba")}
    backends["cupy"] = build("cupy_kernels", np)
    families: dict[str, list[Operation]] = {}
    for operation in registry.operations.values():
        families.setdefault(operation.family, []).append(operation)
    parts = [_family(name, operations, backends) for name, operations in sorted(families.items())]
    return _HEAD + "\n".join(parts) + _compositions()


def _family(name: str, operations: list[Operation], backends: Mapping[str, Backend]) -> str:
    lines = [f"## {name}", "", f"| operation | shapes | NaN | {' | '.join(backends)} |", "|---|---|---|" + "---|" * 4]
    for operation in sorted(operations, key=lambda operation: operation.name):
        cells = [_cell(backend.kernels.get(operation.name, ())) for backend in backends.values()]
        summary = f"`{operation.name}` | `{operation.shapes.text}` | {operation.nan}"
        lines.append(f"| {summary} | {' | '.join(cells)} |")
    declined = [
        f"- no `{operation.name}` on {where}: {backend.refuses[operation.name]}"
        for operation in sorted(operations, key=lambda operation: operation.name)
        for where, backend in backends.items()
        if operation.name in backend.refuses
    ]
    return "\n".join([*lines, *([""] if declined else []), *declined]) + "\n"


def _cell(kernels: tuple[Kernel, ...]) -> str:
    dtypes = dict.fromkeys(dtype for kernel in kernels if not kernel.is_reference for dtype in kernel.dtypes)
    return " ".join(dtype.removeprefix("float") for dtype in dtypes or kernels[0].dtypes) if kernels else ""


def _compositions() -> str:
    parts = {name: ", ".join(f"`{used}`" for used in c.operations) for name, c in registry.compositions.items()}
    made = "".join(f"- `{name}`: {parts[name]}\n" for name in sorted(parts))
    return "\n## Made of operations\n\n" + made + _BESIDE


def settings() -> str:
    """The page of settings."""
    lines = [
        "# Settings",
        "",
        "| setting | meaning | default | in the file | in the environment |",
        "|---|---|---|---|---|",
    ]
    for name, setting in SETTINGS.items():
        default = "as many as may be used" if callable(setting.default) else f"`{setting.default!r}`"
        lines.append(f"| `{name}` | {setting.text} | {default} | `{setting.entry}` | `{PREFIX}{setting.variable}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if missing := {"rust", "numba"} - registry.backends().keys():
        sys.exit(f"the table needs every backend installed; missing: {', '.join(missing)}")
    TARGET.write_text(document(), encoding="utf-8")
    SETTINGS_PAGE.write_text(settings(), encoding="utf-8")
