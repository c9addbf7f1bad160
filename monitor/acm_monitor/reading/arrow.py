"""Arrow's compute functions, which exist at run time only: to a type checker they are anything."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pyarrow

pa: Any = pyarrow
pc: Any = import_module("pyarrow.compute")

__all__ = ["pa", "pc"]
