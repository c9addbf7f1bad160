"""Optional packages, imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class UnusableData(ValueError):
    """The demo cannot go on; the message tells the user what to change."""


def optional_module(name: str, purpose: str) -> Any:
    """The module called `name`, or the sentence that says how to get it.

    Parameters
    ----------
    name : str
    purpose : str
        What it is needed for, as the subject of the sentence: "reading CSV files".

    Raises
    ------
    UnusableData
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise UnusableData(f'{purpose} needs {package}; install it with `pip install "acm-dispatch[demo]"`') from None
