"""The command line: parse, call, print. One module per command; nothing is imported before it is needed."""

from fossml.cli.main import main

__all__ = ["main"]
