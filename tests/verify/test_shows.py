"""Controls and probes are trainings: planned, priced by the stages that they run, first to go, and listed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fossml.engine.records import dump_own_lock
from fossml.project.declared import read_project
from fossml.verify.claims.loop import Limits
from fossml.verify.project.flow import verify_project
from fossml.verify.project.verified import Verified
from fossml.verify.rebuild.planned import steps
from fossml.verify.report import Circumstances, of_project
from fossml.verify.shows import Further
from fossml.views.report import Report, Source
from tests.verify.papers import TRAIN, claim, paper_files
from tests.verify.projects import Paper

PIPELINE = (
    'stages:\n  long:\n    cmd: echo long >> "$COUNT" && echo 3 > n.txt\n    outs: [n.txt]\n'
    '  train:\n    cmd: echo train >> "$COUNT" && python3 train.py\n    deps: [train.py, train.csv, test.csv, n.txt]\n'
    "    metrics: [metrics.json]\n"
)
SEED = '[seed]\nenv = "SEED"\n\n'
ALL = Further(probe=True)


@pytest.fixture
def study(repository: Path, tmp_path: Path) -> Paper:
    """A long stage that nothing of the data reaches, and a training on tables."""
    study = Paper(repository, tmp_path / "records")
    study.save({**paper_files(), "dvc.yaml": PIPELINE})
    return study


def verify(study: Paper, budget: float | None = None, further: Further = ALL) -> tuple[Verified, Report]:
    targets, rebuilder = study.rebuilder()
    try:
        verified = verify_project(
            targets,
            rebuilder,
            Limits(3, budget),
            rng=random.Random(7),
            say=study.said.append,
            report=lambda _targets, one: study.runs.append(one),
            further=further,
        )
    finally:
        rebuilder.close()
    return verified, of_project(verified, targets, Circumstances("paper", Source("paper"), "", ""))


def planned(report: Report) -> dict[str, float | None]:
    return {step.what: step.seconds for step in report.plan if not step.left_out}


def test_what_was_run_is_listed_in_the_report_with_its_price(study: Paper) -> None:
    study.save({"fossml.toml": SEED + claim()})
    _, report = verify(study)
    # A control of the seed, and one of everything again, run all; the others run the training alone.
    whole = [
        run
        for run in report.runs
        if run.what in ("rebuilt as recorded", "control: built again") or run.seed is not None
    ]
    assert study.count.count("long") == len(whole)
    assert study.count.count("train") == len(report.runs) > len(whole)
    assert all(run.seconds > 0 for run in report.runs)


def test_a_repeat_lists_the_same_as_recorded_and_runs_nothing(study: Paper) -> None:
    study.save({"fossml.toml": SEED + claim()})
    _, first = verify(study, further=Further())
    ran = study.count
    _, again = verify(study, further=Further())
    assert study.count == ran
    assert sorted(run.what for run in again.runs) == sorted(run.what for run in first.runs)
    assert again.seconds == pytest.approx(first.seconds)
    assert again.seconds_now == 0


def test_the_first_plan_names_them_and_the_later_one_prices_them_by_their_stages(study: Paper) -> None:
    costs = {"long": 100.0, "train": 2.0}
    runs = {name: {"key": "a" * 64, "stage": name, "cmd": "x", "seconds": took} for name, took in costs.items()}
    study.save({"fossml.lock": dump_own_lock(runs)})
    verified, report = verify(study)
    first = study.said[: next(place for place, line in enumerate(study.said) if line.startswith("rebuilding"))]
    assert "  control: rows left out of train.csv (train again) (acc): about 2.0 s" in first
    assert any(line.startswith("  probe: labels") and line.endswith("about 2.0 s") for line in first)
    assert any("planned again" in line for line in first)
    exact = planned(report)["control: rows left out of train.csv (train again)"]
    assert exact == pytest.approx(verified.rebuilt.costs["train"])
    assert verified.plan.seconds == pytest.approx(sum(step.seconds or 0 for step in steps(verified.plan)))


def test_they_are_the_first_to_go_and_what_went_is_listed_with_its_price(study: Paper) -> None:
    costs = {"long": 1.0, "train": 60.0}
    runs = {name: {"key": "a" * 64, "stage": name, "cmd": "x", "seconds": took} for name, took in costs.items()}
    study.save({"fossml.lock": dump_own_lock(runs), "train.py": "import time\n" + TRAIN.replace("model =", SLEEP, 1)})
    verified, report = verify(study, budget=4.0)
    assert [one.verdicts[0].name for one in verified.judged] == ["not evaluable"]
    study.save({"fossml.lock": ""})
    (study.root / "fossml.lock").unlink()
    verified, report = verify(study, budget=6.0)
    assert verified.rebuilt.measured
    left = {step.what: step for step in report.plan if step.left_out}
    assert set(left) == {
        "control: rows left out of train.csv (train again)",
        "control: rows left out of test.csv (train again)",
        "probe: labels label permuted in train.csv, test.csv (train again)",
    }
    assert all((step.seconds or 0) > 3 for step in left.values())
    assert len(report.runs) == 1
    told = [one for one in verified.findings if one.code == "CTL006"]
    assert [one.status for one in told] == ["unknown", "unknown"]
    assert "would take about" in told[0].message


SLEEP = "time.sleep(3.5); model ="


def test_another_seed_runs_only_what_the_claims_that_lack_it_need(study: Paper) -> None:
    more = '  other:\n    cmd: echo other >> "$COUNT"; cp given.json other.json\n    deps: [given.json]\n'
    more += "    metrics: [other.json]\n"
    other = claim("0.5", "other.json:acc").replace('id = "acc"', 'id = "other"').replace("exact", "mean")
    files = {"dvc.yaml": PIPELINE + more, "given.json": '{"acc": 0.5}', "fossml.toml": SEED + claim() + "\n" + other}
    study.save(files)
    _, report = verify(study, further=Further())
    kinds = [run.what for run in report.runs]
    # As declared, everything again as it is, and the seeds that each of the two claims needs.
    assert study.count.count("other") == 2 + kinds.count("with a fresh seed")
    assert study.count.count("long") == 2 + kinds.count("control: another seed: env SEED")
    assert kinds.count("control: another seed: env SEED") > 0


def test_without_controls_none_is_planned(study: Paper) -> None:
    _, report = verify(study, further=Further(controls=False))
    assert [run.what for run in report.runs] == ["rebuilt as recorded"]
    assert not [line for line in study.said if "control" in line]
    assert read_project(study.root)


def interrupts(study: Paper, at: str, times: int = 1) -> None:
    """The next verification is interrupted where it says a line that begins with `at`, for the nth time."""

    class Said(list[str]):
        def append(self, line: str) -> None:
            super().append(line)
            if line.startswith(at) and len([one for one in self if one.startswith(at)]) == times:
                raise KeyboardInterrupt

    study.said = Said()


def told(verified: Verified, code: str) -> list[str]:
    return [f"{one.status}: {one.message}" for one in verified.findings if one.code == code]


def test_an_interruption_keeps_what_controls_have_found_and_names_those_not_made(study: Paper) -> None:
    interrupts(study, "control: rows left out of test.csv")
    verified, report = verify(study)
    assert verified.interrupted
    assert not [one for one in verified.judged[0].verdicts[0].not_checked if "control" in one]
    (found,), (left,) = told(verified, "CTL003"), told(verified, "CTL006")
    assert found.startswith("pass: metrics.json:acc moved from")
    assert left.startswith("unknown: not told, since it was interrupted before it was done: control: rows left out of")
    assert [one.startswith("unknown: not told, since it was interr") for one in told(verified, "PRB001")] == [True]
    assert any(one.what.startswith("control: train.csv") for one in report.runs)


def test_an_interruption_between_two_changes_names_the_control_and_keeps_the_build(study: Paper) -> None:
    study.save({"train.py": TRAIN.replace('"acc": accuracy', '"acc": 0.8571 + 0 * accuracy')})
    interrupts(study, "  train  ", 4)
    verified, _ = verify(study, further=Further())
    assert (verified.interrupted, told(verified, "CTL003"), len(told(verified, "CTL006"))) == (True, [], 2)
    study.said = []
    verified, report = verify(study, further=Further())
    assert [line.partition(":")[0] for line in told(verified, "CTL003")] == ["fail", "fail"]
    assert any(run.recorded for run in report.runs if run.what.startswith("control: train.csv: a tenth"))


def test_an_interrupted_probe_is_named_and_what_was_found_stays(study: Paper) -> None:
    interrupts(study, "probe: labels")
    verified, _ = verify(study)
    assert verified.interrupted
    assert [line.partition(":")[0] for line in told(verified, "CTL003")] == ["pass", "pass"]
    assert [line.partition(":")[0] for line in told(verified, "PRB002")] == ["pass"]
    (left,) = told(verified, "PRB001")
    assert left == "unknown: not told, since it was interrupted before it was done: the number with permuted labels"


def verdicts(report: Report) -> list[tuple[str, str]]:
    return [(one.judged.verdicts[0].name, one.outcome) for one in report.claims]


@pytest.mark.parametrize(
    ("computed", "exit_code", "told_so"),
    [
        ('accuracy(model, load("test.csv"))', 0, ("numeric", "holds")),
        ("0.8571", 3, ("not evaluable", "unknown")),
    ],
)
def test_a_right_number_that_does_not_depend_on_its_data_could_not_be_told(
    computed: str, exit_code: int, told_so: tuple[str, str], study: Paper
) -> None:
    study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', computed)})
    number = verify(study, further=Further())[0].rebuilt.of("metrics.json:acc").values["acc"]
    study.save({"fossml.toml": claim(str(number))})
    _, report = verify(study, further=Further())
    assert (report.exit_code, verdicts(report)) == (exit_code, [told_so])
    if exit_code:
        reason = report.claims[0].judged.verdicts[0].reason
        assert (
            reason.startswith("it would be numeric, but the result does not depend on train.csv")
            and "(CTL003)" in reason
        )


def test_a_wrong_number_that_does_not_depend_on_its_data_does_not_hold(study: Paper) -> None:
    study.save({"train.py": TRAIN.replace('accuracy(model, load("test.csv"))', "0.8571")})
    _, report = verify(study, further=Further())
    assert (report.exit_code, verdicts(report)) == (1, [("not reproduced", "fails")])


def test_data_of_which_only_some_moves_a_number_withholds_nothing(study: Paper) -> None:
    fixed = 'model = {"x": [0.0, 0.0], "y": [1.5, 1.5]}\nload("train.csv")\n'
    study.save({"train.py": TRAIN.replace('model = means(load("train.csv"))\n', fixed)})
    study.save({"fossml.toml": claim("0.5").replace('"0.5"', '">= 0.5"')})
    verified, report = verify(study, further=Further())
    assert sorted(line.partition(":")[0] for line in told(verified, "CTL003")) == ["fail", "pass"]
    assert (report.exit_code, verdicts(report)[0][1]) == (0, "holds")
