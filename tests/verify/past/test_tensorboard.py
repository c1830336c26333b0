"""What the real writers of TensorBoard's event files wrote (events/README.md) is read without TensorBoard."""

from __future__ import annotations

import shutil
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

EVENTS = Path(__file__).parent / "events"
ENDS = [0.855, 0.861, 0.872, 0.9137]


def of_tensorboard(root: Path) -> list[Recorded]:
    return [one for one in tracked(root) if one.by == "TensorBoard"]


@pytest.mark.parametrize("form", ["old", "new"])
def test_every_run_is_read_with_its_end_and_its_way(form: str) -> None:
    found = [one for one in of_tensorboard(EVENTS) if one.run.startswith(f"{form}/")]
    assert {one.name for one in found} == {"test/accuracy"}  # neither the text nor the histogram
    assert sorted(one.value for one in found if one.last) == ENDS
    assert sorted(one.value for one in found if one.run == f"{form}/run2") == [0.8937, 0.9037, 0.9137]
    assert len(found) == 12
    assert {one.group for one in found} == {f"TensorBoard runs in {form}"}
    assert all((EVENTS / one.place.path).is_file() for one in found)


def test_hyper_parameters_are_read() -> None:
    found = [one for one in of_tensorboard(EVENTS) if one.run.startswith("new/") and one.last]
    assert [one.params for one in found] == [
        {"seed": str(seed), "lr": "0.1", "model": "small"} for seed in range(len(ENDS))
    ]


def test_a_run_that_was_gone_on_with_has_one_end(tmp_path: Path) -> None:
    for form, name in (("old/run0", "events.out.tfevents.1.a"), ("old/run1", "events.out.tfevents.2.a")):
        (tmp_path / "run").mkdir(exist_ok=True)
        shutil.copy(next((EVENTS / form).iterdir()), tmp_path / "run" / name)
    assert [one.value for one in of_tensorboard(tmp_path) if one.last] == [0.872]


@pytest.mark.parametrize("form", ["old", "new"])
def test_a_file_that_is_cut_off_or_spoilt_anywhere_is_read_as_far_as_it_goes(form: str, tmp_path: Path) -> None:
    data = next((EVENTS / form / "run2").iterdir()).read_bytes()
    target = tmp_path / "events.out.tfevents.1.a"
    for at in range(0, len(data), 7):
        for some in (data[:at], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]):
            target.write_bytes(some)
            read = [one.value for one in of_tensorboard(tmp_path)]
            assert read == [0.8937, 0.9037, 0.9137][: len(read)]


@pytest.mark.parametrize("form", ["old", "new"])
def test_the_best_of_the_recorded_runs_is_named_with_their_mean(form: str, repository: Path, tmp_path: Path) -> None:
    study = Paper(repository, tmp_path / "records")
    study.save({**paper_files(), "fossml.toml": claim("0.9137"), ".gitignore": "runs\n"})
    shutil.copytree(EVENTS / form, study.root / "runs")
    project = read_project(study.root)
    said: dict[str, Finding] = {one.code: one for one in origins(project, read_targets(project))}
    assert (said["ORG002"].status, said["ORG003"].status) == ("pass", "fail")
    assert "best of 4 recorded runs (TensorBoard runs in runs): their mean is 0.875425" in said["ORG003"].message
