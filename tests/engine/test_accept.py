"""The author's word is recorded with its reason; declaring an input after the fact runs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fossml.engine.accept import accept, declare
from fossml.engine.build import Options, Summary
from fossml.errors import FossmlError
from fossml.project.declared import read_project
from tests.conftest import Dvc
from tests.engine.test_build import run, stages
from tests.engine.test_traced import ENV

OPTIONS = Options(env=ENV)


def build(root: Path) -> Summary:
    return run(root, env=ENV)[0]


@pytest.fixture
def project(repository: Path) -> Path:
    stages(
        repository,
        """
        make: {cmd: cp in made.txt, deps: [in], outs: [made.txt]}
        use: {cmd: python use.py, deps: [use.py], outs: [o]}
        """,
    )
    (repository / "use.py").write_text("import part\nopen('o', 'w').write(open('made.txt').read() + part.text)\n")
    (repository / "part.py").write_text("text = 'x'\n")
    return repository


def backwards(project: Path) -> None:
    """The stage that reads comes first in dvc.yaml."""
    first, make, use = (line for line in (project / "dvc.yaml").read_text().splitlines(keepends=True) if line.strip())
    (project / "dvc.yaml").write_text(first + use + make)


def test_an_accepted_difference_is_current_and_recorded_with_its_reason(project: Path, dvc: Dvc) -> None:
    build(project)
    before = (project / "o").read_bytes()
    (project / "part.py").write_text("text = 'y'\n")
    (project / "use.py").write_text((project / "use.py").read_text() + "# a comment\n")
    said = accept(read_project(project), OPTIONS, "use", "only the wording changed")
    assert len(said) == 2
    assert said[1] == "part.py, which it executed, changed"
    assert build(project) == Summary(current=2, undeclared=run(project, env=ENV)[0].undeclared)
    assert (project / "o").read_bytes() == before
    recorded = json.loads((project / "fossml.lock").read_text())["use"]["accepted"]
    assert (recorded["because"], tuple(recorded["reasons"])) == ("only the wording changed", said)
    assert "up to date" in dvc(project, "status").stdout
    (project / "part.py").write_text("text = 'z'\n")
    assert build(project).ran == 1
    assert "accepted" not in json.loads((project / "fossml.lock").read_text())["use"]


def test_there_is_nothing_to_accept_where_all_is_current(project: Path) -> None:
    build(project)
    assert accept(read_project(project), OPTIONS, "use", "why not") == ()


def test_only_what_a_recorded_run_made_can_be_accepted(project: Path) -> None:
    with pytest.raises(FossmlError, match="no run of use is recorded"):
        accept(read_project(project), OPTIONS, "use", "x")
    build(project)
    (project / "part.py").write_text("text = 'y'\n")
    (project / "o").write_text("by hand")
    with pytest.raises(FossmlError, match="output o is not what the recorded run wrote"):
        accept(read_project(project), OPTIONS, "use", "x")
    with pytest.raises(FossmlError, match="there is no stage 'nothing'"):
        accept(read_project(project), OPTIONS, "nothing", "x")


def test_an_input_that_another_stage_makes_is_named_with_the_line_to_add(project: Path) -> None:
    summary, events = run(project, env=ENV, jobs=1)
    done = next(event for event in events if event.event == "done" and event.stage == "use")
    line = "it read made.txt, which make makes: add `- made.txt` to its deps in dvc.yaml"
    assert done.notes == (line,)
    assert [(one.stage.address, one.dep, one.maker) for one in summary.undeclared] == [("use", "made.txt", "make")]
    assert run(project, env=ENV)[1][-1].notes == (line,)


def test_a_stage_that_fails_for_want_of_it_is_started_again_behind_the_one_that_makes_it(project: Path) -> None:
    backwards(project)
    summary, events = run(project, env=ENV, jobs=1)
    again = next(event for event in events if event.event == "again")
    assert again.stage == "use"
    assert again.reasons == ("it failed before make had made made.txt: it is started again behind that",)
    assert [event.stage for event in events if event.event == "done"] == ["make", "use"]
    assert (summary.ran, summary.failed, [one.dep for one in summary.undeclared]) == (2, 0, ["made.txt"])
    assert build(project) == Summary(current=2, undeclared=summary.undeclared)


def test_so_is_one_that_failed_with_an_older_version(project: Path) -> None:
    backwards(project)
    (project / "made.txt").write_text("older")
    (project / "use.py").write_text(
        "text = open('made.txt').read()\nassert text != 'older'\nopen('o', 'w').write(text)\n"
    )
    summary, events = run(project, env=ENV, jobs=1)
    assert [event.stage for event in events if event.event == "again"] == ["use"]
    assert (summary.ran, (project / "o").read_text()) == (2, "1\n")


def test_so_is_one_that_failed_when_it_was_made_already(project: Path) -> None:
    """It was there when the failed command ended, and not when the command looked for it."""
    (project / "use.py").write_text(
        "import os, time\n"
        "try:\n    text = open('made.txt').read()\n"
        "except OSError:\n    while not os.path.exists('made.txt'): time.sleep(0.02)\n    raise\n"
        "open('o', 'w').write(text)\n"
    )
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(text.replace("cmd: cp", "cmd: sleep 1 && cp"))
    summary, events = run(project, env=ENV, jobs=2)
    assert [event.stage for event in events if event.event == "again"] == ["use"]
    assert (summary.ran, summary.failed) == (2, 0)


def test_a_failure_that_has_no_such_cause_is_one_at_once(project: Path) -> None:
    (project / "use.py").write_text("open('made.txt')\nopen('nowhere')\n")
    summary, events = run(project, env=ENV, jobs=1)
    assert [event.event for event in events] == ["start", "done", "start", "failed"]
    assert (summary.ran, summary.failed) == (1, 1)


def test_two_that_look_for_what_the_other_makes_both_come_to_an_end(repository: Path) -> None:
    stages(
        repository,
        """
        a: {cmd: python a.py, outs: [a.txt]}
        b: {cmd: python b.py, outs: [b.txt]}
        """,
    )
    (repository / "a.py").write_text("open('b.txt')\n")
    (repository / "b.py").write_text("open('a.txt')\n")
    summary, events = run(repository, env=ENV, jobs=2, keep_going=True)
    assert [event.event for event in events].count("start") < 4
    assert (summary.failed, summary.cancelled) == (1, 1)


def test_a_failure_for_want_of_what_was_not_asked_for_names_the_line_to_add(project: Path) -> None:
    summary, events = run(project, env=ENV, jobs=1, targets=("use",))
    assert summary.failed == 1
    failed = next(event for event in events if event.event == "failed")
    assert failed.reasons[1] == "it looked for made.txt, which make makes: add `- made.txt` to its deps"


def test_declaring_it_afterwards_runs_nothing_and_dvc_agrees(project: Path, dvc: Dvc) -> None:
    summary, _ = run(project, env=ENV, jobs=1)
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(text.replace("stages:", "# kept\nstages:"))
    fixed, by_hand = declare(read_project(project), OPTIONS, summary.undeclared)
    assert ([one.dep for one in fixed], by_hand) == (["made.txt"], [])
    assert (project / "dvc.yaml").read_text().startswith("# kept\n")
    assert read_project(project).stages[1].deps == ("use.py", "made.txt")
    assert build(project) == Summary(current=2)
    assert "up to date" in dvc(project, "status").stdout
    (project / "in").write_text("other\n")
    assert build(project) == Summary(ran=2)


def test_stages_of_a_group_are_left_to_their_author(repository: Path) -> None:
    stages(
        repository,
        """
        make: {cmd: cp in made.txt, deps: [in], outs: [made.txt]}
        use: {foreach: [a], do: {cmd: 'python use.py && cp made.txt ${item}', deps: [use.py], outs: ['${item}']}}
        """,
    )
    (repository / "use.py").write_text("open('made.txt')\n")
    summary, _ = run(repository, env=ENV, jobs=1)
    before = (repository / "dvc.yaml").read_text()
    fixed, by_hand = declare(read_project(repository), OPTIONS, summary.undeclared)
    assert (fixed, [one.dep for one in by_hand]) == ([], ["made.txt"])
    assert (repository / "dvc.yaml").read_text() == before
