"""The command line: parse, call, print. One module per command; nothing is imported before it is needed."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(argv: list[str] | None = None) -> None:
    """Run the command line and exit: 0 good, 1 not, 2 usage or configuration, 3 could not tell, 130 interrupted."""
    try:
        if (sys.argv[1:] if argv is None else argv) == ["build"] and _said_again():
            sys.exit(0)
        from fossml.cli.app import run

        run(argv)
    except KeyboardInterrupt:  # before a command had begun, which knows what to say
        sys.exit(130)


def _said_again() -> bool:
    """Say once more what the last build said, if nothing that it rests on has changed since."""
    from fossml.engine.certificate import holds

    said = holds()
    try:
        if said is not None:
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
    except OSError:  # nobody listens; the whole command knows what to do then
        return False
    return said is not None
