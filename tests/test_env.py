"""A command finds the user's Python, not the one that runs fossml."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import fossml
from fossml.env import Interpreter, Interpreters, by_files, child_environment, environment, interpreter

TOOL = "/home/a/.cache/uv/archive-v0/x"


def path_of(environ: dict[str, str], prefix: str = TOOL) -> str:
    return child_environment({"PATH": f"{prefix}/bin:/usr/bin:/bin", **environ}, prefix, "/usr")["PATH"]


def test_the_tool_s_own_environment_is_taken_off_the_path() -> None:
    assert path_of({}) == "/usr/bin:/bin"
    assert path_of({"UV": "/bin/uv"}, "/opt/x") == "/usr/bin:/bin"


def test_an_environment_of_the_user_s_own_stays() -> None:
    assert path_of({"VIRTUAL_ENV": TOOL}).startswith(TOOL)
    assert path_of({}, "/opt/venv").startswith("/opt/venv")
    environ = {"PATH": "/usr/bin"}
    assert child_environment(environ, "/usr", "/usr") == environ


def test_a_path_without_any_other_python_is_left_alone() -> None:
    environ = {"PATH": f"{TOOL}/bin:/nowhere"}
    assert child_environment(environ, TOOL, "/usr") == environ


def test_a_command_started_from_a_tool_s_environment_finds_the_user_s_python(tmp_path: Path) -> None:
    tool, users = tmp_path / "uv/tools/fossml", tmp_path / "mine"
    for place in (tool, users):
        venv.create(place, symlinks=True)
    site = next((tool / "lib").glob("python*/site-packages"))
    own = [Path(fossml.__file__).parents[1], *(Path(p) for p in sys.path if p.endswith("site-packages"))]
    (site / "own.pth").write_text("".join(f"{path}\n" for path in own))
    work = tmp_path / "work"
    work.mkdir()
    (work / "who.py").write_text("import sys\nprint('prefix', sys.prefix)\nprint('acc 0.5')\n")
    env = {
        "PATH": f"{tool}/bin:{users}/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "FOSSML_CACHE_DIR": str(tmp_path / "cache"),
    }
    words = ["verify", "--cmd", "python who.py", "--metric", "stdout:acc", "--claim", "0.5", "--reading", "exact"]
    program = "from fossml.cli import main; main()"
    done = subprocess.run(
        [tool / "bin/python", "-c", program, *words], cwd=work, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    logs = [path.read_text() for path in (tmp_path / "cache").rglob("stdout.txt")]
    assert logs == [f"prefix {users}\nacc 0.5\n"]


def test_the_interpreter_is_the_one_that_the_command_names(tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "python3.99").symlink_to(sys.executable)
    env = {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    named = interpreter("A=1 python3.99 t.py", env, tmp_path)
    assert named is not None
    assert named.path == str(bin_folder / "python3.99")
    assert named.version == sys.version.split()[0]
    local = interpreter("bin/python3.99 t.py", env, tmp_path)
    assert local is not None
    assert local.path == str(bin_folder / "python3.99")


def test_modules_of_the_folder_are_not_taken_for_the_library_s(tmp_path: Path) -> None:
    (tmp_path / "importlib.py").write_text("raise SystemExit(9)\n")
    found = interpreter("python t.py", dict(os.environ), tmp_path)
    assert found is not None
    assert found.version


def test_no_python_is_no_interpreter(tmp_path: Path) -> None:
    assert interpreter("./train", {"PATH": str(tmp_path)}, tmp_path) is None


def test_distributions_are_named_as_pep_503_normalises_them() -> None:
    found = environment(
        Interpreter("/p", "3.11.7", ("Foo_Bar-1.2.dist-info", "old.x-3-py3.11.egg-info", "odd.egg-link"))
    )
    assert found is not None
    assert found.distributions == {"foo-bar": "1.2", "old-x": "3"}
    assert found.python == "3.11.7"
    assert environment(None) is None


def venv_at(place: Path, *dist_infos: str) -> Path:
    venv.create(place, symlinks=True)
    packages = next((place / "lib").glob("python*/site-packages"))
    for name in dist_infos:
        (packages / name).mkdir()
    return packages


def test_an_environment_is_told_by_its_files_as_by_asking(tmp_path: Path) -> None:
    packages = venv_at(tmp_path / "env", "six-1.0.dist-info")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/own-2.dist-info").mkdir()
    (packages / "own.pth").write_text(f"# a comment\n{tmp_path}/more\n/nowhere\n")
    program = str(tmp_path / "env/bin/python")
    told, asked = by_files(program), interpreter(program, {}, tmp_path)
    assert told
    assert asked
    assert (told.path, told.version) == (asked.path, asked.version)
    assert told.distributions == asked.distributions == ("own-2.dist-info", "six-1.0.dist-info")
    assert set(told.folders) <= set(asked.folders)


def test_no_code_of_a_stranger_s_folder_or_of_an_environment_is_run_to_ask_a_python(tmp_path: Path) -> None:
    mark, folder = tmp_path / "mark", tmp_path / "folder"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"open({str(mark)!r}, 'w')\n")
    packages = venv_at(tmp_path / "env")
    (packages / "evil.pth").write_text(f"import os; open({str(mark)!r}, 'w')\n")
    own, env = str(Path(sys.base_prefix) / "bin"), str(tmp_path / "env/bin")
    for path in (own, env):
        for modules in (str(folder), "", ".", f":{own}", f"{tmp_path}/../{tmp_path.name}/folder"):
            given = {"PATH": path, "PYTHONPATH": modules}
            assert interpreter("python3 train.py", given, folder, never=folder)
            assert not mark.exists(), given
    assert interpreter("python3 train.py", {"PATH": own, "PYTHONPATH": str(folder)}, folder)
    assert mark.exists(), "this test shows nothing"


def test_a_program_in_a_stranger_s_folder_is_not_run_by_looking_at_it(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "folder").mkdir()
    evil = tmp_path / "folder/python"
    evil.write_text(f"#!/bin/sh\ntouch {mark}\n")
    evil.chmod(0o755)
    venv_at(tmp_path / "folder/env", "six-1.0.dist-info")
    looking = Interpreters({"PATH": ""}, never=tmp_path / "folder", looking=True)
    assert looking.of("./python train.py", tmp_path / "folder") is None
    found = looking.of("env/bin/python train.py", tmp_path / "folder")
    assert found
    assert found.distributions == ("six-1.0.dist-info",)
    assert Interpreters({"PATH": ""}, never=tmp_path / "folder").of("env/bin/python x.py", tmp_path / "folder") is None
    assert not mark.exists()
