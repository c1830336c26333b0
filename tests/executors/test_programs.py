"""Which folders of the machine a Python needs; a file of a stranger's beside it opens no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.executors.programs import python_folders


def environment(folder: Path, home: str) -> str:
    """A virtual environment at `folder` that says it is built on the Python in `home`; the path of its program."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").write_text("")
    (folder / "bin/python").chmod(0o755)
    (folder / "pyvenv.cfg").write_text(f"home = {home}\nversion = 3.11.2\n")
    return str(folder / "bin/python")


def test_the_python_that_an_environment_is_built_on_is_shown(tmp_path: Path) -> None:
    built_on = tmp_path / "real"
    environment(built_on, "/usr/bin")
    program = environment(tmp_path / "env", f"{built_on}/bin")
    assert python_folders(program, [], tmp_path / "me") == (tmp_path / "env", built_on)


@pytest.mark.parametrize("home", ["{secret}/keys", "{secret}/keys/../keys", "relative", "", "/nonexistent", "\0"])
def test_a_hostile_pyvenv_cfg_opens_no_other_folder(home: str, tmp_path: Path) -> None:
    (tmp_path / "secret/keys").mkdir(parents=True)
    (tmp_path / "secret/keys/id_rsa").write_text("secret")
    program = environment(tmp_path / "env", home.format(secret=tmp_path / "secret"))
    assert python_folders(program, [], tmp_path / "me") == (tmp_path / "env",)


def test_nothing_opens_the_home(tmp_path: Path) -> None:
    me = tmp_path / "me"
    environment(me, "/usr/bin")  # a Python in ~/bin
    program = environment(tmp_path / "env", f"{me}/bin")
    with pytest.raises(FossmlError, match="would have to be shown"):
        python_folders(program, [], me)
