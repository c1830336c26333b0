"""From real traced runs to stages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from fossml.begin.draft import Draft, Known, draft, same, stage_name, unique
from fossml.begin.files import text_of
from fossml.begin.inputs import params
from fossml.begin.outputs import outputs
from fossml.begin.traced import run
from fossml.errors import FossmlError
from fossml.types import Output, Stage
from tests.begin.conftest import Write

ENV = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}


def drafted(root: Path, cmd: str, **known: Any) -> Draft:
    shown: list[bytes] = []
    ran = run(cmd, root, ENV, shown.append)
    assert ran.code == 0, ran.tail
    return draft(cmd, ran, Known(**known), lambda path: text_of(root, path))


def test_a_script_with_modules_data_parameters_and_metrics(write: Write) -> None:
    root = write(
        {
            "train.py": "import json, lib.net\np = open('params.yaml').read(); 'lr'\nopen('data.csv').read()\n"
            "json.dump({'accuracy': 0.9}, open('metrics.json', 'w')); open('model.bin', 'w').write('w')\n",
            "lib/net.py": "",
            "unused.py": "",
            "data.csv": "1",
            "params.yaml": "lr: 1\nother: 2\n",
        }
    )
    found = drafted(root, "python train.py --lr 0.1", params={"params.yaml": {"lr": 1, "other": 2}})
    assert found.name == "train"
    assert found.stage == {
        "cmd": "python train.py --lr 0.1",
        "deps": ["data.csv", "train.py"],
        "params": ["lr"],
        "outs": ["model.bin"],
        "metrics": [{"metrics.json": {"cache": False}}],
    }
    assert found.notes[0].startswith("lib/net.py: imported, so each `fossml build` sees a change there by itself")
    assert len(found.notes) == 1


def test_modules_are_declared_where_another_stage_makes_them_or_the_command_names_no_script(write: Write) -> None:
    root = write(
        {
            "pkg/__init__.py": "",
            "pkg/train.py": "import pkg.made, pkg.other\nopen('out', 'w')\n",
            "pkg/made.py": "",
            "pkg/other.py": "",
            "run.sh": "python -m pkg.train\n",
        }
    )
    first = Stage("generate", "python g.py", outs=(Output("pkg/made.py"),))
    found = drafted(root, "python -m pkg.train", stages=(first,))
    assert found.stage["deps"] == ["pkg/made.py", "pkg/train.py"]
    by_shell = drafted(root, "sh run.sh", stages=(first,))
    assert by_shell.stage["deps"] == ["pkg/__init__.py", "pkg/made.py", "pkg/other.py", "pkg/train.py", "run.sh"]


def test_a_log_that_is_appended_to_is_left_out_and_named(write: Write) -> None:
    root = write({"a.py": "open('log', 'a').write('x'); open('out', 'w').write('x')\n", "log": "before"})
    found = drafted(root, "python a.py")
    assert (found.stage["deps"], found.stage["outs"]) == (["a.py"], ["out"])
    assert "log is read and changed" in found.notes[0]


def test_what_git_tracks_stays_in_git_and_the_note_says_so(write: Write) -> None:
    root = write({"a.py": "open('out', 'w').write('x')\n", "out": "old"})
    found = drafted(root, "python a.py", tracked=frozenset({"a.py", "out"}))
    assert found.stage["outs"] == [{"out": {"cache": False}}]
    assert "out is tracked by git" in found.notes[0]


def test_many_files_made_in_a_folder_are_the_folder(write: Write) -> None:
    root = write(
        {"a.py": "import os\nos.makedirs('out/deep')\nfor i in range(6): open(f'out/deep/{i}', 'w').write('x')\n"}
    )
    assert drafted(root, "python a.py").stage["outs"] == ["out"]


def test_a_folder_with_other_files_in_it_is_not_an_output(write: Write) -> None:
    root = write({"a.py": "for i in range(6): open(f'out/{i}', 'w').write('x')\n", "out/mine": "x"})
    assert drafted(root, "python a.py").stage["outs"] == [f"out/{i}" for i in range(6)]


def test_a_folder_with_files_that_git_tracks_is_not_an_output() -> None:
    after = {f"out/{i}": (1, 1, 1) for i in range(7)}
    found = outputs(set(after), after, frozenset({"out/0"}), lambda _: None)
    assert found.outs == ({"out/0": {"cache": False}}, *(f"out/{i}" for i in range(1, 7)))


def test_few_files_in_a_folder_are_named_one_by_one() -> None:
    after = {f"out/{i}": (1, 1, 1) for i in range(3)}
    assert outputs(set(after), after, frozenset(), lambda _: None).outs == ("out/0", "out/1", "out/2")


def test_a_folder_that_was_listed_is_a_dependency(write: Write) -> None:
    root = write({"a.py": "import os\n[open(f'data/{f}').read() for f in os.listdir('data')]\n", "data/1": "x"})
    assert drafted(root, "python a.py").stage["deps"] == ["a.py", "data"]


def test_a_second_stage_is_linked_to_the_output_of_the_first(write: Write) -> None:
    root = write({"b.py": "open('prepared/x').read()\nopen('raw/y').read()\n", "prepared/x": "1", "raw/y": "1"})
    first = Stage("prepare", "python a.py", outs=(Output("prepared"),))
    found = drafted(root, "python b.py", stages=(first,), data=("raw",))
    assert found.stage["deps"] == ["b.py", "prepared", "raw"]


def test_an_output_of_another_stage_is_refused(write: Write) -> None:
    root = write({"b.py": "open('out/x', 'w').write('1')\n", "out/x": ""})
    first = Stage("first", "python a.py", outs=(Output("out"),))
    with pytest.raises(FossmlError, match="'first' makes already"):
        drafted(root, "python b.py", stages=(first,))


def test_what_lies_outside_is_named_and_not_declared(write: Write, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_text("1")
    root = write({"a.py": f"open({str(tmp_path / 'far.csv')!r}).read()\n"})
    found = drafted(root, "python a.py")
    assert found.stage["deps"] == ["a.py"]
    assert str(tmp_path / "far.csv") in found.notes[0]


def test_what_compiled_code_or_a_shell_writes_is_seen_by_its_change(write: Write) -> None:
    root = write({"run.sh": "cp in.txt out.txt\n", "in.txt": "x"})
    found = drafted(root, "sh ./run.sh")
    assert (found.name, found.stage["deps"], found.stage["outs"]) == ("run", ["run.sh"], ["out.txt"])
    assert "add the dependencies by hand" in found.notes[0]


def test_opened_for_writing_and_not_written_is_no_output(write: Write) -> None:
    root = write({"a.py": "open('same', 'r+').read(); open('out', 'w').write('1')\n", "same": "x"})
    found = drafted(root, "python a.py")
    assert (found.stage["deps"], found.stage["outs"]) == (["a.py", "same"], ["out"])


def test_a_copy_with_the_times_of_its_original_is_an_output(write: Write) -> None:
    root = write({"a.py": "import shutil\nshutil.copy2('in', 'out')\n", "in": "x"})
    for _ in range(2):
        found = drafted(root, "python a.py")
        assert (found.stage["deps"], found.stage["outs"]) == (["a.py", "in"], ["out"])


def test_the_log_comes_live_and_its_end_is_kept(write: Write) -> None:
    root = write({"a.py": "import sys\nfor i in range(50): print(i)\nsys.exit('broken')\n"})
    shown: list[bytes] = []
    ran = run("python a.py", root, ENV, shown.append)
    assert ran.code == 1
    assert b"".join(shown).startswith(b"0\n1\n")
    assert (len(ran.tail), ran.tail[-1]) == (20, "broken")


@pytest.mark.parametrize(("cmd", "code"), [("nosuchcommand", 127), ("kill -9 $$", 137)])
def test_a_command_that_cannot_run_has_the_code_of_a_shell(write: Write, cmd: str, code: int) -> None:
    assert run(cmd, write({}), ENV, lambda _: None).code == code


@pytest.mark.parametrize(
    ("cmd", "name"),
    [
        ("python train.py --lr 0.1", "train"),
        ("python -u src/run_all.py", "run_all"),
        ("python -m pkg.train --x 1", "train"),
        ("bash scripts/eval.model.sh", "eval-model"),
        ("make", "make"),
        ("python 'my script.py'", "my-script"),
    ],
)
def test_a_stage_is_called_as_its_script(cmd: str, name: str) -> None:
    assert stage_name(cmd) == name


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert unique("a", {"b"}) == "a"
    assert unique("a", {"a", "a-2"}) == "a-3"


def test_the_same_command_is_found_again() -> None:
    stages = (Stage("a", "python a.py"), Stage("b", "python a.py", wdir="sub"))
    assert same("python a.py", stages) == stages[0]
    assert same("python b.py", stages) is None


def test_parameters_by_file_with_the_default_first() -> None:
    files = {"conf/config.json": {"lr": 1}, "params.yaml": {"a": 1, "b": 2}, "params.toml": {"x.y": 1}}
    assert params(files, {"b", "nothing"}) == ["b", {"conf/config.json": ["lr"]}, {"params.toml": None}]


def test_metrics_keep_their_folder_apart() -> None:
    after = {f"r/{i}.png": (1, 1, 1) for i in range(7)} | {"r/metrics.json": (1, 1, 1), "r/results.csv": (1, 1, 1)}
    texts = {"r/metrics.json": '{"accuracy": 1}', "r/results.csv": "acc\n0.5\n"}
    found = outputs(set(after), after, frozenset(), texts.get)
    assert found.outs == tuple(f"r/{i}.png" for i in range(7))
    assert found.metrics == ({"r/metrics.json": {"cache": False}},)
    assert found.plots == ({"r/results.csv": {"cache": False}},)


def test_a_dollar_brace_is_for_the_shell_not_for_templates(write: Write) -> None:
    root = write({"a.py": ""})
    assert drafted(root, "X=1; python a.py ${X}").stage["cmd"] == "X=1; python a.py \\${X}"
