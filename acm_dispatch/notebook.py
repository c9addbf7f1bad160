"""The cell magic ``%%dispatch``: who ran the calls of a cell. ``%load_ext acm_dispatch.notebook`` brings it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from .execution.tracing import Trace, trace
from .policy.scopes import use


def load_ipython_extension(shell: Any) -> None:
    """Register the magic; IPython calls this."""

    def dispatch(line: str, cell: str) -> Trace:
        """Run the cell, with the backends named after ``%%dispatch`` preferred, and show its calls."""
        preferred = line.split()
        with use(*preferred) if preferred else nullcontext(), trace() as seen:
            shell.run_cell(cell)
        return seen

    shell.register_magic_function(dispatch, "cell", "dispatch")
