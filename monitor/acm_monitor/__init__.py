"""Condition monitoring of a sensor recording: the job behind ``acm-monitor`` and ``acm-dispatch demo``.

`analyse` takes a frame and gives an `Analysis`; `Config` holds everything that may be set. Only the public API of
`acm_dispatch` is used here, so this is also what an application looks like.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Analysis, analyse
    from .config import Config
    from .errors import UnusableData
    from .model import Model, load_model, save_model
    from .reading import Reading
    from .thresholds import Thresholds

__all__ = [
    "Analysis",
    "Config",
    "Model",
    "Reading",
    "Thresholds",
    "UnusableData",
    "analyse",
    "load_model",
    "save_model",
]

_MODULES = {
    "Analysis": "api",
    "analyse": "api",
    "Config": "config",
    "UnusableData": "errors",
    "Model": "model",
    "load_model": "model",
    "save_model": "model",
    "Reading": "reading",
    "Thresholds": "thresholds",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command's help needs no Arrow."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
