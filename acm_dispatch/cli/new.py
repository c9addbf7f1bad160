"""``acm-dispatch new``: a distribution to begin from, complete and proved, with a name of its own."""

from __future__ import annotations

import re
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from .. import __version__
from ..backends import registry
from ..errors import ConfigurationError

#: Files as they will be, but for their suffix `.in`, the words below, and `package`, which is the name, too.
_TEMPLATE = Path(__file__).with_name("template")


def new_distribution(name: str, folder: Path) -> list[Path]:
    """Write the distribution into `folder`; answers its files.

    Raises
    ------
    ConfigurationError
        If `name` cannot be that of a package and a backend, is in use, or `folder` has something in it.
    """
    if not re.fullmatch(r"[a-z]([a-z0-9_]*[a-z0-9])?", name) or iskeyword(name):
        raise ConfigurationError(f"new: the name is {name!r}; expected lower-case letters, digits and underscores")
    if name in registry.backends() or find_spec(name):
        raise ConfigurationError(f"new: {name!r} is installed already; expected a name that is not in use")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"new: {folder} has something in it; expected a folder that is empty or not there")
    return [_written(path, name, folder) for path in sorted(_TEMPLATE.rglob("*.in"))]


def _written(template: Path, name: str, folder: Path) -> Path:
    place = template.relative_to(_TEMPLATE).with_suffix("")
    path = folder.joinpath(*(name if part == "package" else part for part in place.parts))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = template.read_text(encoding="utf-8").replace("PLUGIN", name).replace("VERSION", __version__)
    path.write_text(text, encoding="utf-8")
    return path
