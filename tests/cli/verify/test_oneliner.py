"""`fossml verify --cmd`: any command in a folder of one's own."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.verify.said import Said
from tests.cli.verify.said import call as say

TRAIN = """
import argparse, json, os, pathlib, random
p = argparse.ArgumentParser()
p.add_argument("--seed", type=int, default=0)
p.add_argument("--mean", type=float, default=0.941)
a = p.parse_args()
with open(os.environ["COUNT"], "a") as count:
    count.write(f"{a.seed}\\n")
gate = pathlib.Path(os.environ.get("GATE", "/nonexistent"))
if gate.exists():
    import time
    (gate.parent / "ready").touch()
    time.sleep(300)
accuracy = random.Random(a.seed).gauss(a.mean, 0.006)
print(f"loss 1 acc: {accuracy:.4f}")
json.dump({"test": {"accuracy": accuracy, "half": accuracy / 2}}, open("metrics.json", "w"))
"""
PYTHON = shlex.quote(sys.executable)
CMD = f"{PYTHON} train.py"


Verify = Callable[..., Said]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    return folder


@pytest.fixture
def verify(project: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    assert project.is_dir()

    def call(*words: str, metric: str = "metrics.json:test.accuracy", claim: str = "0.953", cmd: str = CMD) -> Said:
        return say(capsys, "--cmd", cmd, "--metric", metric, "--claim", claim, *words)

    return call


def runs_made() -> list[str]:
    count = Path(os.environ["COUNT"])
    return count.read_text().split() if count.exists() else []


def test_the_one_liner_gives_the_sentence_and_leaves_the_folder_as_it_is(verify: Verify, project: Path) -> None:
    said = verify("--seed-flag", "--seed", "--seeds", "1,2,3,4,5,6,7,8")
    quoted = re.match(
        r"\d seeds: 0\.94\d ± 0\.00\d+ \(95 % interval of one run 0\.\d{3}-0\.\d{3}\)\. "
        r"0\.953 as one run: consistent\. As a mean: [a-z ]+\.( It is what the best of about \d+ seeds gives\.)?\n",
        said.out,
    )
    assert quoted, said.out
    assert said.code == 3
    assert "Not checked:" in said.out
    assert [path.name for path in project.iterdir()] == ["train.py"]
    assert said.err.count("run ") == len(runs_made())


def test_fresh_seeds_are_recorded_and_a_repeat_runs_nothing(verify: Verify) -> None:
    first = verify("--seed-flag", "--seed", "--json", claim="9.0")
    assert (first.code, len(runs_made())) == (1, 3)
    assert [str(one["seed"]) for one in first.document["runs"]] == runs_made()
    again = verify("--seed-flag", "--seed", "--json", claim="9.0")
    assert len(runs_made()) == 3
    assert [one["recorded"] for one in again.document["runs"]] == [True] * 3
    other = verify("--seed-flag", "--seed", "--json", metric="metrics.json:test.half", claim="9.0")
    log = verify("--seed-flag", "--seed", "--json", metric=r"stdout:acc: (\S+)", claim="9.0")
    assert len(runs_made()) == 3
    assert other.document["claims"][0]["scores"][0] == pytest.approx(first.document["claims"][0]["scores"][0] / 2)
    assert log.document["claims"][0]["scores"][0] == pytest.approx(first.document["claims"][0]["scores"][0], abs=1e-4)
    verify("--seed-flag", "--seed", "--fresh", claim="9.0")
    assert len(runs_made()) == 6


def test_another_state_of_the_folder_is_measured_anew(verify: Verify, project: Path) -> None:
    verify("--seed-flag", "--seed", "--runs", "1")
    (project / "train.py").write_text(TRAIN + "# changed\n")
    verify("--seed-flag", "--seed", "--runs", "1")
    assert len(runs_made()) == 2


def test_seeds_that_were_picked_are_no_draws(verify: Verify) -> None:
    verify("--seed-flag", "--seed", "--seeds", "5,6")
    assert runs_made() == ["5", "6"]
    verify("--seed-flag", "--seed", "--runs", "2")
    assert len(runs_made()) == 4
    verify("--seed-flag", "--seed", "--seeds", "6,5")
    assert len(runs_made()) == 4


@pytest.mark.parametrize(
    ("words", "cmd"),
    [
        (("--seed-flag", "--seed="), CMD),
        (("--seed-env", "SEED"), f'{CMD} --seed "$SEED"'),
        ((), f"{CMD} --seed {{seed}} | tee log.txt"),
        (("--seed-param", "p.toml:run.seed"), f"{CMD} --seed $(sed -n 's/seed = //p' p.toml)"),
    ],
)
def test_every_way_to_give_a_seed_gives_it(verify: Verify, project: Path, words: tuple[str, ...], cmd: str) -> None:
    (project / "p.toml").write_text("[run]\nseed = 1\n")
    verify(*words, "--seeds", "77", cmd=cmd)
    assert runs_made() == ["77"]
    assert (project / "p.toml").read_text() == "[run]\nseed = 1\n"


def test_a_seed_that_changes_nothing_is_said_after_three_runs(verify: Verify) -> None:
    said = verify("--seed-env", "UNUSED", claim="0.945")
    assert len(runs_made()) == 3
    assert said.out.startswith("3 seeds, one result: 0.9467 (the seed changes nothing: it is not used")
    assert "0.945: not reproduced." in said.out
    assert said.code == 1


def test_without_a_seed_that_is_said(verify: Verify) -> None:
    said = verify(claim="0.947")
    assert "no seed is given" in said.err
    assert said.out.startswith("3 runs, one result: 0.9467 (every run writes the same bytes")
    assert "other seeds: none was given" in said.out
    assert said.code == 0


def test_without_a_seed_numbers_that_differ_are_judged(verify: Verify) -> None:
    cmd = f"{PYTHON} -c 'import random; print(random.gauss(0.9, 0.01))'"
    said = verify("--json", cmd=cmd, metric=r"stdout:(\S+)", claim="9.0")
    assert said.document["claims"][0]["sentence"].startswith("3 runs: 0.")
    assert said.code == 1
    again = verify("--json", cmd=cmd, metric=r"stdout:(\S+)", claim="9.0")
    assert again.document["claims"] == said.document["claims"]


def test_a_file_that_lay_there_before_is_not_the_result(verify: Verify, project: Path) -> None:
    (project / "metrics.json").write_text('{"test": {"accuracy": 0.953}}')
    said = verify(cmd=f"{PYTHON} -c 'print(1)'")
    assert "not evaluable: metrics.json lay there before and was not written by the run" in said.out
    assert said.code == 3


def test_a_key_that_is_missing_is_told_the_nearest(verify: Verify) -> None:
    said = verify("--seed-flag", "--seed", metric="metrics.json:test.acc")
    assert "metrics.json has no `test.acc`" in said.out
    assert "hint: it has test.accuracy" in said.out
    assert (said.code, len(runs_made())) == (3, 1)


def test_a_flag_that_is_not_known_is_hinted_at(verify: Verify) -> None:
    said = verify("--seed-flag", "--random-state")
    assert "failed with exit code 2" in said.out
    assert "does not know --random-state; it knows --seed" in said.out
    assert said.code == 3


def test_a_missing_module_names_the_python(verify: Verify) -> None:
    said = verify(cmd=f"{PYTHON} -c 'import no_such_module'")
    assert f"python was {sys.executable}" in said.out


def test_a_killed_run_keeps_what_was_learnt(verify: Verify) -> None:
    cmd = CMD + " --seed {seed} && if [ {seed} -ge 4 ]; then kill -9 $$; fi"
    said = verify("--seeds", "1,2,3,4,5,6", cmd=cmd, claim="0.944")
    assert said.out.startswith("3 seeds: 0.94")
    assert "2 of 5 runs: it was killed by SIGKILL" in said.out
    assert "Stopped: the command fails." in said.out


def test_a_run_over_its_time_is_ended(verify: Verify) -> None:
    said = verify("--timeout", "0.2s", cmd="sleep 300")
    assert "still running after 0.2 s" in said.out
    assert said.code == 3


def test_per_cent_against_a_fraction_costs_one_run(verify: Verify) -> None:
    said = verify("--seed-flag", "--seed", claim="95.3")
    assert "Then claim 95.3%" in said.out
    assert (said.code, len(runs_made())) == (3, 1)


def test_several_claims_share_the_runs(verify: Verify) -> None:
    said = verify(
        "--seed-flag", "--seed", "--metric", "metrics.json:test.half", "--claim", "9.0", "--json", claim="9.0"
    )
    assert len(said.document["claims"]) == 2
    assert len(runs_made()) == 3
    assert said.code == 1


def test_a_typed_claim_has_one_answer(verify: Verify) -> None:
    said = verify("--seed-flag", "--seed", "--reading", "mean:5", "--spread", "0.006:sd", "--json", claim="9.0")
    (one,) = said.document["claims"]
    assert [verdict["reading"] for verdict in one["verdicts"]] == ["mean:5"]
    assert (one["outcome"], said.document["exit_code"]) == ("fails", 1)


def test_a_command_in_a_subfolder_gets_the_larger_one(
    verify: Verify, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    monkeypatch.chdir(project / "sub")
    cmd = f"{PYTHON} ../train.py"
    failed = verify("--seed-flag", "--seed", "--runs", "1", cmd=cmd)
    assert "exit code 2" in failed.out
    said = verify("--seed-flag", "--seed", "--runs", "1", "--folder", "..", cmd=cmd)
    assert said.out.startswith("1 seed: 0.9")
    assert not (project / "sub/metrics.json").exists()


def test_an_absolute_path_into_the_folder_leads_into_the_copy(verify: Verify, project: Path) -> None:
    cmd = f"cd {project} && {CMD}"
    assert verify("--seed-flag", "--seed", "--runs", "1", cmd=cmd).out.startswith("1 seed: 0.9")
    assert not (project / "metrics.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--reading", "twice"),
        ("--seeds", "1,x"),
        ("--seeds", "1,1"),
        ("--budget", "soon"),
        ("--budget", "0"),
        ("--metric", "other.json:acc"),
        ("--seed-param", "params.yaml"),
        ("--folder", "/usr"),
        ("--runs", "0"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_before_anything_runs(verify: Verify, words: tuple[str, ...]) -> None:
    said = verify(*words)
    assert said.code == 2
    assert "rror: " in said.err
    assert "Traceback" not in said.err
    assert not runs_made()


def test_without_a_command_and_without_claims_there_is_nothing_to_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    said = say(capsys)
    assert (said.code, "there is no [[claim]] to verify" in said.err) == (3, True)


def test_quiet_says_only_the_result(verify: Verify) -> None:
    assert verify("--seed-flag", "--seed", "--runs", "1", "-q").err == ""


def test_kept_copies_are_kept_and_others_removed(verify: Verify, tmp_path: Path) -> None:
    verify("--seed-flag", "--seed", "--runs", "1")
    assert not list((tmp_path / "cache").rglob("train.py"))
    verify("--seed-flag", "--seed", "--runs", "1", "--fresh", "--keep")
    assert len(list((tmp_path / "cache").rglob("train.py"))) == 1


def test_a_budget_is_kept(verify: Verify) -> None:
    said = verify("--budget", "0.001s", "--seed-flag", "--seed")
    assert len(runs_made()) == 1
    assert "would not fit into the budget" in said.out


def test_runs_on_record_are_used_within_any_budget(verify: Verify) -> None:
    words = ("--seed-flag", "--seed", "--json")
    verify(*words, claim="9.0")
    again = verify(*words, "--budget", "0.001s", claim="9.0")
    assert ([one["recorded"] for one in again.document["runs"]], len(runs_made())) == ([True] * 3, 3)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_an_interrupted_measurement_goes_on_where_it_was(
    verify: Verify, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    verify("--seed-flag", "--seed", "--runs", "1")
    (done,) = runs_made()
    gate = tmp_path / "gate"
    gate.touch()
    words = ["--metric", "metrics.json:test.accuracy", "--claim", "9.0", "--seed-flag", "--seed"]
    begun = subprocess.Popen(
        [sys.executable, "-c", "from fossml.cli import main; main()", "verify", "--cmd", CMD, *words],
        env={**os.environ, "GATE": str(gate)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while not (tmp_path / "ready").exists():
        assert begun.poll() is None
        time.sleep(0.01)
    begun.send_signal(number)
    out, _ = begun.communicate()
    assert begun.returncode == code
    if number != signal.SIGKILL:
        assert out.startswith("1 seed: 0.9")
        assert "Stopped: interrupted." in out
    gate.unlink()
    started = runs_made()
    assert len(started) == 2
    said = verify("--seed-flag", "--seed", "--json", claim="9.0")
    assert [str(one["seed"]) for one in said.document["runs"]][:2] == [done, started[1]]
    assert runs_made()[2] == started[1]
    assert runs_made().count(done) == 1
    assert not list((tmp_path / "cache").rglob("train.py"))


def test_two_at_a_time_give_the_same_as_one(verify: Verify) -> None:
    words = ("--seed-flag", "--seed", "--seeds", "1,2,3,4", "--json")
    one = verify(*words, claim="9.0")
    two = verify(*words, "-j", "2", "--fresh", claim="9.0")
    scores = [said.document["claims"][0]["scores"] for said in (one, two)]
    assert scores[0] == scores[1]


def test_help_does_not_import_what_only_a_measurement_needs() -> None:
    program = "import sys\nfrom fossml.cli import main\ntry: main(['verify', '--help'])\nexcept SystemExit: pass\n"
    check = f"{program}print([name for name in ('numpy', 'scipy', 'ruamel') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert "Exit codes:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_claims_are_proposed_by_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("model,accuracy\nours,0.91\n")
    said = say(capsys, "--propose", "t.csv")
    assert (said.code, "0.91" in said.out) == (0, True)
