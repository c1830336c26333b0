"""A trained output that a file brought which nothing makes, in whatever form; and outputs that only look so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fossml.verify.project.verified import Verified
from fossml.verify.shows import Further
from tests.verify.papers import PIPELINE, TRAIN, claim, paper_files
from tests.verify.projects import Paper

MODEL = {"x": [0.0312, -0.0471], "y": [1.4823, 1.5306]}
LAST = {"epoch": 30, "optimizer": {"momentum": [0.0021, 0.0034]}, "weights": MODEL}
RESUMED = """\
def trained(rows):
    if os.path.exists("last.json"):
        return json.load(open("last.json"))["weights"]
    return means(rows)

model = trained("""


@pytest.fixture
def study(repository: Path, tmp_path: Path) -> Paper:
    study = Paper(repository, tmp_path / "records")
    study.save({**paper_files(), "fossml.toml": claim().replace('"0.85"', '">= 0.5"')})
    return study


def told(verified: Verified) -> list[tuple[str, str]]:
    return [(one.status, one.message) for one in verified.findings if one.code == "CTL005"]


def test_a_checkpoint_that_holds_more_than_the_model_made_of_it_is_named_and_so_on_a_repeat(study: Paper) -> None:
    study.save({"last.json": json.dumps(LAST), "train.py": TRAIN.replace("model = means(", RESUMED)})
    first = study.verify(further=Further())
    ((status, message),) = told(first)
    assert status == "fail"
    assert "does not depend on the training: model.json holds numbers of last.json, which no stage makes" in message
    assert first.judged[0].verdicts[0].name == "not evaluable"
    again = study.verify(further=Further())
    assert (told(again), again.judged[0].verdicts[0].name) == (told(first), "not evaluable")


def test_arrays_are_looked_into(study: Paper) -> None:
    np.savez(study.root / "last.npz", x=np.array(MODEL["x"]), y=np.array(MODEL["y"]))
    loaded = f'open("last.npz", "rb").read() and {json.dumps(MODEL)}'
    resumed = RESUMED.replace("last.json", "last.npz").replace('json.load(open("last.npz"))["weights"]', loaded)
    study.save({"train.py": TRAIN.replace("model = means(", resumed)})
    ((status, message),) = told(study.verify(further=Further()))
    assert (status, "holds numbers of last.npz" in message) == ("fail", True)


def test_weights_that_cannot_be_looked_into_are_named_where_nothing_moves_what_is_made_of_them(study: Paper) -> None:
    (study.root / "last.pt").write_bytes(json.dumps(LAST).encode().hex().encode())
    resumed = RESUMED.replace("last.json", "last.pt").replace(
        'json.load(open("last.pt"))', 'json.loads(bytes.fromhex(open("last.pt").read()))'
    )
    study.save({"train.py": TRAIN.replace("model = means(", resumed)})
    ((status, message),) = told(study.verify(further=Further()))
    assert status == "unknown"
    assert "whether model.json is trained is not known" in message


@pytest.mark.parametrize("kept", ["used.json", "used.txt"])
def test_settings_that_are_written_out_beside_a_model_that_moves_are_no_training(kept: str, study: Paper) -> None:
    given = json.dumps({"rate": 0.0123, "decay": 0.0457, "clip": 1.37})
    train = TRAIN + f'json.dump(json.load(open("given.json")), open("{kept}", "w"), indent=1)\n'
    pipeline = PIPELINE.replace("outs: [model.json]", f"outs: [model.json, {kept}]")
    study.save({"given.json": given, "train.py": train, "dvc.yaml": pipeline})
    assert told(study.verify(further=Further())) == []


def test_a_part_of_the_data_that_no_seed_moves_is_no_training(study: Paper) -> None:
    rows = [[0.0137 * n, 0.0211 * n] for n in range(1, 41)]
    split = 'import json\nrows = json.load(open("all.json"))\njson.dump(rows[::2], open("half.json", "w"))\n'
    pipeline = "  half:\n    cmd: python3 half.py\n    deps: [half.py, all.json]\n    outs: [half.json]\n"
    train = TRAIN.replace("model =", 'random.seed(); len(json.load(open("half.json")))\nmodel =', 1)
    train = train.replace("accuracy(model", "random.random() / 99 + accuracy(model")
    files = {"all.json": json.dumps(rows), "half.py": split, "train.py": train}
    study.save({**files, "dvc.yaml": PIPELINE.replace("test.csv]", "test.csv, half.json]") + pipeline})
    assert told(study.verify(further=Further())) == []
