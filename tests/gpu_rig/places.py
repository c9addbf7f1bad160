"""Where the rig's sources are, and what it builds: outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

RIG = Path(__file__).resolve().parent
SHIM = RIG / "shim"
PLANTED = RIG / "planted"
CACHE = Path(os.environ.get("GPU_RIG_CACHE") or Path.home() / ".cache" / "acm-dispatch" / "gpu-rig")
