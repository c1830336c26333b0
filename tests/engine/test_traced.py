"""What a stage was seen to read makes it stale when it changes, and nothing else does."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from fossml.engine.build import Options, Summary, dry
from fossml.project.declared import read_project
from fossml.project.dvcconfig import ensure_dvc
from tests.conftest import Dvc
from tests.engine.test_build import run

PATH = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
ENV = {**os.environ, "PATH": PATH}

TRAIN = """\
import json, os, random
from package import model
from package.inner import rate

rows = sorted(os.listdir("rows"))
text = open("notes.txt").read()
try:
    open("local.cfg")
except FileNotFoundError:
    pass
open("by-the-way.log", "a").write("x")
json.dump({"score": model.score(rows, text) * rate}, open("m.json", "w"))
"""
FILES = {
    "dvc.yaml": """\
        stages:
          train:
            cmd: python train.py
            deps: [train.py]
            outs: [m.json]
        """,
    "train.py": TRAIN,
    "package/__init__.py": "",
    "package/model.py": "def score(rows, text):\n    return len(rows) + len(text)\n",
    "package/inner.py": "rate = 2\n",
    "package/other.py": "never = 'imported'\n",
    "rows/a.csv": "1\n",
    "notes.txt": "hello\n",
    "README.md": "nobody reads this\n",
}


@pytest.fixture
def project(repository: Path) -> Path:
    for name, text in FILES.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(textwrap.dedent(text))
    ensure_dvc(repository)
    assert build(repository) == Summary(ran=1)
    return repository


def build(root: Path, **options: object) -> Summary:
    return run(root, env=ENV, **options)[0]


def reasons(root: Path) -> tuple[str, ...]:
    todos, _ = dry(read_project(root), Options(env=ENV))
    return todos[0].reasons if todos else ()


def test_a_second_build_has_nothing_to_do(project: Path) -> None:
    assert build(project) == Summary(current=1)
    assert (project / "by-the-way.log").read_text() == "x"


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


CHANGES: dict[str, Callable[[Path], object]] = {
    "package/model.py, which it executed, changed": write("package/model.py", "def score(r, t):\n    return 3\n"),
    "package/inner.py, which it executed, changed": write("package/inner.py", "rate = 3\n"),
    "package/__init__.py, which it executed, changed": write("package/__init__.py", "import os\n"),
    "notes.txt, which it opened, changed": write("notes.txt", "bye\n"),
    "notes.txt, which it opened, is gone": lambda root: (root / "notes.txt").unlink(),
    "rows, which it listed, has other files in it": write("rows/b.csv", "2\n"),
    "local.cfg, which it looked for, is there now": write("local.cfg", "x\n"),
    "random would be imported in place of the module random that it used": write("random.py", "x = 1\n"),
    "package/inner.py, which it executed, is gone": lambda root: (root / "package/inner.py").unlink(),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_what_it_read_makes_it_stale_by_name(project: Path, reason: str) -> None:
    CHANGES[reason](project)
    assert reasons(project) == (reason,)


SPARED: dict[str, Callable[[Path], object]] = {
    "a comment": write("package/model.py", "# why\ndef score(rows, text):\n    return len(rows) + len(text)  # so\n"),
    "formatting": write("package/model.py", "def score(rows,text):\n  return (len(rows)+\n     len(text))\n"),
    "a docstring": write("package/inner.py", '"""What it is."""\nrate = 2\n'),
    "a module that was not imported": write("package/other.py", "never = 'changed'\n"),
    "a file that nobody read": write("README.md", "new\n"),
    "a new module that nobody looks for": write("plot.py", "import random\n"),
    "a new file beside the sources": write("package/data.txt", "1\n"),
    "the time of a source": lambda root: os.utime(root / "package/model.py"),
    "what it wrote itself": write("by-the-way.log", "y"),
    "a value in a listed folder": write("rows/a.csv", "2\n"),
}


@pytest.mark.parametrize("change", SPARED)
def test_what_it_did_not_rest_on_spares_it(project: Path, change: str) -> None:
    SPARED[change](project)
    assert reasons(project) == ()


def test_going_back_restores_the_result_of_that_time(project: Path) -> None:
    before = (project / "m.json").read_bytes()
    old = (project / "package/model.py").read_text()
    (project / "package/model.py").write_text("def score(rows, text):\n    return 99\n")
    assert build(project) == Summary(ran=1)
    assert (project / "m.json").read_bytes() != before
    (project / "package/model.py").write_text(old)
    todos, _ = dry(read_project(project), Options(env=ENV))
    assert todos[0].rests_on is not None
    assert build(project) == Summary(restored=1)
    assert (project / "m.json").read_bytes() == before
    assert build(project) == Summary(current=1)


def test_a_declared_source_is_compared_as_dvc_does(project: Path) -> None:
    (project / "train.py").write_text(TRAIN + "# a comment\n")
    assert reasons(project)[0].startswith("train.py changed (")


def test_a_source_that_is_edited_while_it_runs_is_not_taken_for_what_ran(project: Path) -> None:
    (project / "train.py").write_text(TRAIN + "open('package/inner.py', 'r+').close()\nimport time, pathlib\n")
    text = (project / "train.py").read_text()
    text += "pathlib.Path('on').touch()\nwhile pathlib.Path('on').exists(): time.sleep(0.01)\n"
    (project / "train.py").write_text(text)

    def ticked() -> bool:
        if (project / "on").exists():
            (project / "package/model.py").write_text("def score(rows, text):\n    return 5\n")
            (project / "on").unlink()
        return False

    summary, events = run(project, env=ENV, cancelled=ticked)
    assert summary == Summary(ran=1)
    assert events[-1].notes == ("package/model.py was changed while it ran, so the next build runs it again",)
    assert reasons(project) == ("package/model.py, which it executed, was changed while it ran",)


def test_after_dvc_it_is_current_and_after_a_build_dvc_has_nothing_to_do(project: Path, dvc: Dvc) -> None:
    assert "up to date" in dvc(project, "status").stdout
    (project / "package/inner.py").write_text("rate = 7\n")
    dvc(project, "repro", "--force")
    assert build(project) == Summary(current=1, by_dvc=1)
    (project / "package/inner.py").write_text("rate = 8\n")  # nobody knows that dvc's run read it
    assert build(project) == Summary(current=1, by_dvc=1)
    assert build(project, force=True) == Summary(ran=1)
    (project / "package/inner.py").write_text("rate = 9\n")
    assert build(project) == Summary(ran=1)
    assert "up to date" in dvc(project, "status").stdout


def test_a_fresh_clone_knows_what_the_author_s_run_read(project: Path, tmp_path: Path) -> None:
    for args in (["add", "-A"], ["commit", "-qm", "built"]):
        assert os.spawnvp(os.P_WAIT, "git", ["git", "-C", str(project), *args]) == 0
    clone = tmp_path / "clone"
    assert os.spawnvp(os.P_WAIT, "git", ["git", "clone", "-q", str(project), str(clone)]) == 0
    (clone / "m.json").write_bytes((project / "m.json").read_bytes())
    assert build(clone) == Summary(current=1)
    (clone / "package/inner.py").write_text("rate = 11\n")
    assert reasons(clone) == ("package/inner.py, which it executed, changed",)


PACKAGE = "fossml_test_package"


def install(site: Path, version: str) -> None:
    for old in site.glob(f"{PACKAGE}-*"):
        for file in old.iterdir():
            file.unlink()
        old.rmdir()
    info = site / f"{PACKAGE}-{version}.dist-info"
    info.mkdir(parents=True)
    (site / f"{PACKAGE}.py").write_text("")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {version}\n")
    (info / "RECORD").write_text(f"{PACKAGE}.py,,\n")
    (info / "top_level.txt").write_text(f"{PACKAGE}\n")


@pytest.mark.parametrize(
    ("packages", "version", "stale"),
    [
        (None, "1.2.4", False),
        (None, "1.3.0", True),
        ("minor", "2.0", True),
        ("exact", "1.2.4", True),
        ("record", "9.0", False),
    ],
)
def test_a_distribution_that_was_imported_counts_as_the_author_says(
    project: Path, tmp_path: Path, packages: str | None, version: str, stale: bool
) -> None:
    site = tmp_path / "lib" / "site-packages"
    install(site, "1.2.3")
    env = {**ENV, "PYTHONPATH": str(site)}
    (project / "train.py").write_text(f"import {PACKAGE}\n" + TRAIN)
    if packages:
        (project / "fossml.toml").write_text(f'[staleness]\npackages = "{packages}"\n')
    assert run(project, env=env)[0] == Summary(ran=1)
    install(site, version)
    todos, _ = dry(read_project(project), Options(env=env))
    said = [reason for todo in todos for reason in todo.reasons]
    assert said == ([f"fossml-test-package was 1.2.3, is {version}"] if stale else [])


LOOKS = "try:\n    import fossml_test_extra\nexcept ImportError:\n    pass\n"


@pytest.mark.parametrize(
    ("looker", "packages", "stale"), [("own", "minor", True), ("own", "record", False), ("other", "minor", False)]
)
def test_a_module_that_its_code_looked_for_in_vain_counts_when_it_is_installed(
    project: Path, tmp_path: Path, looker: str, packages: str, stale: bool
) -> None:
    """What packages look for does not: they have many extras, of which few mean another result."""
    site = tmp_path / "lib" / "site-packages"
    install(site, "1.2.3")
    (site / f"{PACKAGE}.py").write_text(LOOKS if looker == "other" else "")
    (project / "train.py").write_text(f"import {PACKAGE}\n{LOOKS if looker == 'own' else ''}{TRAIN}")
    (project / "fossml.toml").write_text(f'[staleness]\npackages = "{packages}"\n')
    env = {**ENV, "PYTHONPATH": str(site)}
    assert run(project, env=env)[0] == Summary(ran=1)
    assert run(project, env=env)[0] == Summary(current=1)
    (site / "fossml_test_extra").mkdir()
    todos, _ = dry(read_project(project), Options(env=env))
    said = [reason for todo in todos for reason in todo.reasons]
    assert said == (["the module fossml_test_extra, which it looked for in vain, is installed now"] if stale else [])
    assert run(project, env=env)[0] == (Summary(ran=1) if stale else Summary(current=1))
    assert run(project, env=env)[0] == Summary(current=1)


def test_declared_variables_count_and_others_do_not(project: Path) -> None:
    (project / "fossml.toml").write_text('[stage.train]\nenv = ["LEVEL"]\n')
    run(project, env={**ENV, "LEVEL": "1", "OTHER": "1"})
    todos, _ = dry(read_project(project), Options(env={**ENV, "LEVEL": "2", "OTHER": "2"}))
    assert todos[0].reasons == ("the variable LEVEL was '1', is '2'",)
    assert dry(read_project(project), Options(env={**ENV, "LEVEL": "1", "OTHER": "2"})) == ((), 1)


def test_untraced_stages_rest_on_what_they_declare(project: Path) -> None:
    (project / "fossml.toml").write_text('[staleness]\ntrace = "none"\n')
    build(project, force=True)
    (project / "package/inner.py").write_text("rate = 3\n")
    assert build(project) == Summary(current=1)
    assert "discovered" not in json.loads((project / "fossml.lock").read_text())["train"]


def test_strace_sees_what_the_hook_does_not(repository: Path) -> None:
    (repository / "dvc.yaml").write_text("stages:\n  a: {cmd: cat part.txt > o, outs: [o]}\n")
    (repository / "part.txt").write_text("1\n")
    ensure_dvc(repository)
    (repository / "fossml.toml").write_text('[stage.a]\ntrace = "strace"\n')
    assert build(repository) == Summary(ran=1)
    assert json.loads((repository / "fossml.lock").read_text())["a"]["discovered"]["how"] == "strace"
    assert build(repository) == Summary(current=1)
    (repository / "part.txt").write_text("2\n")
    assert reasons(repository) == ("part.txt, which it opened, changed",)


def test_without_strace_a_stage_that_wants_it_says_so(repository: Path, tmp_path: Path, monkeypatch: object) -> None:
    (repository / "dvc.yaml").write_text("stages:\n  a: {cmd: echo > o, outs: [o]}\n")
    ensure_dvc(repository)
    (repository / "fossml.toml").write_text('[staleness]\ntrace = "strace"\n')
    assert isinstance(monkeypatch, pytest.MonkeyPatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    summary, events = run(repository, env={"PATH": "/bin:/usr/bin"})
    assert summary == Summary(failed=1)
    assert "strace is not installed" in events[-1].reasons[0]
