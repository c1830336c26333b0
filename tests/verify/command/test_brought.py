"""A reader's claims file: what it may say, how it is refused, and what becomes of it on a repository."""

from __future__ import annotations

import json
import shlex
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from fossml.cli import main
from fossml.cli.verify.oneliner import reporter
from fossml.errors import FossmlError
from fossml.verify.claims.loop import Limits, Outcome
from fossml.verify.cleanroom.seeds import Delivery
from fossml.verify.command import brought
from fossml.verify.command.brought import Brought, groups, parse_claims
from fossml.verify.command.together import left
from fossml.verify.metrics.metric import Measured

PYTHON = shlex.quote(sys.executable)
CLAIM = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.90"\n'
RUN = '[run]\ncmd = "python train.py"\n'
WHOLE = """\
[run.ours]
cmd = "python train.py --model ours"
wdir = "src"

[run.theirs]
cmd = "python theirs.py"
seed = { env = "SEED" }

[seed]
flag = "--seed"

[environment]
python = "3.10"
requirements = "requirements.txt"
packages = ["scikit-learn==1.0"]

[[claim]]
id = "ours"
metric = "m.json:acc"
value = "0.95"
run = "ours"
better_than = "theirs"

[[claim]]
id = "theirs"
metric = "stdout:acc (\\\\S+)"
value = "0.90"
run = "theirs"

[[claim]]
id = "third"
metric = "m.json:acc"
value = 0.5
cmd = "python third.py"
"""


def read(text: str) -> Brought:
    return parse_claims(text, "claims.toml")


def test_the_whole_file_is_read() -> None:
    file = read(WHOLE)
    assert file.runs["ours"].delivery == Delivery("python train.py --model ours", flag="--seed")
    assert file.runs["ours"].wdir == "src"
    assert file.runs["theirs"].delivery == Delivery("python theirs.py", env="SEED")
    assert file.runs["python third.py"].delivery == Delivery("python third.py", flag="--seed")
    assert [(one.id, one.run) for one in file.claims] == [
        ("ours", "ours"),
        ("theirs", "theirs"),
        ("third", "python third.py"),
    ]
    assert file.environment["packages"] == ["scikit-learn==1.0"]
    jsonschema.validate(tomllib.loads(WHOLE), brought.schema())


def test_commands_whose_numbers_are_compared_share_their_seeds() -> None:
    assert groups(read(WHOLE)) == [("ours", "theirs"), ("python third.py",)]


def test_a_single_command_makes_every_number() -> None:
    file = read(RUN + CLAIM)
    assert (file.claims[0].run, list(file.runs)) == ("", [""])
    assert not read(CLAIM).runs


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ('[rum]\ncmd = "x"\n' + CLAIM, 1, "unknown table [rum]", "did you mean 'run'?"),
        ('[run]\ncmmd = "x"\n' + CLAIM, 2, "unknown key 'cmmd' in [run]", "did you mean 'cmd'?"),
        ('[run]\nwdir = "x"\n' + CLAIM, 1, "[run] needs `cmd`", 'for example cmd = "python train.py"'),
        ("[run]\ncmd = 3\n" + CLAIM, 2, "[run] cmd must be a string, it is 3", None),
        ('[run]\ncmd = "x"\nwdir = "../y"\n' + CLAIM, 3, "`wdir` lies outside the repository", None),
        ('[run.a]\ncmd = "x"\nwdri = "y"\n' + CLAIM, 3, "unknown key 'wdri' in [run.a]", "did you mean 'wdir'?"),
        (RUN + '[seed]\nflag = "-s"\nenv = "S"\n' + CLAIM, 3, "[seed] takes one of flag, env and param", None),
        (RUN + "[seed]\nflg = 1\n" + CLAIM, 4, "unknown key 'flg' in [seed]", "did you mean 'flag'?"),
        (RUN + CLAIM + 'valu = "1"\n', 7, "unknown key 'valu' in [claim]", "did you mean 'value'?"),
        ('[run.train]\ncmd = "x"\n' + CLAIM + 'run = "trian"\n', 3, "there is no [run.trian]", "did you mean 'train'?"),
        (
            '[run.a]\ncmd = "x"\n[run.b]\ncmd = "y"\n' + CLAIM,
            5,
            "'acc' does not say which command makes it",
            "run = one of a, b",
        ),
        (RUN + CLAIM + 'run = "a"\ncmd = "x"\n', 3, "a claim takes one of `cmd` and `run`", None),
        ('[run]\ncmd = "x | y"\n[seed]\nflag = "-s"\n' + CLAIM, 1, "the seed flag would go to the last command", None),
        ("[claim]\nid = 1\n", 1, "claims are written [[claim]], with two brackets", None),
        (RUN + CLAIM.replace("0.90", "high"), 3, "'high' is not a number as printed", None),
        ('run = "x"\n' + CLAIM, 1, "[run] must be a table, it is 'x'", None),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, place: int, message: str, hint: str | None) -> None:
    with pytest.raises(FossmlError) as caught:
        read(text)
    assert message in caught.value.message
    assert caught.value.where == f"claims.toml:{place}"
    assert hint is None or caught.value.hint == hint


def test_no_claim_is_nothing_to_verify() -> None:
    with pytest.raises(FossmlError, match="to verify") as caught:
        read(RUN)
    assert caught.value.code == 3


TRAIN = """
import json, os, random, sys
seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else int(os.environ.get("SEED", 0))
acc = random.Random(seed).gauss(0.95, 0.004) + random.Random(sys.argv[1]).gauss(0, 0.001)
print(f"acc {acc - 0.05:.4f}")
json.dump({"acc": acc}, open("m.json", "w"))
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that knows nothing of fossml, with the script in a folder of its own."""
    folder = tmp_path / "theirs"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "train.py").write_text(TRAIN)
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["verify", *words])
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


BROUGHT = f"""\
[run.ours]
cmd = "{PYTHON} train.py ours"
wdir = "src"

[run.theirs]
cmd = "{PYTHON} train.py theirs"
wdir = "src"
seed = {{ env = "SEED" }}

[seed]
flag = "--seed"

[[claim]]
id = "ours"
metric = "m.json:acc"
run = "ours"
better_than = "theirs"
by = "0.05"
reading = "mean"

[[claim]]
id = "theirs"
metric = "stdout:acc (\\\\S+)"
value = "0.90"
run = "theirs"
reading = "mean"
"""


def test_two_commands_of_a_stranger_are_paired_by_seed(
    stranger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(BROUGHT)
    code, out, err = said(capsys, str(stranger), "--claims", str(file), "--json", "--seeds", "1,2,3,4,5,6,7,8,9,10")
    assert code == 0, out + err
    document = json.loads(out)
    assert [one["outcome"] for one in document["claims"]] == ["holds", "holds"]
    assert document["claims"][0]["verdicts"][0]["verdict"] == "reproduced"
    assert document["made"]["kind"] in ("project", "imports", "path")
    assert len({one["seed"] for one in document["runs"]}) == len(document["runs"]) >= 3
    assert not (stranger / "src" / "m.json").exists()
    again = json.loads(
        said(capsys, str(stranger), "--claims", str(file), "--json", "--seeds", "1,2,3,4,5,6,7,8,9,10")[1]
    )
    assert all(one["recorded"] for one in again["runs"])


def test_a_metric_that_nothing_makes_is_an_error_of_the_file(
    stranger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(BROUGHT.replace("m.json:acc", "m.json:accuracy"))
    code, _, err = said(capsys, str(stranger), "--claims", str(file))
    assert code == 2
    assert f"{file}:13" in err
    assert "has no `accuracy`" in err
    assert "it has acc" in err


def test_without_a_command_the_pipeline_of_the_repository_is_used(
    stranger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.toml"
    file.write_text(CLAIM.replace("0.90", "0.9501").replace("m.json", "src/m.json") + 'reading = "exact"\n')
    code, _, err = said(capsys, str(stranger), "--claims", str(file))
    assert (code, "has no dvc.yaml" in err) == (2, True)
    (stranger / "make.py").write_text('import json; json.dump({"acc": 0.95012}, open("src/m.json", "w"))')
    (stranger / "dvc.yaml").write_text("stages:\n  a:\n    cmd: python3 make.py\n    metrics: [src/m.json]\n")
    code, out, err = said(capsys, str(stranger), "--claims", str(file))
    assert code == 0, out + err
    file.write_text(file.read_text().replace("src/m.json", "src/n.json"))
    code, _, err = said(capsys, str(stranger), "--claims", str(file))
    assert (code, "no stage makes src/n.json" in err, f"{file}:1" in err) == (2, True, True)


def test_all_groups_of_commands_share_the_budget() -> None:
    assert left(Limits(10, budget=60.0), 45.0).budget == 15.0
    assert left(Limits(10, budget=60.0), 90.0).budget == 0.0
    assert left(Limits(10, budget=None), 90.0).budget is None


def test_a_run_is_told_without_a_number_for_an_order() -> None:
    text = '[run]\ncmd = "true"\n'
    text += "".join(f'[[claim]]\nid = "{name}"\nmetric = "stdout:{name}"\nvalue = 1\n' for name in "ab")
    claims = parse_claims(text + '[[claim]]\nid = "c"\norder = ["a", "b"]\n', "claims.toml").claims
    said: list[str] = []
    reporter(claims, 3, said.append)(
        Outcome(None, 1.0, (Measured({"": 2.0}), Measured({"": 1.0}), Measured({"": 2.0})))
    )
    assert said == ["run 1 of at most 3  a 2  b 1  (1.0 s)"]
