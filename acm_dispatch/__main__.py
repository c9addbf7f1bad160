"""``acm-dispatch`` and ``python -m acm_dispatch``: the command line, or the sentence that says what it needs."""

from __future__ import annotations

import sys

_NEEDED = ("rich", "typer")


def main() -> None:
    """Run the command line on `sys.argv`."""
    try:
        from .cli import run

        run()
    except KeyboardInterrupt:  # before the first command was reached
        print("Interrupted.", file=sys.stderr)
        raise SystemExit(130) from None
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        message = (
            f'acm-dispatch: the command line needs {error.name}; install it with `pip install "acm-dispatch[cli]"`'
        )
        print(message, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
