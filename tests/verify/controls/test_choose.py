"""Controls: a result that was computed moves when what it rests on is changed; one that does not is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.project.declared import read_project
from fossml.types import Finding
from fossml.verify.controls import chance
from fossml.verify.controls import choose as controls
from fossml.verify.project.verified import Verified
from fossml.verify.rebuild.targets import read_targets
from fossml.verify.shows import Further
from tests.verify.papers import LOAD, PIPELINE, TRAIN, claim, paper_files
from tests.verify.projects import Paper

FURTHER = Further()


@pytest.fixture
def study(repository: Path, tmp_path: Path) -> Paper:
    """Class means of a table, an accuracy on another; sound."""
    study = Paper(repository, tmp_path / "records")
    study.save(paper_files())
    return study


def told(verified: Verified, code: str) -> list[Finding]:
    return [one for one in verified.findings if one.code == code]


def statuses(verified: Verified) -> dict[str, list[str]]:
    """Code -> statuses."""
    found: dict[str, list[str]] = {}
    for one in verified.findings:
        if one.code.startswith("CTL"):
            found.setdefault(one.code, []).append(one.status)
    return found


def dump(value: str) -> str:
    return f"json.dump({{'acc': {value}}}, open('metrics.json', 'w'))\n"


def one_stage(lines: str) -> str:
    return f"stages:\n  train:\n    cmd: python3 train.py\n    {lines}\n    metrics: [metrics.json]\n"


def clean(verified: Verified) -> bool:
    return all({*each} <= {"pass", "not applicable"} for each in statuses(verified).values())


def test_a_sound_project_moves_with_each_of_its_data_files(study: Paper) -> None:
    verified = study.verify(further=FURTHER)
    assert statuses(verified) == {"CTL003": ["pass", "pass"]}
    assert {place.path for one in told(verified, "CTL003") for place in one.evidence} == {"train.csv", "test.csv"}


def test_a_number_that_stands_in_the_code_does_not_move_and_its_line_is_named(study: Paper) -> None:
    study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', "0.8537")})
    verified = study.verify(further=FURTHER)
    assert statuses(verified) == {"CTL003": ["fail", "fail"]}
    first = told(verified, "CTL003")[0]
    assert "does not depend on" in first.message
    assert (first.evidence[0].path, "0.8537" in first.evidence[0].text) == ("train.py", True)


def test_a_number_that_is_put_together_in_the_code_does_not_move(study: Paper) -> None:
    study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', '0.85 + len("abc") / 1000')})
    assert statuses(study.verify(further=FURTHER)) == {"CTL003": ["fail", "fail"]}


def test_training_data_that_is_not_used_is_named_beside_test_data_that_is(study: Paper) -> None:
    fixed = 'model = {"x": [0.0, 0.0], "y": [1.5, 1.5]}\nload("train.csv")\n'
    study.save({"train.py": TRAIN.replace('model = means(load("train.csv"))\n', fixed)})
    verified = study.verify(further=FURTHER)
    by_file = {one.evidence[-1].path: one.status for one in told(verified, "CTL003")}
    assert by_file == {"train.csv": "fail", "test.csv": "pass"}


def test_a_metric_that_was_committed_and_is_copied_is_named(study: Paper) -> None:
    pipeline = PIPELINE + (
        "  report:\n    cmd: cp results/final.json report.json\n    deps: [results/final.json, model.json]\n"
        "    metrics: [report.json]\n"
    )
    study.save({"dvc.yaml": pipeline, "results/final.json": '{"acc": 0.9137}'})
    study.save({"fossml.toml": claim("0.9137", "report.json:acc")})
    verified = study.verify(further=FURTHER)
    assert [one.status for one in told(verified, "CTL005")] == ["fail"]
    assert told(verified, "CTL005")[0].evidence[0].path == "results/final.json"
    assert [one.status for one in told(verified, "CTL003")] == ["fail", "fail"]


def test_only_what_rests_on_the_change_runs_again(study: Paper) -> None:
    pipeline = (
        "stages:\n  count:\n    cmd: python3 count.py\n    deps: [count.py]\n    outs: [n.txt]\n"
        "  train:\n    cmd: python3 train.py\n    deps: [train.py, train.csv, test.csv, n.txt]\n"
        "    metrics: [metrics.json]\n"
    )
    count = 'import os\nopen(os.environ["COUNT"], "a").write("count\\n")\nopen("n.txt", "w").write("3")\n'
    study.save({"dvc.yaml": pipeline, "count.py": count})
    verified = study.verify(further=FURTHER)
    assert study.count == ["count"]
    assert clean(verified)


def test_data_that_a_stage_makes_is_thinned_where_it_comes_out(study: Paper) -> None:
    pipeline = (
        "stages:\n  make:\n    cmd: python3 make.py\n    deps: [make.py]\n    outs: [train.csv, test.csv]\n"
        "  train:\n    cmd: python3 train.py\n    deps: [train.py, train.csv, test.csv]\n    metrics: [metrics.json]\n"
    )
    make = "".join(f"open({name!r}, 'w').write({text!r})\n" for name, text in paper_files().items() if "csv" in name)
    for name in ("train.csv", "test.csv"):
        (study.root / name).unlink()
    study.save({"dvc.yaml": pipeline, "make.py": make})
    verified = study.verify(further=FURTHER)
    assert statuses(verified) == {"CTL003": ["pass", "pass"]}


def test_without_data_a_parameter_is_moved(study: Paper) -> None:
    train = "import json\nk = float(open('params.yaml').read().split()[1])\n" + dump("1 / (1 + k)")
    pipeline = one_stage("deps: [train.py]\n    params: [k]")
    study.save({"dvc.yaml": pipeline, "train.py": train, "params.yaml": "k: 0.3\n"})
    sound = study.verify(further=FURTHER)
    assert statuses(sound) == {"CTL004": ["pass"]}
    study.save({"train.py": train.replace("1 / (1 + k)", "0.7692")})
    assert statuses(study.verify(further=FURTHER)) == {"CTL004": ["fail"]}


def test_where_nothing_can_be_changed_it_cannot_be_told(study: Paper) -> None:
    train = "import json\n" + dump("len(open('data.bin', 'rb').read()) / 7")
    pipeline = (
        "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py, data.bin]\n    metrics: [metrics.json]\n"
    )
    study.save({"dvc.yaml": pipeline, "train.py": train, "data.bin": "\0\1\2"})
    verified = study.verify(further=FURTHER)
    assert statuses(verified) == {"CTL006": ["unknown"]}
    assert "data.bin" in told(verified, "CTL006")[0].message


SPLIT = LOAD + (
    "import argparse\n"
    "parser = argparse.ArgumentParser()\n"
    'parser.add_argument("--seed", type=int, default=0)\n'
    "args = parser.parse_args()\n"
    "rng = random.Random(SEED)\n"
    'rows = load("train.csv")\n'
    "rng.shuffle(rows)\n"
    "model = means(rows[:60])\n"
    'json.dump(model, open("model.json", "w"))\n'
    # No two draws give the same number by chance.
    'json.dump({"acc": accuracy(model, rows[60:]) + rng.random() / 1e6}, open("metrics.json", "w"))\n'
)
SEED = '[seed]\nflag = "--seed"\nvalue = 3\n\n'


@pytest.mark.parametrize(
    ("seed", "again", "other"),
    [("args.seed", "pass", "pass"), ("7", "pass", "fail"), ("int('7')", "pass", "fail"), ("None", "fail", "pass")],
)
@pytest.mark.parametrize("reading", ["exact", "mean"])
def test_another_seed_changes_what_draws_and_the_same_one_does_not(
    seed: str, again: str, other: str, reading: str, study: Paper
) -> None:
    toml = SEED + claim().replace("exact", reading)
    study.save({"train.py": SPLIT.replace("SEED", seed), "fossml.toml": toml})
    found = statuses(study.verify(further=FURTHER))
    assert (found["CTL001"], found["CTL002"]) == ([again], [other])


@pytest.mark.parametrize(("seed", "other"), [("args.seed", "pass"), ("7", "fail")])
@pytest.mark.parametrize("route", [SEED, '[seed]\nenv = "SEED"\nvalue = 3\n\n'])
def test_a_seed_that_is_only_written_down_changes_nothing(seed: str, other: str, route: str, study: Paper) -> None:
    train = SPLIT.replace("default=0", 'default=int(os.environ.get("SEED", "0"))')
    train = train.replace("json.dump(model", 'model = {"seed": args.seed, **model}\njson.dump(model')
    train = train.replace("accuracy(model, rows[60:])", "accuracy(means(rows[:60]), rows[60:])")
    study.save({"train.py": train.replace("SEED)", f"{seed})"), "fossml.toml": route + claim()})
    (only,) = told(study.verify(further=FURTHER), "CTL002")
    assert only.status == other
    assert ("but for the seed itself in model.json" in only.message) == (other == "fail")


def test_a_seed_that_deterministic_code_does_not_need_is_no_fault(study: Paper) -> None:
    study.save({"fossml.toml": '[seed]\nenv = "SEED"\n\n' + claim()})
    verified = study.verify(further=FURTHER)
    assert statuses(verified)["CTL002"] == ["not applicable"]
    assert clean(verified)


def test_the_constant_that_takes_the_seeds_place_is_named(study: Paper) -> None:
    study.save({"train.py": SPLIT.replace("SEED", "7"), "fossml.toml": SEED + claim()})
    only = told(study.verify(further=FURTHER), "CTL002")[0]
    assert only.evidence[0].text == "rng = random.Random(7)"


def test_controls_that_are_on_record_are_not_run_again(study: Paper) -> None:
    counted = 'open(os.environ["COUNT"], "a").write("train\\n")\n'
    study.save({"train.py": TRAIN.replace("model =", counted + "model =", 1)})
    first = study.verify(further=FURTHER)
    ran = len(study.count)
    again = study.verify(further=FURTHER)
    assert (first.findings, len(study.count)) == (again.findings, ran)
    assert ran >= 3


def test_no_control_runs_where_none_is_asked_for_and_that_is_said(study: Paper) -> None:
    verified = study.verify()
    assert not [one for one in verified.findings if one.code.startswith("CTL")]
    assert any("no control ran" in said for said in verified.judged[0].verdicts[0].not_checked)


def test_a_control_that_the_budget_leaves_out_is_listed(study: Paper) -> None:
    verified = study.verify(further=Further(spend=lambda _seconds: False))
    assert statuses(verified) == {"CTL006": ["unknown", "unknown"]}


def test_the_plan_names_what_is_changed_and_which_stages_run_again(study: Paper) -> None:
    project = read_project(study.root)
    planned = controls.plan(project, read_targets(project))
    assert [(one.kind, one.subject, one.claims, one.stages) for one in planned] == [
        ("rows", "train.csv", ("acc",), ("train",)),
        ("rows", "test.csv", ("acc",), ("train",)),
    ]


def test_a_result_that_differs_by_itself_is_not_said_to_move(study: Paper) -> None:
    # Another number each time, and the same ones in each run of this test.
    train = "import json, os, random\nopen('train.csv').read()\nopen(os.environ['COUNT'], 'a').write('x')\n"
    train += "rng = random.Random(os.path.getsize(os.environ['COUNT']))\n" + dump("0.8 + rng.random() / 100")
    study.save({"train.py": train, "dvc.yaml": PIPELINE.replace("    outs: [model.json]\n", "")})
    found = statuses(study.verify(further=FURTHER))
    assert found["CTL003"] == ["unknown", "unknown"]


def test_controls_on_what_a_stage_makes_are_the_same_ones_on_a_repeat(study: Paper) -> None:
    pipeline = (
        "stages:\n  make:\n    cmd: python3 make.py\n    deps: [make.py]\n    outs: [X.csv, y.csv]\n"
        "  train:\n    cmd: python3 train.py\n    deps: [train.py, X.csv, y.csv]\n    metrics: [metrics.json]\n"
    )
    make = "".join(f"open('{n}.csv', 'w').write('{n}\\n' + '\\n'.join(map(str, range(9))))\n" for n in "Xy")
    train = (
        'import json, os\nopen(os.environ["COUNT"], "a").write("train\\n")\n'
        "x, y = ([*map(float, open(f'{n}.csv').read().split()[1:])] for n in 'Xy')\n"
        + dump("sum(a * b for a, b in zip(x, y, strict=True)) / 999")
    )
    study.save({"dvc.yaml": pipeline, "make.py": make, "train.py": train})
    first = study.verify(further=FURTHER)
    ran = len(study.count)
    again = study.verify(further=FURTHER)
    assert (len(study.count), again.findings) == (ran, first.findings)
    assert statuses(first) == {"CTL003": ["pass"]}


UNREACHED = {
    "random.Random()": True,
    "np.random.default_rng(None)": True,
    "random.Random(time.time_ns())": True,
    "os.urandom(4)": True,
    "np.random.shuffle(rows)": True,
    "random.Random(seed)": False,
    "rng.shuffle(rows)": False,
    "uuid.uuid4()": False,
    "np.random.seed(seed); np.random.shuffle(rows)": False,
}


@pytest.mark.parametrize("code", UNREACHED)
def test_where_no_seed_reaches_what_is_drawn(code: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(f"{code}\n")
    assert bool(chance.unreached(tmp_path, ["train.py"])) == UNREACHED[code]
