"""Loaded by `site` as every Python of a run starts: folders are listed backwards. Then makes way for the user's own.

Standard library only, Python >= 3.8. A program that depends on the order of a folder's files then shows it.
"""

# ruff: noqa: PTH100, PTH120
# pathlib would show in sys.modules.

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Listing:
    """`os.listdir`, backwards. An object, since a class that takes it in must not make a method of it."""

    def __init__(self, real: "Any") -> None:
        self.real = real

    def __call__(self, *args: "Any", **named: "Any") -> "Any":
        """The names, the last first."""
        return self.real(*args, **named)[::-1]


class Scanning(Listing):
    """`os.scandir`, backwards."""

    def __call__(self, *args: "Any", **named: "Any") -> "Any":
        """The entries, the last first."""
        with self.real(*args, **named) as found:
            return Entries(list(found)[::-1])


class Entries:
    """What `os.scandir` gives: an iterator that can be closed and used in `with`."""

    def __init__(self, entries: "list[Any]") -> None:
        self.rest = iter(entries)

    def __iter__(self) -> "Entries":
        return self

    def __next__(self) -> "Any":
        return next(self.rest)

    def __enter__(self) -> "Entries":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """No more entries."""
        self.rest = iter(())


def turn() -> None:
    """Put both in the place of the real ones."""
    listing, scanning = Listing(os.listdir), Scanning(os.scandir)
    for real, ours in ((os.listdir, listing), (os.scandir, scanning)):
        if real in os.supports_fd:
            os.supports_fd.add(ours)
    os.listdir, os.scandir = listing, scanning


def users_own() -> None:
    """Load what `site` would have met without us."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != here]
    spec = sys.modules["_frozen_importlib_external"].PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        raise ImportError("No module named 'sitecustomize'", name="sitecustomize")
    module = type(sys)("sitecustomize")
    module.__spec__, module.__loader__, module.__file__ = spec, spec.loader, spec.origin
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


turn()
users_own()
