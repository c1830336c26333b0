"""The environment that turns the hook on for a command and for every Python process that it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SITE = str(Path(__file__).resolve().parent / "site")


def traced_env(env: Mapping[str, str], folder: Path, root: Path) -> dict[str, str]:
    """`env` with the hook on: each Python process appends what it opens to a file of its own in `folder`.

    `root` is the repository. A Python that ignores its environment (`python -I`, `-E`, `-S`) runs untraced.
    """
    paths = [path for path in env.get("PYTHONPATH", "").split(os.pathsep) if path and path != SITE]
    return {
        **env,
        "PYTHONPATH": os.pathsep.join([SITE, *paths]),
        "FOSSML_TRACE_FOLDER": str(folder.absolute()),
        "FOSSML_TRACE_ROOT": str(root.absolute()),
    }
