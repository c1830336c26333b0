from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.verify.metrics.metric import Left, Measured, measure, parse_metric


def read(spec: str, folder: Path, stdout: str = "", stderr: str = "") -> Measured:
    return measure(parse_metric(spec, "--metric"), Left(folder, None, stdout, stderr))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.json").write_text('{"test": {"acc": 0.9, "pct": "95.3%", "text": "good", "nan": NaN}, "ok": true}')
    (tmp_path / "m.yaml").write_text("test:\n  acc: 0.9\n")
    (tmp_path / "m.toml").write_text("[test]\nacc = 0.9\n")
    (tmp_path / "h.json").write_text('{"val": [0.1, 0.2], "grid": {"a": {"acc": 1}, "b": {"acc": 2}}}')
    (tmp_path / "log.csv").write_text("epoch, val_acc\n0,0.5\n1,0.7\n\n")
    (tmp_path / "t.tsv").write_text("name\tacc\nlda\t98.9 %\nqda\t99.4 %\n")
    (tmp_path / "semi.csv").write_text("name;acc\nlda;0.9\n")
    (tmp_path / "train.log").write_text("acc: 0.5\nacc: 0.6\n")
    (tmp_path / "score.txt").write_text("0.75\n")
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("m.json:test.acc", 0.9),
        ("./m.json:test.acc", 0.9),
        ("m.yaml:test.acc", 0.9),
        ("m.toml:test.acc", 0.9),
        ("m.json:test.pct", 0.953),
        ("h.json:val[-1]", 0.2),
        ("log.csv:val_acc", 0.7),
        ("log.csv:val_acc[0]", 0.5),
        ("log.csv:val_acc[-2]", 0.5),
        ("t.tsv:acc[lda]", 0.989),
        ("semi.csv:acc", 0.9),
        (r"train.log:acc: (\S+)", 0.6),
        (r'train.log:"acc: (\S+)"', 0.6),
        ("score.txt", 0.75),
    ],
)
def test_a_number_is_found_where_it_is_said_to_be(folder: Path, spec: str, value: float) -> None:
    found = read(spec, folder)
    assert list(found.values.values()) == pytest.approx([value])
    assert not found.missing


def test_a_star_gives_every_setting_by_name(folder: Path) -> None:
    assert read("h.json:grid.*.acc", folder).values == {"a": 1.0, "b": 2.0}
    assert read("t.tsv:acc[*]", folder).values == {"lda": pytest.approx(0.989), "qda": pytest.approx(0.994)}


@pytest.mark.parametrize(
    ("pattern", "log", "value"),
    [
        (r"acc: (\S+)", "acc: 0.1\nacc: 0.953, loss 2\n", 0.953),
        (r"acc: (\S+)", "acc: 95.3%\n", 0.953),
        (r"acc: (\S+)", "final acc: (0.5).\n", 0.5),
        (r"acc", "epoch 3 acc: 0.25 loss 1\n", 0.25),
        (r"acc \d\.\d+", "acc 0.75 x\n", 0.75),
        (r"^acc=(\S+)$", "x\nacc=1e-3\ny\n", 0.001),
        (r"acc: (\S+)", "\r10% acc: 0.1\r99% acc: 0.2\n", 0.2),
        (r"acc: (\S+)", "acc: \x1b[32m0.5\x1b[0m\n", 0.5),
        (r"a=(\d+)|b=(\d+)", "b=7", 7.0),
    ],
)
def test_the_last_match_in_what_was_printed_counts(tmp_path: Path, pattern: str, log: str, value: float) -> None:
    assert list(read(f"stdout:{pattern}", tmp_path, stdout=log).values.values()) == [value]


def test_the_other_stream_is_searched_and_that_is_said(tmp_path: Path) -> None:
    found = read(r"stdout:acc: (\S+)", tmp_path, stdout="hello", stderr="acc: 0.5")
    assert list(found.values.values()) == [0.5]
    assert "found in stderr" in found.note
    assert "found in stdout" in read(r"stderr:acc: (\S+)", tmp_path, stdout="acc: 0.5").note


@pytest.mark.parametrize(
    ("spec", "missing", "hint"),
    [
        ("m.json:test.accuracy", "has no `test.accuracy`", "it has test.acc,"),
        ("m.json:test", "is no number", "test.acc"),
        ("m.json:test.text", "'good', not a number", ""),
        ("m.json:test.nan", "is nan", ""),
        ("m.json:ok", "True", ""),
        ("h.json:val", "a list", "h.json:val[-1]"),
        ("none.json:acc", "none.json is not there", ""),
        ("log.csv:acc", "no column `acc`", "val_acc"),
        ("log.csv:val_acc[9]", "no row `9`", ""),
        ("train.log:f1", "nothing in train.log matches", ""),
        (r"stdout:acc: (\S+)", "nothing that was printed matches", "last line printed: bye"),
    ],
)
def test_what_is_missing_is_said_with_what_is_there(folder: Path, spec: str, missing: str, hint: str) -> None:
    found = read(spec, folder, stdout="hi\nbye\n\n")
    assert not found.values
    assert missing in found.missing
    assert hint in found.hint


def test_a_damaged_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text("{")
    (tmp_path / "e.csv").write_text("")
    (tmp_path / "h.csv").write_text("a,b\n")
    assert "m.json cannot be read" in read("m.json:acc", tmp_path).missing
    assert read("e.csv:acc", tmp_path).missing == "e.csv is empty"
    assert read("h.csv:a", tmp_path).missing == "h.csv has no rows"


def test_a_file_that_the_run_did_not_write_is_not_its_result(folder: Path) -> None:
    metric = parse_metric("m.json:test.acc", "x")
    stale = measure(metric, Left(folder, {"out.json": "1"}, before=frozenset({"m.json"})))
    assert "lay there before" in stale.missing
    never = measure(metric, Left(folder, {"out/m.json": "1", "w.bin": "2"}))
    assert never.missing == "m.json was not written by the run"
    assert never.hint == "it wrote out/m.json, w.bin"
    assert measure(metric, Left(folder, {"m.json": "1"})).values == {"test.acc": 0.9}
    assert "too large" in measure(metric, Left(folder / "none", {"m.json": "1"})).missing


def test_a_link_is_not_followed(folder: Path) -> None:
    (folder / "l.json").symlink_to(folder / "m.json")
    assert not read("l.json:test.acc", folder).values


@pytest.mark.parametrize(
    "spec", ["", "m.json", "m.json:", "stdout:", ":acc", "stdout:(", "/etc/m.json:acc", "../m.json:acc", "log.csv"]
)
def test_a_metric_that_says_nothing_is_refused(spec: str) -> None:
    with pytest.raises(FossmlError):
        parse_metric(spec, "--metric")


def test_a_pattern_that_takes_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fossml.verify.metrics.metric._LONGEST", 0.5)
    found = measure(parse_metric('stdout:"(a+)+$"', "here"), Left(tmp_path, None, "a" * 60 + "b"))
    assert "takes more than 0.5 s" in found.missing
