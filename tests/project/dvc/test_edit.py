from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.project.dvc import read_stages
from fossml.project.dvc.edit import add_stage

STAGE = {"cmd": "python train.py", "deps": ["train.py"], "outs": [{"m.json": {"cache": False}}]}


def test_a_stage_is_added_and_the_rest_stays(tmp_path: Path) -> None:
    text = '# head\nstages:\n  a:   # the first\n    cmd: "x"\n    deps: [b,  c]\n'
    new = add_stage(text, "train", STAGE)
    assert new.startswith('# head\nstages:\n  a:   # the first\n    cmd: "x"\n    deps: [b, c]\n')
    (tmp_path / "dvc.yaml").write_text(new)
    assert [stage.name for stage in read_stages(tmp_path)] == ["a", "train"]


@pytest.mark.parametrize("text", [None, "", "# only a comment\n", "vars: [{a: 1}]\n"])
def test_the_first_stage_makes_the_section(tmp_path: Path, text: str | None) -> None:
    new = add_stage(text, "train", STAGE)
    assert new.startswith((text or "").strip()[:6])
    (tmp_path / "dvc.yaml").write_text(new)
    assert [stage.cmd for stage in read_stages(tmp_path)] == ["python train.py"]


@pytest.mark.parametrize(
    ("text", "name", "stage"),
    [
        ("stages: {a: {cmd: x}}", "a", STAGE),
        ("stages: [", "b", STAGE),
        ("stagse: {}", "b", STAGE),
        (None, "b", {"dep": []}),
    ],
)
def test_what_cannot_be_added_is_refused(text: str | None, name: str, stage: dict[str, object]) -> None:
    with pytest.raises(FossmlError):
        add_stage(text, name, stage)
