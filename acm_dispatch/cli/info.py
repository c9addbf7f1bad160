"""``acm-dispatch info``: which backend has a kernel for which operation; with a name, all about one."""

from __future__ import annotations

import warnings

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..backends import registry
from ..backends.backend import Backend
from ..describe import info
from ..errors import DispatchWarning
from .options import named_operation


def description(name: str) -> str:
    """All there is to know before writing a kernel or a call, as text.

    Raises
    ------
    ConfigurationError
        If there is no operation or composition of that name.
    """
    registry.backends()  # whose distributions may declare it
    if registry.find_composition(name) is None:
        named_operation(name)
    return str(info(name))


def operations_table() -> RenderableType:
    """Operations by backends, functions made of operations, and the backends that cannot run, with their reasons."""
    backends = registry.backends()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DispatchWarning)  # each of them has its line below
        reasons = {name: reason for name, backend in backends.items() if (reason := registry.unusable(backend))}
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    table.add_column("operation", no_wrap=True)
    table.add_column("shapes", overflow="fold")
    for name, backend in backends.items():
        table.add_column(f"{name}\n{backend.version}".strip(), justify="center", no_wrap=True)
    for name, operation in sorted(registry.operations.items()):
        cells = [_cell(backend, name, unusable=backend.name in reasons) for backend in backends.values()]
        table.add_row(Text(name), Text(operation.shapes.text), *cells)
    lines = [Text(f"{c.name}: made of {', '.join(c.operations)}") for c in registry.compositions.values()]
    lines += [Text(f"{name} cannot run: {reason}", style="yellow") for name, reason in reasons.items()]
    missing = [name for name in registry.INSTALL if name not in backends]
    lines += [Text(f"{name} is not installed: {registry.INSTALL[name]}", style="dim") for name in missing]
    return Group(table, *lines)


def _cell(backend: Backend, operation: str, *, unusable: bool) -> Text:
    if unusable:
        return Text("unavailable", style="yellow")
    if registry.has_kernel(backend, operation):
        return Text("kernel", style="green")
    return Text("-", style="dim")
