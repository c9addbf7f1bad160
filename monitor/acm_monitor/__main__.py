"""``python -m acm_monitor``."""

from .command import run

if __name__ == "__main__":
    run()
