"""The hook enters a Python whose PYTHONPATH the command sets anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fossml.trace import collect, traced_env
from tests.trace.conftest import Lab

HERE = str(Path(sys.executable).parent)


def shell(lab: Lab, cmd: str, path: str = f"{HERE}{os.pathsep}{os.environ['PATH']}") -> str:
    lab.write("src/module.py", "x = 1\n")
    lab.write("main.py", "import sys, module\nprint(sys.executable, sys.path[:2])\n")
    env = traced_env({"PATH": path}, lab.folder, lab.root)
    return subprocess.run(["sh", "-c", cmd], cwd=lab.root, env=env, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "cmd",
    [
        "PYTHONPATH=src python main.py",
        "export PYTHONPATH=$PWD/src; python3 main.py",
        'env -i PATH="$PATH" PYTHONPATH=src python main.py',
        "echo 'PYTHONPATH=src python main.py' > run.sh; sh run.sh",
        "cd src && PYTHONPATH=. python ../main.py",
    ],
)
def test_a_command_that_sets_the_path_of_modules_is_traced(lab: Lab, cmd: str) -> None:
    told = shell(lab, cmd)
    assert "src/module.py" in collect(lab.folder, lab.root).sources
    assert told.startswith(f"{HERE}/python") and str(lab.folder) not in told


def test_a_python_that_is_a_script_and_looks_along_path_again_is_entered(lab: Lab) -> None:
    """As pyenv's are."""
    script = lab.write("shims/python", f'#!/bin/sh\nPATH={HERE}:${{PATH#*shims:}} exec python "$@"\n')
    script.chmod(0o755)
    told = shell(lab, "PYTHONPATH=src python main.py", f"{script.parent}:{os.environ['PATH']}")
    assert told.startswith(f"{HERE}/python")
    assert "src/module.py" in collect(lab.folder, lab.root).sources


def test_a_path_without_python_is_left_as_it_is(lab: Lab) -> None:
    assert traced_env({"PATH": str(lab.root)}, lab.folder, lab.root)["PATH"] == str(lab.root)
    assert not (lab.folder / "bin").exists()
