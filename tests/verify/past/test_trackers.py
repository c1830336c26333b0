"""What the real trackers wrote is read without them: MLflow's files and database, W&B's offline log, DVCLive."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fossml.project.declared import read_project
from fossml.types import Finding
from fossml.verify.origin.origins import origins
from fossml.verify.past import tracked
from fossml.verify.past.model import Recorded
from fossml.verify.rebuild.targets import read_targets
from tests.verify.papers import claim, paper_files
from tests.verify.projects import Paper

TRAIN = """
import os
import mlflow, dvclive, wandb

VALUES = [0.861, 0.872, 0.9137, 0.855]
for uri in ("file:./mlruns", "sqlite:///mlflow.db"):
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("study")
    for seed, value in enumerate(VALUES):
        with mlflow.start_run():
            mlflow.log_params({"seed": seed, "lr": 0.1})
            for step in range(3):
                mlflow.log_metric("test/accuracy", value - 0.01 * (2 - step), step=step)
for seed, value in enumerate(VALUES):
    run = wandb.init(project="study", config={"seed": seed, "lr": 0.1})
    for step in range(3):
        run.log({"test/accuracy": value - 0.01 * (2 - step)})
    run.finish()
with dvclive.Live("dvclive", save_dvc_exp=False, dvcyaml=None) as live:
    for step in range(3):
        live.log_metric("test/accuracy", 0.9137 - 0.01 * (2 - step))
        live.next_step()
"""
QUIET = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
}
WHAT = {"MLflow files": "mlruns", "MLflow database": "mlflow.db", "W&B": "wandb", "DVCLive": "dvclive"}


@pytest.fixture(scope="session")
def written(trackers: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the trackers recorded four runs (DVCLive, which keeps the last one only, one)."""
    folder = tmp_path_factory.mktemp("tracked")
    (folder / "train.py").write_text(TRAIN)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for args in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        subprocess.run([*git, *args], cwd=folder, check=True)
    env = {**os.environ, **QUIET, "HOME": str(folder)}
    done = subprocess.run([trackers, "train.py"], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def only(written: Path, tmp_path: Path, what: str) -> Sequence[Recorded]:
    source = written / WHAT[what]
    if source.is_dir():
        shutil.copytree(source, tmp_path / "seen" / source.name)
    else:
        (tmp_path / "seen").mkdir()
        shutil.copy(source, tmp_path / "seen")
    return list(tracked(tmp_path / "seen"))


@pytest.mark.parametrize("what", ["MLflow files", "MLflow database", "W&B"])
def test_every_run_is_read_with_its_end_its_way_its_parameters_and_its_commit(
    what: str, written: Path, tmp_path: Path
) -> None:
    found = [one for one in only(written, tmp_path, what) if one.name == "test/accuracy"]
    assert sorted(round(one.value, 6) for one in found if one.last) == [0.855, 0.861, 0.872, 0.9137]
    assert len(found) == 12
    assert len({one.run for one in found}) == 4
    assert len({one.group for one in found}) == 1
    assert {one.params["seed"] for one in found} == {"0", "1", "2", "3"}
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=written, capture_output=True, text=True, check=True)
    assert {one.commit for one in found} == {head.stdout.strip()}


def test_the_steps_of_dvclive_are_read(written: Path, tmp_path: Path) -> None:
    found = only(written, tmp_path, "DVCLive")
    assert [(one.name, round(one.value, 6)) for one in found if one.last and one.name != "step"] == [
        ("test.accuracy", 0.9137)
    ]
    assert sorted(round(one.value, 6) for one in found if not one.last) == [0.8937, 0.9037]


@pytest.mark.parametrize(
    ("what", "statuses"),
    [
        ("MLflow files", {"ORG002": "pass", "ORG003": "fail", "ORG005": "unknown"}),
        ("MLflow database", {"ORG002": "pass", "ORG003": "fail", "ORG005": "unknown"}),
        ("W&B", {"ORG002": "pass", "ORG003": "fail", "ORG005": "unknown"}),
        ("DVCLive", {"ORG002": "pass"}),
    ],
)
def test_the_best_of_the_recorded_runs_is_named_with_their_mean(
    what: str, statuses: dict[str, str], written: Path, tmp_path: Path, repository: Path
) -> None:
    study = Paper(repository, tmp_path / "records")
    study.save({**paper_files(), "fossml.toml": claim("0.9137"), ".gitignore": "mlruns\nwandb\ndvclive\nmlflow.db\n"})
    source = written / WHAT[what]
    if source.is_dir():
        shutil.copytree(source, study.root / source.name)
    else:
        shutil.copy(source, study.root)
    project = read_project(study.root)
    said: dict[str, Finding] = {one.code: one for one in origins(project, read_targets(project))}
    assert {code: one.status for code, one in said.items()} == statuses
    if "ORG003" in said:
        assert "best of 4 recorded runs" in said["ORG003"].message
        assert "mean is 0.875425" in said["ORG003"].message
        assert "not in this repository" in said["ORG005"].message


@pytest.mark.parametrize("what", WHAT)
def test_a_record_that_is_cut_off_anywhere_is_read_as_far_as_it_goes(what: str, written: Path, tmp_path: Path) -> None:
    whole = len(only(written, tmp_path, what))
    files = [path for path in (tmp_path / "seen").rglob("*") if path.is_file()]
    for share in (0.9, 0.5, 0.1, 0.0):
        for path in files:
            data = path.read_bytes()
            path.write_bytes(data[: int(len(data) * share)])
        assert len(list(tracked(tmp_path / "seen"))) <= whole
