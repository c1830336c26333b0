"""The command as a whole: help without weight, errors without tracebacks, exit codes that mean something."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fossml import __version__
from fossml.cli import main
from fossml.cli.app import COMMANDS


def fossml(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fossml", *args],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def helped(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*args, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.findall(r"^  (\w+) ", helped(capsys).partition("Commands:")[2], re.MULTILINE)
    assert listed == ["init", "demo", "build", "check", "verify", "diff"]


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["-h"]])
def test_help_imports_nothing_heavy(argv: list[str], tmp_path: Path) -> None:
    code = f"""
import sys
from fossml.cli import main
try:
    main({argv!r})
except SystemExit:
    pass
import json
print("LOADED", json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.partition("LOADED ")[2]))
    assert "fossml.cli.app" in loaded
    assert not loaded & {"numpy", "scipy", "ruamel", "ruamel.yaml", "pathspec", "sqlite3", "ssl", "urllib.request"}
    assert not {name for name in loaded if name.startswith("fossml.cli.")} - {"fossml.cli.app"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_and_exit_codes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = helped(capsys, name)
    assert f"Usage: fossml {name}" in said
    examples = said.partition("Examples:")[2]
    assert re.search(rf"^  .*fossml {name}", examples, re.MULTILINE)
    codes = said.partition("Exit codes:")[2]
    assert [code for code in "012" if not re.search(rf"\b{code}\s+\w", codes)] == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "init"])
def test_every_command_that_reports_has_json(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--json" in helped(capsys, name)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"fossml {__version__}\n"


def test_an_error_is_two_lines_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "fossml.toml").write_text("\n[sed]\n")
    (tmp_path / "dvc.yaml").write_text("stages: {a: {cmd: 'true'}}\n")
    done = fossml("build", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: fossml.toml:2: unknown table [sed]\nhint: did you mean 'seed'?\n"


@pytest.mark.parametrize("args", [["nonsense"], ["--nonsense"], ["build", "--nonsense"], ["verify", "/nonexistent"]])
def test_wrong_usage_exits_2(args: list[str], tmp_path: Path) -> None:
    done = fossml(*args, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr.lower()


@pytest.mark.parametrize("args", [[], ["build"], ["check"], ["verify"]])
def test_nothing_to_judge_exits_3(args: list[str], tmp_path: Path) -> None:
    done = fossml(*args, cwd=tmp_path, FOSSML_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
