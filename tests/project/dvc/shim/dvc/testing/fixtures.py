"""The fixtures that DVC's tests of its templates ask for, on a plain folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path, PosixPath
from typing import Any

import pytest

from fossml.project.dvc.emit import dump


class TmpDir(PosixPath):
    """A folder, and what DVC's tests write into it."""

    @property
    def fs_path(self) -> str:
        """The path as text."""
        return os.fspath(self)

    @property
    def dvc(self) -> Repository:
        """The repository of this folder."""
        return Repository(self)

    def dump(self, data: dict[str, Any], fs: object = None) -> None:  # noqa: ARG002
        """Write `data` in the format of the suffix."""
        self.write_text(json.dumps(data) if self.suffix == ".json" else dump(data))

    def scm_gen(self, name: str, text: str, commit: str) -> None:
        """Write a file and commit it."""
        (self / name).write_text(text)
        git(self, "add", name)
        git(self, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", commit)


class Repository:
    """What DVC's tests take of a `Repo`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fs = None
        self.config = self

    @contextmanager
    def edit(self) -> Iterator[ConfigParser]:
        """Change .dvc/config, which fossml reads."""
        parser = ConfigParser(interpolation=None)
        parser.add_section("parsing")
        yield parser
        (self.root / ".dvc").mkdir()
        with (self.root / ".dvc" / "config").open("w") as file:
            parser.write(file)

    def brancher(self, revs: list[str]) -> Iterator[str]:
        """The working tree as it is, then each revision checked out."""
        yield "workspace"
        for rev in revs:
            git(self.root, "checkout", "-q", rev)
            yield rev


def git(root: Path, *args: str) -> None:
    """Call git."""
    subprocess.run(["git", *args], cwd=root, check=True)


@pytest.fixture
def tmp_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TmpDir:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return TmpDir(tmp_path)


@pytest.fixture
def scm(tmp_dir: TmpDir) -> None:
    """A git repository."""
    git(tmp_dir, "init", "-q")


@pytest.fixture
def dvc(tmp_dir: TmpDir) -> Repository:
    """A repository of DVC."""
    return tmp_dir.dvc


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """One JSON line for each test: its name, how it went, the statement that failed and the error's first line."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.when == "call" or report.failed:
        failed = call.excinfo
        line = {
            "test": item.nodeid,
            "passed": report.passed,
            "statement": str(failed.traceback[-1].statement).strip() if failed else "",
            "error": f"{failed.typename}: {failed.value}".split("\n")[0] if failed else "",
        }
        with Path(os.environ["FOSSML_ACCOUNT"]).open("a") as file:
            file.write(json.dumps(line) + "\n")
    return report  # type: ignore[return-value]
