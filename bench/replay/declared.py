"""Run by the real dvc's Python: for each root on standard input, one line of JSON with its stages as dvc reads them."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def stages(root: str) -> list[dict[str, Any]]:
    """Every stage that has a command; paths are relative to `root`, parameters come with their values."""
    os.chdir(root)
    repo = importlib.import_module("dvc.repo").Repo(root)
    try:
        return [described(stage, repo.root_dir) for stage in repo.index.stages if stage.cmd]
    finally:
        repo.close()


def described(stage: Any, root: str) -> dict[str, Any]:
    """One stage."""
    params = [dep for dep in stage.deps if hasattr(dep, "params")]
    return {
        "address": stage.addressing,
        "cmd": stage.cmd,
        "wdir": os.path.relpath(stage.wdir, root),
        "deps": [os.path.relpath(dep.fs_path, root) for dep in stage.deps if not hasattr(dep, "params")],
        "params": {os.path.relpath(dep.fs_path, root): dep.read_params() for dep in params},
        "outs": [os.path.relpath(out.fs_path, root) for out in stage.outs],
        "asked": bool(stage.always_changed or stage.is_callback),
    }


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        try:
            answer: object = stages(json.loads(line))
        except Exception as error:  # whatever dvc raises is an answer
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    main()
