"""Claims drafted from documents: what is read, what it is matched to, what comes out as TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.cli import main
from fossml.project.config import parse_config
from fossml.verify.claims.compared import resolve
from fossml.verify.claims.parse import parse_claim
from fossml.verify.propose.draft import draft, read
from fossml.verify.propose.grid import Printed
from fossml.verify.propose.match import Known, match
from fossml.verify.propose.prose import Said, said
from tests.verify.propose.shapes import BOOKTABS, PIPES, SHAPES, Row


@pytest.mark.parametrize(("name", "text", "rows"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_the_numbers_of_a_table_are_read_as_they_are_printed(name: str, text: str, rows: list[Row]) -> None:
    found = [one for one in read(name, text) if one.table]
    assert [(one.subject, one.metric, one.value, one.spread, one.percent) for one in found] == rows


@pytest.mark.parametrize(("name", "text", "rows"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_each_number_stands_in_the_line_that_is_named(name: str, text: str, rows: list[Row]) -> None:
    lines, found = text.split("\n"), read(name, text)
    assert len(found) >= len(rows)
    for one in found:
        assert one.value in lines[one.line - 1], one


def test_an_arrow_says_which_side_is_good() -> None:
    assert {one.metric: one.better for one in read(BOOKTABS[0], BOOKTABS[1])} == {
        "Digits Acc.": "more",
        "Digits NLL": "less",
    }


@pytest.mark.parametrize(
    ("caption", "meant"),
    [
        ("Mean ± std over 5 runs.", ("mean:5", "sd")),
        ("averaged over three random seeds, ± standard error", ("mean:3", "se")),
        ("Mean and 95% confidence interval of 10 independent trials", ("mean:10", "ci95")),
        ("The best of 10 runs is shown", ("best:10", "")),
        ("Mean ± SD", ("mean", "sd")),
        ("Accuracy on the test set of 10 classes", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_caption_says_how_the_numbers_are_meant(caption: str, meant: tuple[str, str]) -> None:
    found = said(caption)
    assert (found.reading, found.spread_kind) == meant
    assert isinstance(found, Said)


@pytest.mark.parametrize(
    ("line", "metric", "value", "percent"),
    [
        ("We reach an accuracy of 95.3\\% on the wines.", "accuracy", "95.3", True),
        ("It has 0.87 F1 on the test set.", "F1", "0.87", False),
        ("with a test error of 1.2 % only", "test error", "1.2", True),
    ],
)
def test_a_plain_sentence_is_read(line: str, metric: str, value: str, percent: bool) -> None:
    (one,) = read("paper.tex", f"\n{line}\n")
    assert (one.metric.split()[-1], one.value, one.percent, one.line) == (metric.split()[-1], value, percent, 2)


KNOWN = (
    Known("metrics.json:ours.accuracy", 0.9531),
    Known("metrics.json:base.accuracy", 0.9312),
    Known("metrics.json:ours.nll", 0.212),
)


def number(subject: str, metric: str, value: str) -> Printed:
    return Printed(subject, metric, value, "", False, 1, "table 1", 1)


@pytest.mark.parametrize(
    ("one", "metric", "good", "how"),
    [
        (number("Ours", "Acc", "95.3"), "metrics.json:ours.accuracy", True, "by value and name"),
        (number("Base", "Acc", "93.1"), "metrics.json:base.accuracy", True, "by value and name"),
        (number("Ours", "Accuracy", "96.0"), "metrics.json:ours.accuracy", True, "by name alone"),
        (number("Other", "Accuracy", "96.0"), "metrics.json:ours.accuracy", False, "others fit as well"),
        (number("", "x", "0.212"), "metrics.json:ours.nll", False, "by value alone"),
    ],
)
def test_a_number_is_matched_by_value_and_by_name(one: Printed, metric: str, good: bool, how: str) -> None:
    found = match(one, KNOWN)
    assert found is not None
    assert (found.metric, found.good) == (metric, good)
    assert how in found.how


def test_nothing_is_matched_where_nothing_speaks_for_it() -> None:
    assert match(number("Ours", "BLEU", "31.2"), KNOWN) is None
    assert match(number("Ours", "Acc", "95.3"), ()) is None


def claims(text: str) -> list[str]:
    """The ids of the claims that our own reader finds in a draft."""
    config = parse_config(text, "fossml.toml", ())
    return [one.id for one in resolve([parse_claim(t.table, f"f:{t.line}") for t in config.claims], "f")]


def test_what_is_drafted_is_what_our_reader_takes() -> None:
    name, text, _ = BOOKTABS
    known = [Known("m.json:base.a.acc", 0.931), Known("m.json:ournet.a.digits_nll", 0.21)]
    made = draft(name, read(name, text), known)
    config = tomllib.loads(made.text)
    base, ours = config["claim"]
    assert (base["metric"], base["value"], base["spread"], base["better"]) == (
        "m.json:base.a.acc",
        "93.1 %",
        "0.2 %",
        "more",
    )
    assert (ours["value"], ours["where"], ours["table"]) == (
        "0.21",
        "paper.tex:13, table 1, row 3",
        "paper.tex, table 1",
    )
    assert len(claims(made.text)) == made.claimed == 2
    assert '# reading = "mean:5"' in made.text
    assert '# spread_kind = "sd"' in made.text


def test_a_percentage_that_the_metric_is_too_stays_one() -> None:
    one = Printed("ours", "acc (%)", "95.3", "", True, 1, "table 1", 1)
    assert 'value = "95.3"' in draft("t.md", [one], [Known("m.json:ours.acc", 95.31)]).text
    assert 'value = "95.3 %"' in draft("t.md", [one], [Known("m.json:ours.acc", 0.9531)]).text


def test_what_has_no_metric_is_a_comment() -> None:
    made = draft(PIPES[0], read(PIPES[0], PIPES[1]), [])
    assert made.claimed == 0
    assert tomllib.loads(made.text) == {}
    assert "# [[claim]]" in made.text


def test_ids_are_not_given_twice() -> None:
    known = [Known("m.json:ours.acc", 0.9)]
    twice = [number("ours", "acc", "0.9"), Printed("ours", "acc", "0.90", "", False, 2, "table 2", 1)]
    assert claims(draft("t.md", twice, known, ["ours-acc"]).text) == ["ours-acc-2", "ours-acc-3"]


CARD = """\
---
license: mit
model-index:
- name: tiny
  results:
  - task: {type: text-classification}
    dataset: {name: Wines, type: wines, split: test}
    metrics:
    - type: accuracy
      value: 0.9531
      verified: true
    - {type: f1, name: F1 (macro), value: 95.1}
---
# Tiny

| Model | Recall |
|---|---|
| tiny | 0.77 |
"""
RESULTS = """\
- dataset:
    id: org/bench
    task_id: diamond
  value: 20.90
  date: "2025-01-15"
  source: {url: https://example.org, name: a paper}
- dataset: {id: org/other}
  value: 0.5
"""
TASK = """\
{"task_definition": {"@type": "croissant:TaskSolution", "name": "Example"},
 "evaluation": {"@type": "croissant:Evaluation", "metrics": [
   {"name": "metric1", "type": "float", "value": "3.1416"},
   {"name": "untold", "type": "float"}]}}
"""


def test_a_model_card_is_read_with_its_tables() -> None:
    found = [(one.subject, one.metric, one.value, one.line) for one in read("README.md", CARD)]
    assert found == [
        ("tiny on Wines", "accuracy", "0.9531", 10),
        ("tiny on Wines", "F1 (macro)", "95.1", 12),
        ("tiny", "Recall", "0.77", 18),
    ]


def test_eval_results_are_read() -> None:
    found = [(one.subject, one.metric, one.value, one.line) for one in read(".eval_results/x.yaml", RESULTS)]
    assert found == [("org/bench", "diamond", "20.90", 4), ("org/other", "value", "0.5", 8)]


def test_croissant_tasks_are_read() -> None:
    assert [(one.subject, one.metric, one.value, one.line) for one in read("task.json", TASK)] == [
        ("Example", "metric1", "3.1416", 3)
    ]


FRAGMENTS = st.sampled_from(
    [
        *(
            "\\begin{tabular}{lc}",
            "\\end{tabular}",
            "\\begin{table}",
            "\\end{table}",
            "\\caption{",
            "\\multirow{3}{*}{",
        ),
        *(
            "\\multicolumn{9999}{c}{",
            "\\\\",
            "&",
            "{",
            "}",
            "$",
            "\\pm",
            "95.3",
            "0.1",
            "%",
            "\n",
            "|",
            "---|---",
            "accuracy",
        ),
        *(
            "<table>",
            "</table>",
            "<td colspan=99999>",
            "<tr>",
            "---\n",
            "model-index:",
            "- name: [",
            "\\newcommand{\\a}{\\a}",
        ),
        *(
            "\\a",
            "\\",
            "\x00",
            "\ud800",
            "∑",
            "± ",
            "\\hline",
            "[",
            "]",
            "`",
            "**",
            "(",
            ")",
            "&plusmn;",
            '"',
            ",",
            ";",
        ),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(FRAGMENTS, max_size=60).map("".join), st.sampled_from(["a.tex", "a.md", "a.csv", "a.yaml", "a.json"]))
def test_no_document_is_an_error_and_no_draft_is_refused(text: str, name: str) -> None:
    made = draft(name, read(name, text), [Known("m.json:accuracy", 0.953), Known("m.csv:acc[0]", 0.1)])
    assert len(claims(made.text)) == made.claimed


@pytest.mark.parametrize(
    "text",
    [
        "\\begin{tabular}{l}" * 3000,
        "{" * 100_000,
        "\\begin{tabular}{l}" + "\\multirow{99}{*}{\\multicolumn{60}{c}{x}} & " * 3000,
        "\\newcommand{\\a}{\\b\\b}\\newcommand{\\b}{\\a\\a}\\begin{tabular}{l}\\a&\\a\\\\\\hline\\a&1",
        "|" * 50_000 + "\n" + "-|" * 2000,
        "<table>" + "<td rowspan=60 colspan=60>1" * 2000,
        "accuracy of " * 20_000,
        "1" * 200_000,
    ],
    ids=["nested", "braces", "spans", "macros", "pipes", "cells", "words", "digits"],
)
def test_a_document_made_to_hurt_is_read_in_a_moment(text: str) -> None:
    for name in ("a.tex", "a.md", "a.csv"):
        read(name, text)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "make.py").write_text("")
    stages = "stages:\n  a:\n    cmd: python3 make.py\n    metrics: [metrics.json]\n"
    (tmp_path / "dvc.yaml").write_text(stages)
    (tmp_path / "metrics.json").write_text('{"small": {"acc": 0.7221, "f1": 0.71}}')
    (tmp_path / "README.md").write_text(PIPES[1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["verify", *words])
    return int(ended.value.code or 0)


def test_the_command_prints_a_draft(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ran("--propose", "README.md") == 0
    shown = capsys.readouterr()
    assert claims(shown.out) == ["small-top-1-acc", "small-f1"]
    assert "2 claims, 1 more as comments" in shown.err
    assert not (repository / "fossml.toml").exists()


def test_the_command_appends_after_showing_the_diff(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "fossml.toml").write_text('[project]\ntitle = "x"\n')
    assert ran("--propose", "README.md", "--write") == 0
    assert '+id = "small-f1"' in capsys.readouterr().out
    written = (repository / "fossml.toml").read_text()
    assert written.startswith('[project]\ntitle = "x"\n')
    assert claims(written) == ["small-top-1-acc", "small-f1"]
    assert ran("--propose", "README.md", "--write") == 0
    assert claims((repository / "fossml.toml").read_text())[2:] == ["small-top-1-acc-2", "small-f1-2"]


def test_a_folder_stands_for_what_is_published_in_it(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".eval_results").mkdir()
    (repository / ".eval_results" / "small.yaml").write_text(
        "- dataset: {id: small, task_id: acc}\n  value: 0.7221\n- dataset: {id: small, task_id: f1}\n  value: 0.7100\n"
    )
    assert ran("--propose", ".") == 0
    text = capsys.readouterr().out
    assert claims(text) == ["small-top-1-acc", "small-f1", "small-acc", "small-f1-2"]
    assert 'where = ".eval_results/small.yaml:4"' in text
    assert 'value = "0.7100"' in text


def test_the_name_of_the_row_and_the_value_are_enough() -> None:
    found = match(
        number("QDA", "published", "99.4"), [Known("m/qda.json:accuracy", 0.9944), Known("m/lda.json:a", 0.9)]
    )
    assert found is not None
    assert (found.metric, found.good, found.hundredfold) == ("m/qda.json:accuracy", True, True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("paper.pdf", b"%PDF", ".pdf cannot be read"),
        ("none.md", b"# Nothing\n", "no number that looks like a result"),
        ("gone.md", None, "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_said(
    repository: Path, name: str, content: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (repository / name).write_bytes(content)
    assert ran("--propose", name) == 2
    assert message in capsys.readouterr().err
