"""A build runs what must run, once, and leaves what the real dvc would have left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.engine.build import Options, Summary, build, dry
from fossml.errors import FossmlError
from fossml.project.declared import read_project
from fossml.project.dvcconfig import ensure_dvc
from fossml.types import Event
from tests.conftest import Dvc

PIPELINE = """\
stages:
  prepare:
    cmd: cat raw.txt > data.txt && echo x >> ran
    deps: [raw.txt]
    outs: [data.txt]
  train:
    foreach: [one, two]
    do:
      cmd: grep -c ${item} data.txt > ${item}.json && echo x >> ran
      deps: [data.txt]
      params: [lr]
      metrics:
      - ${item}.json:
          cache: false
  table:
    cmd:
    - mkdir -p table
    - cat one.json two.json > table/all.txt && echo x >> ran
    deps: [one.json, two.json]
    outs: [table]
"""


@pytest.fixture
def project(repository: Path) -> Path:
    (repository / "dvc.yaml").write_text(PIPELINE)
    (repository / "raw.txt").write_text("one\ntwo\none\n")
    (repository / "params.yaml").write_text("lr: 1e-3\n")
    ensure_dvc(repository)
    return repository


def run(root: Path, **options: object) -> tuple[Summary, list[Event]]:
    events: list[Event] = []
    asked = replace(Options(env=dict(os.environ), jobs=2), **options)  # type: ignore[arg-type]
    return build(read_project(root), asked, events.append), events


def times_run(root: Path) -> int:
    return len((root / "ran").read_text().split()) if (root / "ran").exists() else 0


def test_everything_runs_once_and_then_nothing(project: Path) -> None:
    assert run(project)[0] == Summary(ran=4)
    assert (project / "table" / "all.txt").read_text() == "2\n1\n"
    assert run(project)[0] == Summary(current=4)
    assert times_run(project) == 4


def test_dry_says_why_and_runs_nothing(project: Path) -> None:
    todos, current = dry(read_project(project), Options())
    assert [todo.stage.name for todo in todos] == ["prepare", "train@one", "train@two", "table"]
    assert (times_run(project), current) == (0, 0)
    run(project)
    (project / "params.yaml").write_text("lr: 2e-3\n")
    todos, current = dry(read_project(project), Options())
    assert [todo.reasons for todo in todos] == [
        ("params.yaml:lr was 0.001, is 0.002",),
        ("params.yaml:lr was 0.001, is 0.002",),
        ("one.json is made by train@one, which runs first", "two.json is made by train@two, which runs first"),
    ]


def test_an_equal_output_stops_the_build_there(project: Path) -> None:
    run(project)
    (project / "raw.txt").write_text("two\none\none\n")
    assert run(project)[0] == Summary(ran=3, current=1)


def test_going_back_restores_instead_of_running(project: Path) -> None:
    run(project)
    (project / "raw.txt").write_text("one\n")
    run(project, keep_going=True)
    before = times_run(project)
    (project / "raw.txt").write_text("one\ntwo\none\n")
    summary, _ = run(project)
    assert (summary.ran, times_run(project)) == (0, before)
    assert (project / "table" / "all.txt").read_text() == "2\n1\n"


def test_a_lost_output_is_restored(project: Path) -> None:
    run(project)
    (project / "data.txt").unlink()
    assert run(project)[0] == Summary(current=3, restored=1)


def test_an_output_changed_by_hand_is_put_right(project: Path) -> None:
    run(project)
    (project / "one.json").write_text("999\n")
    todos, _ = dry(read_project(project), Options())
    assert todos[0].reasons == ("output one.json is not what the recorded run wrote",)
    run(project)
    assert (project / "one.json").read_text() == "2\n"


def test_after_a_build_dvc_has_nothing_to_do(project: Path, dvc: Dvc) -> None:
    run(project)
    assert "up to date" in dvc(project, "status").stdout
    dvc(project, "repro")
    assert times_run(project) == 4


def test_after_dvc_a_build_has_nothing_to_do(project: Path, dvc: Dvc) -> None:
    dvc(project, "repro")
    summary, events = run(project)
    assert summary == Summary(current=4, by_dvc=4)
    assert all("recorded by dvc alone" in event.notes[0] for event in events)


def test_the_lock_is_the_one_that_dvc_writes(project: Path, dvc: Dvc) -> None:
    dvc(project, "repro")
    theirs = (project / "dvc.lock").read_bytes()
    ignored = (project / ".gitignore").read_text()
    for name in ("dvc.lock", ".gitignore", "data.txt", "one.json", "two.json"):
        (project / name).unlink()
    subprocess.run(["rm", "-rf", "table", ".dvc/cache"], cwd=project, check=True)
    assert run(project)[0].ran == 4
    assert (project / "dvc.lock").read_bytes() == theirs
    assert sorted((project / ".gitignore").read_text().split()) == sorted(ignored.split())


def test_new_entries_of_the_lock_come_in_the_order_of_the_graph_whatever_ended_first(project: Path) -> None:
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(
        text.replace("grep -c ${item}", "test ${item} = two || sleep 0.3; grep -c ${item}")
    )
    run(project)
    lock = (project / "dvc.lock").read_text()
    assert lock.index("train@one:") < lock.index("train@two:") < lock.index("table:")


def test_a_failure_stops_what_needs_it_and_keeps_the_old_output(project: Path) -> None:
    run(project)
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(text.replace("cat raw.txt > data.txt", "echo half > data.txt && false"))
    summary, events = run(project)
    assert summary == Summary(failed=1, cancelled=3)
    assert (project / "data.txt").read_text() == "one\ntwo\none\n"
    failed = next(event for event in events if event.event == "failed")
    assert failed.reasons == ("its command ended with exit code 1",)
    assert failed.log == ".fossml/logs/prepare.log"


def test_keep_going_does_what_does_not_need_the_failed_stage(project: Path) -> None:
    text = (project / "dvc.yaml").read_text()
    (project / "dvc.yaml").write_text(text + "  other:\n    cmd: echo 1 > other\n    outs: [other]\n")
    (project / "raw.txt").unlink()
    summary, events = run(project, keep_going=True, jobs=1)
    assert summary == Summary(ran=1, failed=1, cancelled=3)
    assert "its input raw.txt is not there" in next(e for e in events if e.event == "failed").reasons[0]


def test_an_output_that_is_not_made_is_an_error(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages:\n  a:\n    cmd: echo hi\n    outs: [x]\n")
    _, events = run(project)
    assert events[-1].reasons == ("dvc.yaml: its command ended well but did not make x",)


def test_a_stage_that_changes_its_input_is_an_error(project: Path) -> None:
    (project / "dvc.yaml").write_text(
        "stages:\n  a:\n    cmd: echo 1 >> raw.txt; cp raw.txt x\n    deps: [raw.txt]\n    outs: [x]\n"
    )
    _, events = run(project)
    assert "raw.txt, an input, changed while it ran" in events[-1].reasons[0]


def test_independent_stages_run_at_the_same_time(project: Path) -> None:
    # Each waits for a sign of the other: one after the other, neither would end.
    meet = "touch {a}; while [ ! -e {b} ]; do sleep 0.02; done; echo 1 > {o}"
    stages = {n: {"cmd": meet.format(a=f"s{n}", b=f"s{3 - n}", o=f"o{n}"), "outs": [f"o{n}"]} for n in (1, 2)}
    (project / "dvc.yaml").write_text(json.dumps({"stages": {f"m{n}": s for n, s in stages.items()}}))
    assert run(project, jobs=2)[0] == Summary(ran=2)


def test_the_run_is_recorded_with_what_it_rests_on(project: Path) -> None:
    run(project)
    recorded = json.loads((project / "fossml.lock").read_text())["train@one"]
    assert recorded["params"] == {"params.yaml": {"lr": 0.001}}
    assert recorded["deps"][0]["path"] == "data.txt"
    assert len(recorded["commit"]) == 40


def test_a_second_build_at_the_same_time_is_refused(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages:\n  a:\n    cmd: touch on; sleep 20; echo 1 > x\n    outs: [x]\n")
    code = f"from tests.engine.test_build import run; from pathlib import Path; run(Path({str(project)!r}))"
    first = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        while not (project / "on").exists():
            assert first.poll() is None
            time.sleep(0.01)
        with pytest.raises(FossmlError, match=f"another fossml builds here .process {first.pid}."):
            run(project)
    finally:
        first.send_signal(signal.SIGINT)
        first.wait()


def _runs(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_interrupt_ends_the_children_and_keeps_what_was_done(project: Path) -> None:
    (project / "dvc.yaml").write_text(
        textwrap.dedent("""\
        stages:
          a:
            cmd: echo 1 > x
            outs: [x]
          b:
            cmd: sh -c 'echo $$ > pid; exec sleep 60'; cp x y
            deps: [x]
            outs: [y]
        """)
    )
    (project / "y").write_text("old")
    code = f"from tests.engine.test_build import run; from pathlib import Path; run(Path({str(project)!r}))"
    first = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, stderr=subprocess.DEVNULL)
    while not (project / "pid").exists() or not (project / "pid").read_text().strip():
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGINT)
    first.wait()
    assert not _runs(int((project / "pid").read_text()))
    assert (project / "y").read_text() == "old"
    assert "a:" in (project / "dvc.lock").read_text()


def test_after_kill_9_the_finished_stage_is_not_run_again(project: Path) -> None:
    (project / "dvc.yaml").write_text(
        "stages:\n  a:\n    cmd: echo x >> ran; echo 1 > x\n    outs: [x]\n"
        "  b:\n    cmd: touch on; sleep ${wait}; cp x y\n    deps: [x]\n    outs: [y]\n"
    )
    (project / "params.yaml").write_text("wait: 30\n")
    code = f"from tests.engine.test_build import run; from pathlib import Path; run(Path({str(project)!r}))"
    first = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    while not (project / "on").exists():
        assert first.poll() is None
        time.sleep(0.01)
    first.kill()
    first.wait()
    (project / "params.yaml").write_text("wait: 0\n")
    assert run(project)[0] == Summary(ran=1, restored=1)
    assert times_run(project) == 1


def stages(root: Path, text: str) -> Path:
    (root / "dvc.yaml").write_text("stages:\n" + textwrap.indent(textwrap.dedent(text), "  "))
    (root / "in").write_text("1\n")
    ensure_dvc(root)
    return root


def test_a_stage_that_makes_nothing_runs_each_time(repository: Path) -> None:
    stages(repository, "a: {cmd: echo x >> ran}")
    assert [run(repository)[0], run(repository)[0]] == [Summary(ran=1), Summary(ran=1)]
    assert times_run(repository) == 2


def test_a_frozen_stage_never_runs_and_dvc_agrees(repository: Path, dvc: Dvc) -> None:
    stages(repository, "a: {cmd: echo x >> ran, deps: [in], outs: [o], frozen: true}")
    (repository / "o").write_text("made long ago\n")
    for force in (False, True):
        assert run(repository, force=force)[0] == Summary(current=1)
    assert "up to date" in dvc(repository, "status").stdout
    (repository / "o").unlink()
    assert run(repository)[0] == Summary(restored=1)
    assert (repository / "o").read_text() == "made long ago\n"
    stages(repository, "b: {cmd: echo x >> ran, outs: [missing], frozen: true}")
    summary, events = run(repository)
    assert (summary, times_run(repository)) == (Summary(failed=1), 0)
    assert "dvc unfreeze b" in events[0].reasons[-1]


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_with_links_to_the_cache_metrics_stay_files_and_persistent_outputs_grow(
    repository: Path, dvc: Dvc, kind: str
) -> None:
    stages(
        repository,
        """
        a:
          cmd: echo x >> log && echo 1 > m.json
          deps: [in]
          outs:
          - log: {persist: true}
          metrics:
          - m.json: {cache: false}
        """,
    )
    dvc(repository, "config", "cache.type", kind)
    run(repository)
    first = (repository / "log").resolve().read_text()
    (repository / "in").write_text("2\n")
    run(repository)
    assert (first, (repository / "log").read_text()) == ("x\n", "x\nx\n")
    metric = (repository / "m.json").lstat()
    assert (metric.st_nlink, metric.st_mode & 0o222 != 0) == (1, True)
    cached = {path.read_text() for path in (repository / ".dvc/cache/files/md5").glob("*/*")}
    assert {"x\n", "x\nx\n"} <= cached
    (repository / "in").write_text("1\n")  # what it makes rests on what lies there: not restored
    assert run(repository)[0] == Summary(ran=1)
    assert "up to date" in dvc(repository, "status").stdout


def test_a_stage_that_cannot_start_keeps_its_old_outputs(repository: Path) -> None:
    stages(repository, "a: {cmd: echo, wdir: f, outs: [../o]}\nb: {cmd: echo, outs: [p, f/x]}")
    for name in ("f", "o", "p"):
        (repository / name).write_text("old")
    assert run(repository, keep_going=True)[0] == Summary(failed=2)
    assert [(repository / name).read_text() for name in ("o", "p")] == ["old", "old"]


@pytest.mark.parametrize("out", ["way/o", ".fossml", ".git/hooks"])
def test_an_output_that_must_not_be_written_stops_the_stage_before_it_runs(
    repository: Path, tmp_path: Path, out: str
) -> None:
    stages(repository, f"a: {{cmd: echo x >> ran, outs: [{out}]}}")
    (repository / "way").symlink_to(tmp_path)
    (tmp_path / "o").write_text("old")
    assert run(repository)[0] == Summary(failed=1)
    assert (times_run(repository), (tmp_path / "o").read_text()) == (0, "old")


def test_what_a_killed_build_left_running_is_ended_and_cannot_write_later(repository: Path) -> None:
    stages(repository, "a: {cmd: '(cat in; sleep 1; cat in) > o; echo late >> in', deps: [in], outs: [o]}")
    (repository / "o").write_text("old")
    code = (
        "import os, sys; from pathlib import Path; from tests.engine.test_build import run\n"
        "run(Path(sys.argv[1]), cancelled=lambda: Path('o').exists() and os.kill(os.getpid(), 9))"
    )
    path = os.pathsep.join(sys.path)
    killed = subprocess.Popen(
        [sys.executable, "-c", code, repository], cwd=repository, env={**os.environ, "PYTHONPATH": path}
    )
    assert killed.wait() == -signal.SIGKILL
    stages(repository, "a: {cmd: cat in > o, deps: [in], outs: [o]}")
    run(repository)
    assert (repository / "o").read_text() == "1\n"
    time.sleep(1.2)
    assert (repository / "in").read_text() == "1\n"


def test_a_dvc_that_runs_a_stage_is_noticed(repository: Path, dvc_path: Path) -> None:
    stages(repository, "a: {cmd: echo > started; sleep 3; echo > o, outs: [o]}")
    env = {**os.environ, "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(repository / ".site")}
    other = subprocess.Popen([dvc_path, "repro"], cwd=repository, env=env, stdout=subprocess.DEVNULL)
    while not (repository / "started").exists():
        time.sleep(0.02)
    try:
        with pytest.raises(FossmlError, match=f"dvc works here.*{other.pid}"):
            run(repository)
    finally:
        assert other.wait() == 0
    assert run(repository)[0] == Summary(current=1, by_dvc=1)


def test_a_persistent_output_that_a_lost_lock_entry_tells_of_is_not_made_again(repository: Path) -> None:
    stages(repository, "a: {cmd: echo x >> log, deps: [in], outs: [{log: {persist: true}}]}")
    run(repository)
    (repository / "dvc.lock").unlink()
    assert run(repository)[0] == Summary(restored=1)
    assert (repository / "log").read_text() == "x\n"
    (repository / "dvc.lock").unlink()
    (repository / "log").write_text("another\n")
    assert run(repository)[0] == Summary(ran=1)
    assert (repository / "log").read_text() == "another\nx\n"
