"""A build with nothing to do is answered from the last one, and by nothing less than all that its answer rests on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fossml.cli import main
from fossml.engine import certificate
from fossml.engine.certificate import FILE, PATH, TREE, VARIABLE, Place, holds
from fossml.engine.witness import Witness

TRAIN = """\
import os
import addon
from package import model

names = os.listdir("rows")
text = open("notes.txt").read()
try:
    open("local.cfg")
except FileNotFoundError:
    pass
open("m.txt", "w").write(model.score(names, text))
"""
FILES = {
    "dvc.yaml": """\
stages:
  train:
    cmd: python train.py
    deps: [data]
    params: [rate]
    outs: [m.txt]
  many:
    cmd: mkdir -p made && cp params.yaml made/a && cp params.yaml made/b
    params: [rate]
    outs: [made]
""",
    "params.yaml": "rate: 1\n",
    "fossml.toml": '[stage.train]\nenv = ["MODE"]\n',
    "train.py": TRAIN,
    "package/__init__.py": "",
    "package/model.py": "def score(names, text):\n    return str(len(names) + len(text))\n",
    "data/a/x.csv": "1\n",
    "data/b/y.csv": "2\n",
    "rows/a.csv": "1\n",
    "notes.txt": "hello\n",
    "README.md": "nobody reads this\n",
    "sub/README.md": "nor this\n",
}
CURRENT = "0 ran, 2 current"


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    site = tmp_path / "site"
    (site / "addon-1.0.dist-info").mkdir(parents=True)
    (site / "addon-1.0.dist-info" / "METADATA").write_text("Name: addon\nVersion: 1.0\n")
    (site / "addon-1.0.dist-info" / "RECORD").write_text("addon.py,,\n")
    (site / "addon.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("PATH", f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("MODE", raising=False)
    monkeypatch.chdir(repository)
    certified()
    return repository


def certified() -> None:
    """Build until the answer may be given again: files must be older than a tick of the clock."""
    for _ in range(200):
        if holds() is not None:
            return
        build()
    raise AssertionError("no certificate comes")


def build() -> int:
    with pytest.raises(SystemExit) as ended:
        main(["build"])
    return int(ended.value.code or 0)


def rewritten(name: str, text: str) -> Callable[[Path], None]:
    """Other bytes of the same length and with the same mtime."""

    def change(root: Path) -> None:
        path = root / name
        before = path.stat()
        assert before.st_size == len(text)
        path.write_text(text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    return change


def written(name: str, text: str = "") -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)

    return change


def removed(name: str) -> Callable[[Path], None]:
    return lambda root: shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()


def upgraded(root: Path) -> None:
    site = root.parent / "site"
    (site / "addon-1.0.dist-info").rename(site / "addon-1.1.dist-info")


CHANGES: dict[str, Callable[[Path], None]] = {
    "an input": rewritten("data/a/x.csv", "3\n"),
    "a new input in a folder": written("data/b/z.csv"),
    "an input gone": removed("data/b"),
    "an output": rewritten("m.txt", "8"),
    "an output gone": removed("m.txt"),
    "a file of an output gone": removed("made/b"),
    "a parameter": written("params.yaml", "rate: 2\n"),
    "a stage": written("dvc.yaml", FILES["dvc.yaml"].replace("train.py\n", "train.py 1\n")),
    "a pipeline elsewhere": written(
        "sub/dvc.yaml", "stages:\n  late:\n    cmd: 'true > ../late'\n    outs: [../late]\n"
    ),
    "a setting": written("fossml.toml", "[seed]\nflag = '--seed'\nvalue = 1\n"),
    "dvc's configuration": written(".dvc/config.local", "[cache]\n"),
    "what is ignored": written("data/.dvcignore", "x.csv\n"),
    "dvc.lock gone": removed("dvc.lock"),
    "fossml.lock gone": removed("fossml.lock"),
    "a source": written("package/model.py", "def score(names, text):\n    return 'other'\n"),
    "a file that it opened": rewritten("notes.txt", "olleh\n"),
    "a file in a folder that it listed": written("rows/b.csv"),
    "a file that it looked for": written("local.cfg"),
    "a link that it looked for": lambda root: (root / "local.cfg").symlink_to("nowhere"),
    "a module in the way": written("addon.py"),
    "a package in the way": written("addon/__init__.py"),
    "a distribution": upgraded,
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_the_answer_rests_on_takes_it_back_when_it_changes(project: Path, name: str) -> None:
    assert holds() == CURRENT
    CHANGES[name](project)
    assert holds() is None


def test_what_no_stage_reads_takes_nothing_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "README.md").write_text("other\n")
    (project / "data/a/x.csv").read_bytes()
    subprocess.run(["git", "add", "README.md"], cwd=project, check=True)
    capsys.readouterr()
    assert (holds(), build()) == (CURRENT, 0)
    assert capsys.readouterr().out == f"{CURRENT}\n"


@pytest.mark.parametrize("name", ["MODE", "PYTHONPATH", "PATH"])
def test_a_variable_that_counts_takes_the_answer_back(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert holds() == CURRENT
    monkeypatch.setenv(name, f"{os.environ.get(name, '')}:{project}")
    assert holds() is None


def test_another_python_found_first_takes_the_answer_back(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    early = project.parent / "early"
    early.mkdir()
    monkeypatch.setenv("PATH", f"{early}:{os.environ['PATH']}")
    build()
    certified()
    (early / "python").symlink_to(sys.executable)
    assert holds() is None


def test_a_change_in_the_tick_of_the_answer_is_seen(project: Path) -> None:
    """Nothing waits: the change comes as soon as it can, and its times may be the same as those before."""
    for number in range(20):
        build()
        (project / "params.yaml").write_text(f"rate: {number}\n")
        build()
        assert (project / "made/a").read_text() == f"rate: {number}\n"


def test_what_changed_while_it_was_looked_at_is_not_certified(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(change: Callable[[], object], *places: Place) -> bool:
        (project / FILE).unlink(missing_ok=True)
        monkeypatch.setattr(Witness, "saw", lambda *_: None)
        witness = Witness(project)
        change()
        witness.certify("said", places)
        return holds() == "said"

    assert kept(lambda: None, (TREE, "data"), (PATH, "README.md"), (PATH, "sub/none"), (VARIABLE, "MODE"))
    assert not kept((project / "README.md").touch, (PATH, "README.md"))
    assert not kept(lambda: rewritten("data/a/x.csv", "4\n")(project), (TREE, "data"))
    assert not kept((project / "sub/README.md").unlink, (PATH, "sub/README.md"))
    assert not kept(lambda: None, (TREE, "gone"))
    assert not kept(lambda: None, (TREE, "."))


def test_an_answer_of_a_killed_build_or_beside_another_one_does_not_count(project: Path) -> None:
    (project / ".fossml/lock").write_text("1")
    assert holds() is None


def test_a_damaged_answer_does_not_count(project: Path) -> None:
    path = project / FILE
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[:-1],
        whole[:1000],
        b"\0" * len(whole),
        b"\xff" + whole[1:],
        whole.replace(b"\0p", b"p"),
    ):
        path.write_bytes(damaged)
        assert holds() is None


def test_an_answer_from_elsewhere_does_not_count(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = project.parent / "copy"
    subprocess.run(["cp", "-a", project, copy], check=True)
    monkeypatch.chdir(copy)
    assert holds() is None
    monkeypatch.chdir(project)
    assert holds() == CURRENT
    (project.parent / "own").mkdir()
    (project / ".fossml").rename(project.parent / "own" / "fossml")
    (project / ".fossml").symlink_to(project.parent / "own" / "fossml")
    assert holds() is None


def test_an_answer_of_another_fossml_does_not_count(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "__file__", str(project / "README.md"))
    assert holds() is None


def test_a_damaged_object_that_an_output_is_linked_to_is_noticed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".dvc/config").write_text("[cache]\n    type = hardlink\n")
    (project / "params.yaml").write_text("rate: 7\n")
    build()
    certified()
    output = project / "made/a"
    assert output.stat().st_nlink > 1
    output.chmod(0o644)
    output.write_text("rate: 8\n")
    output.chmod(0o444)
    capsys.readouterr()
    build()
    assert CURRENT not in capsys.readouterr().out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("words", [["--dry"], ["--json"], ["-q"], ["--force"], ["train"]])
def test_what_is_asked_in_another_way_is_answered_anew(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise AssertionError("the answer of a plain build was given")

    monkeypatch.setattr(certificate, "holds", fail)
    with pytest.raises(SystemExit):
        main(["build", *words])


def test_a_stage_that_always_runs_gets_no_certificate(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages:\n  always:\n    cmd: 'true'\n")
    for _ in range(3):
        build()
        assert holds() is None


@pytest.mark.usefixtures("project")
def test_the_answer_is_given_without_loading_the_rest() -> None:
    program = "import sys; from fossml.cli import main\ntry: main(['build'])\nfinally: print(*sorted(sys.modules))\n"
    for _ in range(200):
        said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout
        if "fossml.engine.build" not in said:
            break
    loaded = set(said.splitlines()[1].split())
    assert {name for name in loaded if name.startswith("fossml")} == {
        "fossml",
        "fossml.cli",
        "fossml.engine",
        "fossml.engine.certificate",
    }
    assert not loaded & {"click", "dataclasses", "sqlite3", "json", "typing"}
