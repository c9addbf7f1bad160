"""The command line: one module a command. It needs the extra ``cli``."""

from .app import app, run

__all__ = ["app", "run"]
