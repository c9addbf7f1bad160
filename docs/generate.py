"""Write the pages of operations, settings and public names, read from registry, backends and docstrings.

make docs

The pages are not kept in the repository, so that adding an operation or a kernel does not mean to edit it.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable, Mapping
from inspect import isroutine
from pathlib import Path

import numpy as np
from acm_cupy import build

import acm_dispatch
from acm_dispatch import info, registry
from acm_dispatch.backends.backend import Backend, Kernel
from acm_dispatch.contract.declaration import Composition
from acm_dispatch.contract.parts import Halo, Passes, Rows, Scan, Undivided
from acm_dispatch.execution.dispatch import Operation
from acm_dispatch.execution.parts import completed
from acm_dispatch.policy.configuration import PREFIX
from acm_dispatch.policy.settings import SETTINGS

DOCS = Path(__file__).parent
SHOWN = ("numpy", "rust", "numba", "cupy")

_HEAD = """\
# Operations

Written from the registry and the backends. Shapes: `[...]` may be left out, `int` and `index` are
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
    lines = [
        f"## [{name}]({name}.md)",
        "",
        f"| operation | shapes | NaN | {' | '.join(backends)} |",
        "|---|---|---|" + "---|" * 4,
    ]
    for operation in sorted(operations, key=lambda operation: operation.name):
        cells = [_cell(backend.kernels.get(operation.name, ())) for backend in backends.values()]
        summary = f"{_link(name, operation.name)} | `{operation.shapes.text}` | {operation.nan}"
        lines.append(f"| {summary} | {' | '.join(cells)} |")
    declined = [
        f"- no `{operation.name}` on {where}: {backend.refuses[operation.name]}"
        for operation in sorted(operations, key=lambda operation: operation.name)
        for where, backend in backends.items()
        if operation.name in backend.refuses
    ]
    return "\n".join([*lines, *([""] if declined else []), *declined]) + "\n"


def _link(family: str, name: str) -> str:
    """Its name, which leads to its contract."""
    return f"[`{name}`]({family}.md#{name})"


def _cell(kernels: tuple[Kernel, ...]) -> str:
    dtypes = dict.fromkeys(dtype for kernel in kernels if not kernel.is_reference for dtype in kernel.dtypes)
    return " ".join(dtype.removeprefix("float") for dtype in dtypes or kernels[0].dtypes) if kernels else ""


def _compositions() -> str:
    parts = {name: ", ".join(f"`{used}`" for used in c.operations) for name, c in registry.compositions.items()}
    families = {name: _family_of(c) for name, c in registry.compositions.items()}
    made = "".join(f"- {_link(families[name], name)}: {parts[name]}\n" for name in sorted(parts))
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


def family_page(family: str) -> str:
    """The contracts of one family, each with its docstring, which Sphinx takes from the function."""
    operations = [operation for operation in registry.operations.values() if operation.family == family]
    made = [c for c in registry.compositions.values() if _family_of(c) == family]
    parts = [f"# {family}\n"]
    operations.sort(key=lambda operation: operation.name)
    parts += [_section(operation.name, _contract(operation)) for operation in operations]
    for composition in sorted(made, key=lambda composition: composition.name):
        names = ", ".join(f"`{used}`" for used in composition.operations)
        parts.append(_section(composition.name, [f"- made of {names}, each on the backend that is best for it"]))
    return "\n".join(parts)


def _family_of(composition: Composition) -> str:
    return composition.function.__module__.rpartition(".")[2]


def _contract(operation: Operation) -> list[str]:
    runs_on = [
        f"`{name}`"
        for name, backend in registry.backends().items()
        if name in SHOWN and operation.name in backend.kernels
    ]
    relative = {dtype: bound for dtype, (bound, _) in operation.tolerance.items()}
    told = dict(info(operation.name).sections["Contract"])
    near = ", ".join(f"{bound:g} in {dtype}" for dtype, bound in relative.items())
    return [
        f"- shapes: `{operation.shapes.text}`",
        f"- missing values: {told['NaN']}",
        f"- every backend within a relative {near}" if near else "- every backend gives the same",
        f"- units of work, which a call's time is about proportional to: `{operation.work}`",
        f"- kernels: {', '.join(runs_on)}",
        *_speed(operation.name),
    ]


def _speed(operation: str) -> list[str]:
    """The ratios over the best peer of the runs that are kept, each at the largest size of a variant."""
    lines: list[str] = []
    for path in sorted((DOCS / "benchmarks").glob("*/ratios.json")):
        run = json.loads(path.read_text(encoding="utf-8"))
        own = {ratio["operation"]: ratio for ratio in run["ratios"] if ratio["operation"].split()[0] == operation}
        shown = [
            f"{ratio['middle']} x {ratio['peer']} ({', '.join([*name.split()[1:], ratio['size']])})"
            for name, ratio in own.items()
        ]
        if shown:
            where = f"[{run['machine']}](../benchmarks/{path.parent.name}.md)"
            lines.append(f"- speed over the best other library, on {where}: {'; '.join(shown)}")
    return lines


def _section(name: str, facts: list[str]) -> str:
    lines = [f"## {name}", "", *facts, "", "```{eval-rst}", f".. autofunction:: acm_dispatch.{name}", "```", ""]
    return "\n".join(lines)


def reference() -> str:
    """The public names that are no operations."""
    parts = ["# Reference", "", "The [operations](operations/index.md) have pages of their own.", ""]
    operations = {*registry.operations, *registry.compositions}
    things = {name: getattr(acm_dispatch, name) for name in acm_dispatch.__all__ if name not in operations}
    for title, belongs in _KINDS.items():
        parts += _entries(title, {name: thing for name, thing in things.items() if belongs(thing)})
    checks = {f"options.{name}": getattr(acm_dispatch.options, name) for name in acm_dispatch.options.__all__}
    return "\n".join(parts + _entries("Checks of options", checks))


_CHUNKS_HEAD = """\
# Recordings in chunks

How often an operation reads its rows where they are more than memory holds ([the guide](guide/large.md)), from its
declaration. What gives a row for each row can be followed by other operations in the same reading.

| operation | reads | gives |
|---|---|---|
"""


def chunks_page() -> str:
    """How often operations read recordings, and what these offer."""
    declared = {**registry.operations, **registry.compositions}
    lines = [f"| `{name}` | {_reads(declared[name])} |\n" for name in sorted(declared)]
    things = [".. autofunction:: acm_dispatch.chunks.scan"]
    things += [f".. autofunction:: acm_dispatch.chunks.{name}" for name in ("compute", "plan")]
    for name in ("Chunks", "Deferred", "Plan"):
        things += [f".. autoclass:: acm_dispatch.chunks.{name}", "   :members:"]
    return _CHUNKS_HEAD + "".join(lines) + "\n```{eval-rst}\n" + "\n".join(things) + "\n```\n"


def _reads(subject: Operation | Composition) -> str:
    """Reads and results, of a typical call where they depend on its arguments."""
    parts = subject.parts
    if callable(parts):
        typical = subject.samples.typical(np.random.default_rng(0), 40)
        parts = parts(completed(subject, {k: v for k, v in typical.items() if k not in subject.row_names}))
    if parts is None or isinstance(parts, Undivided):
        return f"| {'' if parts is None else parts.why}"
    by_row = isinstance(parts, Rows | Halo | Scan) or (isinstance(parts, Passes) and parts.rows is not None)
    reads = 2 if isinstance(parts, Scan) and parts.backwards else parts.reads
    gives = "a row for each row" if by_row else "one result"
    if isinstance(parts, Halo) and not parts.by_row:
        gives = "a row for each window"
    if isinstance(parts, Passes) and parts.whole is not None:
        gives += ", and results of all rows"
    return f"{reads} | {gives}"


def _entries(title: str, things: Mapping[str, object]) -> list[str]:
    lines: list[str] = []
    for name, thing in things.items():
        kind = "class" if isinstance(thing, type) else "function" if isroutine(thing) else "data"
        lines += [f".. auto{kind}:: acm_dispatch.{name}", *(["   :members:"] if kind == "class" else []), ""]
    return [f"## {title}", "", "```{eval-rst}", *lines, "```", ""]


def _is_error(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseException)


_KINDS: dict[str, Callable[[object], bool]] = {
    "Functions": isroutine,
    "Backends": lambda thing: isinstance(thing, Backend),
    "Classes": lambda thing: isinstance(thing, type) and not _is_error(thing),
    "Errors and warnings": _is_error,
}


def _examples() -> dict[str, str]:
    """The notebooks as pages, and a page that lists them."""
    program = runpy.run_path(str(DOCS / "notebooks.py"))
    kept = {path.stem: program["read"](path) for path in sorted(program["EXAMPLES"].glob("*.ipynb"))}
    contents = "\n".join(["# Examples", "", "```{toctree}", ":maxdepth: 1", "", *kept, "```", ""])
    made = {f"examples/{name}.md": program["as_page"](notebook) for name, notebook in kept.items()}
    return made | {"examples/index.md": contents}


def pages() -> dict[str, str]:
    """Everything that is generated, by its path below docs/."""
    families = {operation.family for operation in registry.operations.values()}
    families |= {_family_of(c) for c in registry.compositions.values()}
    contents = "\n```{toctree}\n:hidden:\n\n" + "\n".join(sorted(families)) + "\n```\n"
    found = {f"operations/{family}.md": family_page(family) for family in families}
    found |= _examples()
    return found | {
        "operations/index.md": document() + contents,
        "chunks.md": chunks_page(),
        "settings.md": settings(),
        "reference.md": reference(),
    }


if __name__ == "__main__":
    if missing := {"rust", "numba"} - registry.backends().keys():
        sys.exit(f"the table needs every backend installed; missing: {', '.join(missing)}")
    for path, text in pages().items():
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(text, encoding="utf-8")
