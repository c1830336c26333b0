"""`fossml build`: exit codes, what would run, and the events, for people and for programs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fossml.cli import main

PIPELINE = """\
stages:
  prepare:
    cmd: cat raw.txt > data.txt
    deps: [raw.txt]
    outs: [data.txt]
  train:
    foreach: [one, two]
    do:
      cmd: echo counting && grep -c ${item} data.txt > ${item}.txt
      deps: [data.txt]
      outs: ["${item}.txt"]
  table:
    cmd: cat one.txt two.txt > table.txt
    deps: [one.txt, two.txt]
    outs: [table.txt]
"""
BROKEN = PIPELINE.replace("    cmd: cat one.txt", "    cmd: seq 30; echo why >&2; exit 7; cat one.txt")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def project(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (repository / "dvc.yaml").write_text(PIPELINE)
    (repository / "raw.txt").write_text("one\ntwo\none\n")
    monkeypatch.chdir(repository)
    return repository


@pytest.fixture
def build(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*args: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(["build", *args])
        said = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return Said(code, said.out, said.err)

    return call


def test_a_build_exits_0_and_a_second_one_has_nothing_to_do(project: Path, build: Any) -> None:
    first = build()
    assert (first.code, first.out) == (0, "4 ran, 0 current\n")
    assert next(line.split()[:2] for line in first.err.splitlines() if " done " in line) == ["done", "prepare"]
    assert "wrote .dvc/config" in first.err
    assert (project / "table.txt").read_text() == "2\n1\n"
    again = build()
    assert (again.code, again.out, again.err) == (0, "0 ran, 4 current\n", "")


def test_it_builds_from_a_folder_inside_the_project(project: Path, build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    assert build().code == 0
    assert (project / "table.txt").exists()


def test_a_failed_stage_exits_1_and_shows_the_end_of_its_log(project: Path, build: Any) -> None:
    (project / "dvc.yaml").write_text(BROKEN)
    said = build()
    assert (said.code, said.out) == (1, "3 ran, 0 current, 1 failed\n")
    lines = [line.strip() for line in said.err.splitlines()]
    assert "its command ended with exit code 7" in lines
    assert [line for line in lines if line.startswith("|")] == [*(f"| {n}" for n in range(12, 31)), "| why"]
    assert lines[-1] == "the whole log: .fossml/logs/table.log"
    assert (project / ".fossml/logs/table.log").read_text().startswith("1\n")


def test_what_needs_a_failed_stage_is_not_run_and_named(project: Path, build: Any) -> None:
    (project / "dvc.yaml").write_text(PIPELINE.replace("cat raw.txt", "cat nowhere.txt"))
    said = build("-k")
    assert (said.code, said.out) == (1, "0 ran, 0 current, 1 failed, 3 cancelled\n")
    assert sorted(line.split()[2] for line in said.err.splitlines() if "not run" in line) == (
        ["table", "train@one", "train@two"]
    )


def test_keep_going_runs_what_does_not_need_the_failure(project: Path, build: Any) -> None:
    (project / "dvc.yaml").write_text(PIPELINE.replace("grep -c ${item} data.txt", "grep ${item} data.txt | grep two"))
    assert build("-k", "-j", "1").out == "2 ran, 0 current, 1 failed, 1 cancelled\n"
    assert (project / "two.txt").exists()


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("dvc.yaml", "stages:\n  a:\n    cmdd: x\n", "dvc.yaml:3"),
        ("fossml.toml", "[sed]\n", "fossml.toml:1"),
        (".dvc/config", "[cache]\ntype = soft\n", ".dvc/config"),
    ],
)
def test_a_wrong_configuration_exits_2(file: str, text: str, place: str, project: Path, build: Any) -> None:
    (project / file).parent.mkdir(exist_ok=True)
    (project / file).write_text(text)
    said = build()
    assert (said.code, said.out) == (2, "")
    assert f"error: {place}: " in said.err


@pytest.mark.usefixtures("project")
def test_an_unknown_target_exits_2(build: Any) -> None:
    said = build("trian@one")
    assert said.code == 2
    assert "trian@one" in said.err


def test_nothing_to_build_exits_3_and_says_how_to_begin(repository: Path, build: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(repository)
    said = build()
    assert said.code == 3
    assert "hint: `fossml init -- python train.py`" in said.err
    assert [path.name for path in repository.iterdir()] == [".git"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("target", "stages"),
    [
        ("train@one", {"prepare", "train@one"}),
        ("two.txt", {"prepare", "train@two"}),
        ("train", {"prepare", "train@one", "train@two"}),
    ],
)
def test_a_target_is_a_stage_or_an_output(target: str, stages: set[str], build: Any) -> None:
    said = build("--json", target)
    assert {event["stage"] for event in said.events if event["event"] == "done"} == stages


def test_dry_says_what_would_run_and_why_and_writes_nothing(project: Path, build: Any) -> None:
    said = build("--dry")
    assert said.code == 0
    lines = said.out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == (
        ["prepare", "train@one", "train@two", "table", "4 would run or be restored, 0 current"]
    )
    assert all(lines[i + 1].startswith("    ") for i, line in enumerate(lines[:-1]) if not line.startswith(" "))
    assert sorted(path.name for path in project.iterdir()) == [".git", "dvc.yaml", "raw.txt"]


@pytest.mark.usefixtures("project")
def test_dry_as_json_is_a_todo_a_line_and_the_summary(build: Any) -> None:
    build("-q", "prepare")
    events = build("--dry", "--json").events
    assert [event["event"] for event in events] == ["todo"] * 3 + ["summary"]
    assert [event["stage"] for event in events[:-1]] == ["train@one", "train@two", "table"]
    assert all(event["reasons"] for event in events[:-1])
    assert events[-1] == {"event": "summary", "todo": 3, "current": 1, "cannot": 0}


def test_dry_says_what_cannot_run_and_what_may_be_meant(project: Path, build: Any) -> None:
    text = (
        PIPELINE.replace("deps: [raw.txt]", "deps: [rwa.txt]") + "  alone: {cmd: 'true', deps: [raw.txt], outs: [x]}\n"
    )
    (project / "dvc.yaml").write_text(text)
    said = build("--dry")
    assert said.code == build("-q").code == 1
    assert "    cannot run: its input rwa.txt is missing: did you mean raw.txt?\n" in said.out
    assert "    cannot run: it needs prepare, which cannot run\n" in said.out
    assert said.out.endswith("\n4 cannot run, 1 would run or be restored, 0 current\n")
    events = build("--dry", "--json").events
    assert events[0]["cannot"] == ["its input rwa.txt is missing: did you mean raw.txt?"]
    assert (events[-1]["cannot"], events[-1]["todo"]) == (4, 5)


@pytest.mark.usefixtures("project")
def test_json_is_one_event_a_line_with_the_summary_last(build: Any) -> None:
    said = build("--json", "-j", "1")
    assert said.code == 0
    assert [(event["event"], event.get("stage")) for event in said.events[:4]] == (
        [("start", "prepare"), ("done", "prepare"), ("start", "train@one"), ("done", "train@one")]
    )
    counts = {"ran": 4, "current": 0, "restored": 0, "failed": 0, "cancelled": 0, "by_dvc": 0}
    assert said.events[-1] == {"event": "summary", **counts, "undeclared": []}
    assert all("event" in event for event in said.events)


def test_json_of_a_failure_names_the_log_and_exits_1(project: Path, build: Any) -> None:
    (project / "dvc.yaml").write_text(BROKEN)
    said = build("--json")
    assert said.code == 1
    failed = next(event for event in said.events if event["event"] == "failed")
    assert failed["reasons"] == ["its command ended with exit code 7"]
    assert (project / failed["log"]).read_text().endswith("why\n")
    assert said.events[-1]["failed"] == 1


def test_quiet_prints_failures_only(project: Path, build: Any) -> None:
    said = build("-q", "train@one")
    assert (said.code, said.out) == (0, "")
    assert [line for line in said.err.splitlines() if not line.startswith("wrote ")] == []
    (project / "dvc.yaml").write_text(BROKEN)
    said = build("-q")
    assert (said.code, said.out) == (1, "")
    assert "failed  table" in said.err
    assert "  done  " not in said.err


@pytest.mark.usefixtures("project")
def test_force_runs_what_is_current(build: Any) -> None:
    build()
    assert build("--force", "prepare").out == "1 ran, 0 current\n"


def test_what_was_made_before_is_restored_and_said(project: Path, build: Any) -> None:
    build()
    (project / "table.txt").unlink()
    said = build()
    assert said.out == "0 ran, 3 current, 1 restored\n"
    assert "restored  table" in said.err


@pytest.mark.usefixtures("project")
def test_the_graph_shows_what_each_stage_needs_and_how_it_stands(build: Any) -> None:
    build("-q", "prepare")
    text = build("--graph", "text").out.splitlines()
    assert text[0].split()[:2] == ["prepare", "current"]
    assert text[1].strip().startswith("train (2)")
    assert build("--graph", "dot").out.startswith("digraph")
    assert build("--graph", "mermaid").out.startswith("flowchart")
    assert "table" not in build("--graph", "text", "prepare").out


@pytest.mark.usefixtures("project")
def test_the_log_of_a_stage_is_shown_again(project: Path, build: Any) -> None:
    assert build("--log", "table").code == 3
    (project / "dvc.yaml").write_text(BROKEN)
    build()
    assert build("--log", "table").out.endswith("why\n")
    assert build("--log", "tabel").code == 2


def test_accepting_needs_a_reason(project: Path, build: Any) -> None:
    build()
    (project / "raw.txt").write_text("another\n")
    assert build("--accept", "prepare").code == 2
    assert build("--because", "x").code == 2
    said = build("--accept", "prepare", "--because", "only a name changed")
    assert said.code == 0
    assert "raw.txt changed" in said.out
    assert build().out == "0 ran, 4 current\n"
    assert "nothing to accept" in build("--accept", "prepare", "--because", "x").out
    [event] = build("--accept", "prepare", "--because", "x", "--json").events
    assert event == {"event": "accepted", "stage": "prepare", "reasons": [], "because": "x"}


def test_what_is_read_and_not_declared_is_said_and_added(project: Path, build: Any) -> None:
    (project / "dvc.yaml").write_text(
        "stages:\n  a: {cmd: echo 1 > a, outs: [a]}\n  b: {cmd: 'python3 b.py', deps: [b.py], outs: [b]}\n"
    )
    (project / "b.py").write_text("open('b', 'w').write(open('a').read())\n")
    said = build("-j", "1")
    assert "it read a, which a makes: add `- a` to its deps in dvc.yaml" in said.err
    assert "`fossml build --fix`" in said.err
    fixed = build("--fix")
    assert "dvc.yaml: added `- a` to the deps of b" in fixed.err
    said = build()
    assert (said.out, "--fix" in said.err) == ("0 ran, 2 current\n", False)


@pytest.mark.parametrize("form", [(), ("--json",), ("--quiet",)])
def test_an_interrupt_names_the_stages_that_were_running(form: tuple[str, ...], project: Path) -> None:
    (project / "dvc.yaml").write_text(
        "stages:\n"
        "  early: {cmd: echo 1 > e, outs: [e]}\n"
        "  one: {cmd: touch on1 && sleep 300, deps: [e]}\n"
        "  two: {cmd: touch on2 && sleep 300, deps: [e]}\n"
        "  late: {cmd: 'true', deps: [p]}\n"
        "  needed: {cmd: sleep 300 && touch p, deps: [e], outs: [p]}\n"
    )
    command = [sys.executable, "-m", "fossml", "build", "-j2", *form]
    build = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not ((project / "on1").exists() and (project / "on2").exists()):
        assert build.poll() is None
        time.sleep(0.02)
    build.send_signal(signal.SIGINT)
    said = build.communicate()[1].splitlines()[-1]
    assert build.returncode == 130
    assert said == "interrupted while one, two ran: what had finished is kept, the same command goes on from there"


@pytest.mark.usefixtures("project")
def test_graph_alone_is_text(build: Any) -> None:
    assert build("--graph").out == build("--graph", "text").out != ""


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("\n[stage.tabel]\ncpu = 1\n", "fossml.toml:2: [stage.tabel] is no stage\nhint: did you mean 'table'?"),
        (
            '[environment]\npython = "/nowhere/env/bin/python"\n',
            "there is no Python at /nowhere/env/bin/python\nhint: make it: python3 -m venv /nowhere/env, and",
        ),
    ],
)
def test_what_is_wrong_in_fossml_toml_is_told_with_what_is_meant(
    project: Path, build: Any, config: str, said: str
) -> None:
    (project / "fossml.toml").write_text(config)
    answer = build("--dry")
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_an_interrupt_before_a_command_begins_ends_without_a_word(monkeypatch: pytest.MonkeyPatch, build: Any) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)
    answer = build("--dry")
    assert (answer.code, answer.out, answer.err) == (130, "", "")


def test_so_does_one_while_the_command_line_itself_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys, fossml.cli\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "fossml.cli.main(['check'])\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
