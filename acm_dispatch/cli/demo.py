"""``acm-dispatch demo``: the command of the distribution that is the example of what the library is for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import typer

from ..errors import ConfigurationError


def run_monitor(arguments: Sequence[str]) -> None:
    """Run ``acm-monitor`` on `arguments`, as a part of this command.

    Raises
    ------
    ConfigurationError
        If it is not installed.
    """
    try:
        monitor = import_module("acm_monitor.command")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "acm_monitor":
            raise
        advice = "install it with `pip install acm-dispatch-monitor`"
        raise ConfigurationError(f"the demo is `acm-monitor`, a distribution of its own; {advice}") from None
    code = monitor.app(list(arguments), prog_name="acm-dispatch demo", standalone_mode=False)
    raise typer.Exit(code or 0)
