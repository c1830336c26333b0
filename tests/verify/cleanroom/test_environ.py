from __future__ import annotations

from pathlib import Path

import pytest

from fossml.verify.cleanroom.environ import (
    cache_folder,
    inside,
    moved_command,
)


def test_what_leads_into_the_folder_leads_into_the_copy() -> None:
    root, copy = Path("/home/a/p"), Path("/c/p")
    env = inside({"PYTHONPATH": "/home/a/p/src:/home/a/pp:/lib", "X": "/home/a/p"}, root, copy, copy / "sub")
    assert env == {"PYTHONPATH": "/c/p/src:/home/a/pp:/lib", "X": "/home/a/p", "PWD": "/c/p/sub"}
    assert moved_command("python /home/a/p/t.py --data=/home/a/pp '/home/a/p'", root, copy) == (
        "python /c/p/t.py --data=/home/a/pp '/c/p'"
    )


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"FOSSML_CACHE_DIR": "/x", "XDG_CACHE_HOME": "/y"}, Path("/x/verify")),
        ({"XDG_CACHE_HOME": "/y"}, Path("/y/fossml/verify")),
        ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache/fossml/verify"),
        ({}, Path.home() / ".cache/fossml/verify"),
    ],
)
def test_records_lie_in_the_user_s_cache(environ: dict[str, str], folder: Path) -> None:
    assert cache_folder(environ) == folder
